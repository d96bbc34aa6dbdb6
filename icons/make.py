#!/usr/bin/env python3
"""Draws the whole icon family of Trayphone and renders it.

Needs python3 and `rsvg-convert`; nothing else. Run it from anywhere:

    python3 icons/make.py            # write the SVG sources, then render
    python3 icons/make.py --svg      # only the SVG sources
    python3 icons/make.py --check    # write nothing, say what is not as this would make it

Everything is built from filled paths without strokes, masks, clips or
transforms: hosts that recolour symbolic icons only recolour fills, and the
small SVG readers of some tray hosts know nothing else.
"""

import math
import os
import shutil
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent

STATES = ["signed-out", "connecting", "online", "ringing-1", "ringing-2", "in-call",
          "dnd", "away", "busy", "offline"]
COUNTS = [str(n) for n in range(1, 10)] + ["9plus"]
TRAY_SIZES = [16, 18, 20, 22, 24, 32, 36, 40, 44, 48, 64]
APP_SIZES = [16, 20, 22, 24, 32, 40, 48, 64, 128, 256, 512, 1024]
ICO_SIZES = [16, 20, 24, 32, 40, 48, 64, 256]
# The four-letter names that the icns container gives to PNG pictures of a size.
ICNS_TYPES = [(b"icp4", 16), (b"icp5", 32), (b"ic11", 32), (b"icp6", 64), (b"ic12", 64),
              (b"ic07", 128), (b"ic08", 256), (b"ic13", 256), (b"ic09", 512),
              (b"ic14", 512), (b"ic10", 1024)]

# One palette per panel. Every mark has a contrast of at least 3:1 on its panel
# (#f0f0f0 light, #2b2b2b dark) and never carries its meaning by colour alone.
PALETTES = {
    "light": {"ink": "#2a2e33", "good": "#1b8a4b", "busy": "#c4371f", "warn": "#a66300",
              "bad": "#c4262e", "accent": "#1a66c9", "count": "#c4262e", "digit": "#ffffff"},
    "dark": {"ink": "#f2f4f6", "good": "#4cc97f", "busy": "#ff7d61", "warn": "#f2b04a",
             "bad": "#ff6b70", "accent": "#6cb0ff", "count": "#ff6b70", "digit": "#1c1f22"},
}


# Every handset of the family leans to the left by this many degrees: enough to read as a
# handset, little enough to keep the handle sharp at 16 px and the top right corner free.
LEAN = -16


# --- geometry ---------------------------------------------------------------
# A shape is a list of loops; a loop is a list of segments that starts with
# ("M", x, y). Shapes are filled by the even-odd rule, so a loop inside another
# one is a hole.

def num(value):
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def data(shape):
    """The text of a path's `d`."""
    out = []
    for loop in shape:
        out.append("".join(s[0] + " ".join(num(v) for v in s[1:]) for s in loop) + "Z")
    return "".join(out)


def disc(cx, cy, r):
    return [[("M", cx - r, cy), ("A", r, r, 0, 1, 1, cx + r, cy), ("A", r, r, 0, 1, 1, cx - r, cy)]]


def box(x, y, w, h, r=0.0):
    if not r:
        return [[("M", x, y), ("L", x + w, y), ("L", x + w, y + h), ("L", x, y + h)]]
    return [[("M", x + r, y), ("L", x + w - r, y), ("A", r, r, 0, 0, 1, x + w, y + r),
             ("L", x + w, y + h - r), ("A", r, r, 0, 0, 1, x + w - r, y + h),
             ("L", x + r, y + h), ("A", r, r, 0, 0, 1, x, y + h - r),
             ("L", x, y + r), ("A", r, r, 0, 0, 1, x + r, y)]]


def arc(cx, cy, r, thick, start, end):
    """A piece of a ring, ends cut straight; angles in degrees, clockwise from the right."""
    def at(radius, angle):
        return cx + radius * math.cos(math.radians(angle)), cy + radius * math.sin(math.radians(angle))
    outer, inner = r + thick / 2, r - thick / 2
    return [[("M", *at(outer, start)), ("A", outer, outer, 0, 0, 1, *at(outer, end)),
             ("L", *at(inner, end)), ("A", inner, inner, 0, 0, 0, *at(inner, start))]]


def crescent(cx, cy, r):
    """A disc from which a second one, up and to the right, has taken its share."""
    tip, inner = math.radians(78), 0.68 * r
    a, b = r * math.cos(tip), r * math.sin(tip)
    return [[("M", cx + a, cy - b), ("A", r, r, 0, 1, 0, cx + b, cy - a),
             ("A", inner, inner, 0, 1, 1, cx + a, cy - b)]]


def pixels(rows, x, y, soft=0.3):
    """Traces a small picture made of `#` into loops with slightly rounded corners."""
    on = {(c, r) for r, row in enumerate(rows) for c, mark in enumerate(row) if mark == "#"}
    edges = {}
    for c, r in on:
        for near, start, end in (((c, r - 1), (c, r), (c + 1, r)), ((c + 1, r), (c + 1, r), (c + 1, r + 1)),
                                 ((c, r + 1), (c + 1, r + 1), (c, r + 1)), ((c - 1, r), (c, r + 1), (c, r))):
            if near not in on:
                edges[start] = end
    shape = []
    while edges:
        first, here = next(iter(edges.items()))
        points = [first]
        del edges[first]
        while here != first:
            points.append(here)
            here = edges.pop(here)
        count = len(points)
        corners = [points[i] for i in range(count)
                   if (points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1])
                   != (points[(i + 1) % count][0] - points[i][0], points[(i + 1) % count][1] - points[i][1])]
        loop = []
        for i, (px, py) in enumerate(corners):
            for k, other in enumerate((corners[i - 1], corners[(i + 1) % len(corners)])):
                far = max(abs(other[0] - px), abs(other[1] - py))
                qx, qy = px + (other[0] - px) / far * soft, py + (other[1] - py) / far * soft
                if k == 0:
                    loop.append(("L" if loop else "M", x + qx, y + qy))
                else:
                    loop.append(("Q", x + px, y + py, x + qx, y + qy))
        shape.append(loop)
    return shape


def handset(x, y, w, h, grip, cup, r, inset=0.0):
    """The receiver, upright, cups to the right; `grip` is the handle's width, `cup` a cup's height."""
    x, y, w, h = x + inset, y + inset, w - 2 * inset, h - 2 * inset
    grip, cup = grip - 2 * inset, cup - 2 * inset
    r = max(r - inset, 0.3)
    lead = 0.46 * w                 # where the round back meets the top edge
    neck = 0.9 * grip if not inset else grip + inset
    neck = min(neck, w - grip - r)
    top, mid, low = y, y + h / 2, y + h
    return [[
        ("M", x + lead, top), ("L", x + w - r, top),
        ("Q", x + w, top, x + w, top + r), ("L", x + w, top + cup - r),
        ("Q", x + w, top + cup, x + w - r, top + cup), ("L", x + grip + neck, top + cup),
        ("Q", x + grip, top + cup, x + grip, top + cup + neck),
        ("L", x + grip, low - cup - neck),
        ("Q", x + grip, low - cup, x + grip + neck, low - cup), ("L", x + w - r, low - cup),
        ("Q", x + w, low - cup, x + w, low - cup + r), ("L", x + w, low - r),
        ("Q", x + w, low, x + w - r, low), ("L", x + lead, low),
        ("C", x + 0.16 * w, low, x, mid + 0.27 * h, x, mid),
        ("C", x, mid - 0.27 * h, x + 0.16 * w, top, x + lead, top),
    ]]


def small_handset(cx, cy, r):
    """The handset inside the disc of the mark "in a call"; it leans more, to fill a round place."""
    w, h, grip, cup, round_ = (v * r for v in (0.68, 1.46, 0.28, 0.46, 0.14))
    return [turn(handset(-w / 2, -h / 2, w, h, grip, cup, round_)[0], 2.2 * LEAN, (cx - 0.02 * r, cy))]


def flatten(loop, steps=10):
    points = []
    for s in loop:
        if s[0] in "ML":
            points.append(s[1:])
            continue
        p0, ctrl = points[-1], [s[i:i + 2] for i in range(1, len(s), 2)]
        chain = [p0, *ctrl]
        for i in range(1, steps + 1):
            row = chain
            while len(row) > 1:
                t = i / steps
                row = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in zip(row, row[1:])]
            points.append(row[0])
    return points


def cut(points, nx, ny, limit):
    """Keeps the part of a polygon where nx*x + ny*y <= limit."""
    out = []
    for i, b in enumerate(points):
        a = points[i - 1]
        da, db = nx * a[0] + ny * a[1] - limit, nx * b[0] + ny * b[1] - limit
        if (da <= 0) != (db <= 0):
            t = da / (da - db)
            out.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t))
        if db <= 0:
            out.append(b)
    return out


def turn(loop, angle, to):
    """Turns a loop that is centred on 0,0 by an angle in degrees and sets it down at `to`."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [(seg[0], *(v for x, y in zip(seg[1::2], seg[2::2])
                       for v in (to[0] + x * c - y * s, to[1] + x * s + y * c))) for seg in loop]


def bite(points, cx, cy, r):
    """Takes a disc out of a polygon whose outline enters it once."""
    def outside(p):
        return math.hypot(p[0] - cx, p[1] - cy) >= r

    def crossing(a, b):
        for _ in range(30):
            mid = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            a, b = (mid, b) if outside(mid) == outside(a) else (a, mid)
        return a
    start = next((i for i in range(len(points)) if outside(points[i]) and not outside(points[i - 1])), None)
    if start is None:
        return polygon(points)
    points = points[start:] + points[:start]
    kept = [p for p in points if outside(p)]
    leave = crossing(kept[-1], points[len(kept)])
    back = crossing(points[-1], points[0])
    return [[*polygon([back, *kept, leave])[0], ("A", r, r, 0, 0, 0, *back)]]


def polygon(points):
    return [[("M" if i == 0 else "L", *p) for i, p in enumerate(points)]] if len(points) > 2 else []


# --- the two grids of the tray ----------------------------------------------

DIGITS = {
    "1": (".#.", "##.", ".#.", ".#.", "###"), "2": ("###", "..#", "###", "#..", "###"),
    "3": ("###", "..#", "###", "..#", "###"), "4": ("#.#", "#.#", "###", "..#", "..#"),
    "5": ("###", "#..", "###", "..#", "###"), "6": ("###", "#..", "###", "#.#", "###"),
    "7": ("###", "..#", "..#", "..#", "..#"), "8": ("###", "#.#", "###", "#.#", "###"),
    "9": ("###", "#.#", "###", "..#", "###"),
    "9plus": ("###....", "#.#..#.", "###.###", "..#..#.", "###...."),
}


class Grid:
    """Where the parts sit on one pixel grid; 32, 48 and 64 px are whole multiples of the 16 px grid."""

    def __init__(self, size, hand, at, gaps, badge, room, count, talk, bar, line, arcs, strike):
        self.size, self.hand, self.at, self.gaps = size, hand, at, gaps
        self.badge, self.room, self.count, self.talk = badge, room, count, talk
        self.bar, self.line, self.arcs, self.strike = bar, line, arcs, strike

    def handset(self, inset=0.0, shift=0.0):
        w, h, *rest = self.hand
        loop = handset(-w / 2, -h / 2, w, h, *rest, inset=inset)[0]
        return [turn(loop, LEAN, (self.at[0] + shift, self.at[1]))]

    def bitten(self, mark):
        """The handset with room made for the badge."""
        cx, cy, r = mark
        return bite(flatten(self.handset()[0]), cx, cy, r + self.room)


GRID16 = Grid(
    size=16, hand=(7.2, 15.6, 3, 4.8, 1.4), at=(4.8, 8.25), gaps=(1.4, (-3.3, 0, 3.3)),
    badge=(12.5, 12.5, 3.5), room=1, count=(12.5, 3.5, 3.5), talk=(12, 12, 4), bar=(5, 1), line=1.15,
    arcs=((8, 7), (3, 1.7), (6.6, 1.7)), strike=(6.5, 1.6, 1))
GRID22 = Grid(
    size=22, hand=(9, 19.6, 3.8, 6, 1.7), at=(7, 11), gaps=(1.4, (-4.2, 0, 4.2)),
    badge=(16.5, 16.5, 4.5), room=1.2, count=(16.5, 5.5, 4.5), talk=(16, 16, 5), bar=(5, 1), line=1.25,
    arcs=((11, 10), (4, 2.1), (8.6, 2.1)), strike=(9, 2, 1.2))


def badge(kind, cx, cy, r, grid):
    """The presence mark's shape, small: what sits bottom right of the handset."""
    if kind == "online":
        return disc(cx, cy, r)
    if kind == "busy":
        return box(cx - r + 1, cy - r + 1, 2 * r - 1, 2 * r - 1)
    if kind == "away":
        return crescent(cx, cy, r)
    if kind == "dnd":
        w, h = grid.bar
        return disc(cx, cy, r) + box(cx - w / 2, cy - h / 2, w, h)
    if kind == "in-call":
        return disc(cx, cy, r) + small_handset(cx, cy, r)
    raise ValueError(kind)


ROLE = {"online": "good", "busy": "busy", "away": "warn", "dnd": "bad", "in-call": "busy"}


def tray(state, grid):
    """One tray picture as a list of (colour role, shape)."""
    if state.startswith("ringing"):
        (cx, cy), near, far = grid.arcs
        rings = [near] if state.endswith("1") else [near, far]
        return [("ink", grid.handset())] + [("accent", arc(cx, cy, r, t, -48, 48)) for r, t in rings]
    if state == "connecting":
        nx, ny = -math.sin(math.radians(LEAN)), math.cos(math.radians(LEAN))
        middle = nx * grid.at[0] + ny * grid.at[1]
        wide, places = grid.gaps
        rest, pieces = flatten(grid.handset()[0]), []
        for place in places:
            pieces += polygon(cut(rest, nx, ny, middle + place - wide / 2))
            rest = cut(rest, -nx, -ny, -(middle + place + wide / 2))
        return [("ink", pieces + polygon(rest))]
    if state == "offline":
        cx, thick, gap = grid.strike
        cy, k = grid.size / 2, math.sqrt(0.5)
        outline, middle, away = flatten(grid.handset(shift=cx - grid.at[0])[0]), (cx + cy) * k, thick / 2 + gap
        pieces = polygon(cut(outline, k, k, middle - away)) + polygon(cut(outline, -k, -k, -middle - away))
        a, d = min(cx, cy) - 0.5, thick * k / 2
        line = polygon([(cx - a - d, cy + a - d), (cx + a - d, cy - a - d), (cx + a + d, cy - a + d),
                        (cx - a + d, cy + a + d)])
        return [("ink", pieces), ("bad", line)]
    if state == "signed-out":
        return [("ink", grid.handset() + grid.handset(inset=grid.line))]
    mark = grid.talk if state == "in-call" else grid.badge
    return [("ink", grid.bitten(mark)), (ROLE[state], badge(state, *mark, grid))]


def missed(count, grid):
    """The count of missed calls, top right, to be laid over any tray picture."""
    cx, cy, r = grid.count
    rows = DIGITS[count]
    wide = len(rows[0])
    body = disc(cx, cy, r) if wide == 3 else box(cx + r - wide - 2, cy - r, wide + 2, 2 * r, r * 0.75)
    left = cx - 1.5 if wide == 3 else cx + r - wide - 1
    return body, pixels(rows, left, cy - 2.5)


# --- writing ------------------------------------------------------------------

def svg(size, parts, margin=0, symbolic=False):
    """`parts` are (fill, shape) pairs; a margin enlarges the canvas around them."""
    side = size + 2 * margin
    view = f"{-margin} {-margin} {side} {side}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="{view}">']
    if symbolic:
        # Hosts of the KDE family replace this style, those of the GTK family overrule every fill.
        out.append('<style id="current-color-scheme">.ColorScheme-Text{color:#bebebe}</style>')
    for fill, shape in parts:
        kind = ' class="ColorScheme-Text" fill="currentColor"' if symbolic else f' fill="{fill}"'
        out.append(f'<path{kind} fill-rule="evenodd" d="{data(shape)}"/>')
    return "\n".join([*out, "</svg>", ""])


def tray_svg(state, variant, grid, margin=0):
    parts = tray(state, grid)
    if variant == "symbolic":
        return svg(grid.size, [(None, shape) for _, shape in parts], margin, symbolic=True)
    return svg(grid.size, [(PALETTES[variant][role], shape) for role, shape in parts], margin)


def missed_svg(count, variant, grid, margin=0):
    body, digit = missed(count, grid)
    if variant == "symbolic":
        return svg(grid.size, [(None, body + digit)], margin, symbolic=True)
    colours = PALETTES[variant]
    return svg(grid.size, [(colours["count"], body), (colours["digit"], digit)], margin)


PRESENCE = ["available", "ringing", "in_call", "away", "busy", "dnd", "not_registered", "unknown"]


def presence(state):
    """One presence mark on the 12 px grid of the window."""
    c, r = 6, 5
    if state == "available":
        return disc(c, c, r)
    if state == "ringing":
        return disc(c, c, 2.25) + arc(c, c, 4.75, 1.5, -52, 52) + arc(c, c, 4.75, 1.5, 128, 232)
    if state == "in_call":
        return disc(c, c, 6) + small_handset(c, c, 6)
    if state == "away":
        return crescent(c, c, r + 0.25)
    if state == "busy":
        return box(1, 1, 10, 10, 0.75)
    if state == "dnd":
        return disc(c, c, 5.5) + box(3, 5, 6, 2)
    if state == "not_registered":
        return disc(c, c, r) + disc(c, c, r - 1.5)
    shape = []
    for i in range(8):
        angle = math.radians(45 * i + 22.5)
        shape += disc(c + 4.4 * math.cos(angle), c + 4.4 * math.sin(angle), 1)
    return shape


def app_svg(small):
    """The application's icon: the handset and the mark "available" on a tile.

    The small drawing fills the canvas and sits on the 16 px grid; the large one keeps the
    margin that docks and launchers expect.
    """
    if small:
        side, tile, unit, origin = 16, (0, 0, 16, 16, 3.6), 0.78, (1.5, 1.6)
        mark, room = (12, 12, 2.5), 0.9
    else:
        side, tile, unit, origin = 512, (32, 32, 448, 448, 104), 20.5, (86, 94)
        mark, room = (338, 346, 62), 21
    w, h, *rest = (v * unit for v in GRID16.hand)
    at = (origin[0] + GRID16.at[0] * unit, origin[1] + GRID16.at[1] * unit)
    hand = turn(handset(-w / 2, -h / 2, w, h, *rest)[0], LEAN, at)
    cx, cy, r = mark
    x, y, tw, th, tr = tile
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}">',
        f'<linearGradient id="tile" gradientUnits="userSpaceOnUse" x1="0" y1="{y}" x2="0" y2="{y + th}">'
        '<stop offset="0" stop-color="#2d7de0"/><stop offset="1" stop-color="#154a9e"/></linearGradient>',
        f'<path fill="url(#tile)" d="{data(box(x, y, tw, th, tr))}"/>',
        f'<path fill="#fff" d="{data(bite(flatten(hand, 16), cx, cy, r + room))}"/>',
        f'<path fill="#5fe09a" d="{data(disc(cx, cy, r))}"/>',
        "</svg>", ""])


# --- files --------------------------------------------------------------------

def grid_of(px):
    """The grid that fits a size, or half of it, and the margin around it that puts it on whole pixels."""
    for twice in (1, 2):
        if px in (20 * twice, 22 * twice, 24) and px <= 44:
            # At 20 px the outermost pixel of the grid, which is all but empty, is left out.
            return GRID22, (px // twice - 22) // 2
        if px == 18 * twice:
            return GRID16, 1
    return GRID16, 0


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def render(text, px, path):
    made = subprocess.run(["rsvg-convert", "-w", str(px), "-h", str(px)], input=text.encode(),
                          capture_output=True, check=True)
    write(path, made.stdout)


def ico(pictures):
    """A Windows icon of PNG entries, from (size, bytes) pairs."""
    at, head, body = 6 + 16 * len(pictures), struct.pack("<HHH", 0, 1, len(pictures)), b""
    for px, png in pictures:
        head += struct.pack("<BBBBHHII", px % 256, px % 256, 0, 0, 1, 32, len(png), at + len(body))
        body += png
    return head + body


def icns(pictures):
    """A macOS icon of PNG entries, from (type, bytes) pairs."""
    body = b"".join(kind + struct.pack(">I", 8 + len(png)) + png for kind, png in pictures)
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def sources():
    """Every SVG of the family, as path below this folder -> text."""
    files = {"app.svg": app_svg(False), "app-small.svg": app_svg(True)}
    for state in PRESENCE:
        files[f"presence/{state}.svg"] = svg(12, [("currentColor", presence(state))])
    for variant in ("light", "dark", "symbolic"):
        for suffix, grid in (("", GRID16), ("-22", GRID22)):
            for state in STATES:
                files[f"tray/{variant}/{state}{suffix}.svg"] = tray_svg(state, variant, grid)
            for count in COUNTS:
                files[f"tray/{variant}/missed-{count}{suffix}.svg"] = missed_svg(count, variant, grid)
    return files


def pictures():
    """Every PNG of the family, as (text of its SVG, size, path below this folder)."""
    for px in APP_SIZES:
        yield app_svg(px <= 32), px, f"app/app-{px}.png"
    for px in TRAY_SIZES:
        grid, margin = grid_of(px)
        for variant in ("light", "dark", "symbolic"):
            for state in STATES:
                yield tray_svg(state, variant, grid, margin), px, f"tray/{variant}/{state}-{px}.png"
            for count in COUNTS:
                yield missed_svg(count, variant, grid, margin), px, f"tray/{variant}/missed-{count}-{px}.png"


def check():
    """What is not as this program would make it; of a PNG only its size, as renderers differ."""
    made = sources()
    wrong = [f"{name} is not as drawn here" for name, text in made.items()
             if not (HERE / name).is_file() or (HERE / name).read_text() != text]
    sizes = {name: px for _, px, name in pictures()}
    for name, px in sizes.items():
        head = (HERE / name).read_bytes()[:24] if (HERE / name).is_file() else b""
        if head != head[:16] + struct.pack(">II", px, px) or not head.startswith(b"\x89PNG"):
            wrong.append(f"{name} is not a PNG of {px} px")
    known = {*made, *sizes, "app.ico", "app.icns", "make.py", "README.md"}
    there = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}
    wrong += [f"{name} is made by nobody" for name in sorted(there - known)]

    def app(px):
        path = HERE / f"app/app-{px}.png"
        return path.read_bytes() if path.is_file() else b""
    for name, whole in (("app.ico", ico([(px, app(px)) for px in ICO_SIZES])),
                        ("app.icns", icns([(kind, app(px)) for kind, px in ICNS_TYPES]))):
        if not (HERE / name).is_file() or (HERE / name).read_bytes() != whole:
            wrong.append(f"{name} does not hold the pictures of app/")
    return wrong


def main():
    if sys.argv[1:] == ["--check"]:
        wrong = check()
        sys.exit("\n".join([*wrong, "run icons/make.py"]) if wrong else None)
    only_svg = sys.argv[1:] == ["--svg"]
    if sys.argv[1:] and not only_svg:
        sys.exit(__doc__)
    if not only_svg:
        if not shutil.which("rsvg-convert"):
            sys.exit("rsvg-convert is missing (Debian, Ubuntu: librsvg2-bin)")
        for folder in ("app", "tray", "presence"):
            shutil.rmtree(HERE / folder, ignore_errors=True)
    made = sources()
    for name, text in made.items():
        write(HERE / name, text)
    print(f"{len(made)} SVG files written")
    if only_svg:
        return
    wanted = list(pictures())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda job: render(job[0], job[1], HERE / job[2]), wanted))

    def app(px):
        return (HERE / f"app/app-{px}.png").read_bytes()
    write(HERE / "app.ico", ico([(px, app(px)) for px in ICO_SIZES]))
    write(HERE / "app.icns", icns([(kind, app(px)) for kind, px in ICNS_TYPES]))
    print(f"{len(wanted)} PNG files, app.ico and app.icns rendered")


if __name__ == "__main__":
    main()
