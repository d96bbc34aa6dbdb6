//! The clipboard of X11 with everything in it: kept before the copy key is pressed, and given back afterwards.
//!
//! Source: Inter-Client Communication Conventions Manual 2.0, section 2.

use std::time::{Duration, Instant};

use x11rb::NONE;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, PropMode, Property, SELECTION_NOTIFY_EVENT,
    SelectionNotifyEvent, SelectionRequestEvent, Timestamp, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::SelectionError;
use super::x11::{Display, Value, failed};

/// How long its owner may take to hand over everything.
pub const SAVING: Duration = Duration::from_secs(1);

/// Bytes of a clipboard, in all its formats, that the agent is ready to carry.
const MOST: usize = 16 << 20;

/// Formats of a clipboard; office programs have about thirty.
const MOST_FORMATS: usize = 200;

/// What goes over at once; more goes in pieces of this size.
const PIECE: usize = 256 << 10;

/// Transfers in pieces at one time.
const MOST_TRANSFERS: usize = 16;

/// How long a transfer that has begun may last once the clipboard is somebody else's.
const LAST_PIECES: Duration = Duration::from_secs(5);

/// All that a clipboard held.
pub struct Saved {
    /// Who had it; 0 is nobody.
    pub owner: Window,
    formats: Vec<Format>,
}

struct Format {
    target: Atom,
    /// None where its owner named it, and then did not hand it over.
    value: Option<Value>,
}

/// Keeps all that the clipboard holds.
///
/// # Errors
/// [`SelectionError::ClipboardKept`] where not everything can be had, or could be given back.
pub fn save(display: &Display) -> Result<Saved, SelectionError> {
    display.until(Some(Instant::now() + SAVING));
    let kept = |error| {
        let too_much = matches!(error, SelectionError::TooLong | SelectionError::NoAnswer);
        if too_much { SelectionError::ClipboardKept } else { error }
    };
    let atoms = &display.atoms;
    let owner = owner(display)?;
    if owner == NONE {
        return Ok(Saved { owner, formats: vec![] });
    }
    let targets = display.convert(atoms.CLIPBOARD, atoms.TARGETS, 4 * MOST_FORMATS).map_err(kept)?;
    let targets = targets.filter(|targets| targets.format == 32).ok_or(SelectionError::ClipboardKept)?;
    let mut left = MOST;
    let mut formats = Vec::new();
    for target in targets.numbers() {
        // The first three are told by whoever has the clipboard; asking for the others would do something.
        let told = [atoms.TARGETS, atoms.TIMESTAMP, atoms.MULTIPLE];
        let deeds = [atoms.SAVE_TARGETS, atoms.DELETE, atoms.INSERT_SELECTION, atoms.INSERT_PROPERTY];
        if told.contains(&target) || deeds.contains(&target) {
            continue;
        }
        let value = display.convert(atoms.CLIPBOARD, target, left).map_err(kept)?;
        if value.as_ref().is_some_and(|value| dies_with_its_owner(value.kind)) {
            return Err(SelectionError::ClipboardKept);
        }
        left -= value.as_ref().map_or(0, |value| value.bytes.len());
        formats.push(Format { target, value });
    }
    Ok(Saved { owner, formats })
}

/// Whether a value is but the number of something in the server that goes when its owner does.
fn dies_with_its_owner(kind: Atom) -> bool {
    let things = [
        AtomEnum::PIXMAP,
        AtomEnum::BITMAP,
        AtomEnum::DRAWABLE,
        AtomEnum::WINDOW,
        AtomEnum::COLORMAP,
        AtomEnum::CURSOR,
        AtomEnum::FONT,
        AtomEnum::VISUALID,
    ];
    things.iter().any(|thing| u32::from(*thing) == kind)
}

/// Who has the clipboard; 0 is nobody.
///
/// # Errors
/// The X server does not answer.
pub fn owner(display: &Display) -> Result<Window, SelectionError> {
    let asked = display.connection.get_selection_owner(display.atoms.CLIPBOARD).map_err(failed)?;
    Ok(asked.reply().map_err(failed)?.owner)
}

/// Takes the clipboard back from `from`, unless it is somebody else's by now; since when it is ours, if it is.
///
/// # Errors
/// The X server does not answer.
pub fn take_back(display: &Display, saved: &Saved, from: Window) -> Result<Option<Timestamp>, SelectionError> {
    let connection = &display.connection;
    // Between the look and the deed nobody else may act.
    connection.grab_server().map_err(failed)?;
    let taken = (|| {
        let time = display.time()?;
        if owner(display)? != from {
            return Ok(None);
        }
        let to = if saved.owner == NONE { NONE } else { display.window };
        connection.set_selection_owner(to, display.atoms.CLIPBOARD, time).map_err(failed)?;
        Ok((to != NONE && owner(display)? == to).then_some(time))
    })();
    connection.ungrab_server().map_err(failed)?;
    connection.flush().map_err(failed)?;
    taken
}

/// Hands out what was kept until somebody else takes the clipboard. Sleeps while nobody asks.
///
/// # Errors
/// The X server went away.
pub fn serve(display: &Display, saved: Saved, since: Timestamp) -> Result<(), SelectionError> {
    display.until(None);
    let mut giving = Giving { display, saved, since, transfers: vec![], is_ours: true };
    while giving.is_ours || !giving.transfers.is_empty() {
        display.connection.flush().map_err(failed)?;
        let event = display.connection.wait_for_event().map_err(failed)?;
        giving.hear(&event)?;
    }
    Ok(())
}

/// The clipboard while it is ours.
struct Giving<'a> {
    display: &'a Display,
    saved: Saved,
    since: Timestamp,
    transfers: Vec<Transfer>,
    is_ours: bool,
}

/// A value on its way in pieces.
struct Transfer {
    to: Window,
    property: Atom,
    /// Which of the formats.
    format: usize,
    /// How many of its bytes have gone.
    gone: usize,
}

impl Giving<'_> {
    fn hear(&mut self, event: &Event) -> Result<(), SelectionError> {
        if let Event::SelectionRequest(request) = event {
            return self.answer(request);
        }
        if let Event::SelectionClear(lost) = event {
            if lost.selection == self.display.atoms.CLIPBOARD {
                self.is_ours = false;
                self.display.until(Some(Instant::now() + LAST_PIECES));
            }
        } else if let Event::PropertyNotify(told) = event {
            if told.state == Property::DELETE {
                return self.go_on(told.window, told.atom);
            }
        } else if let Event::DestroyNotify(gone) = event {
            self.transfers.retain(|transfer| transfer.to != gone.window);
        }
        Ok(())
    }

    fn answer(&mut self, request: &SelectionRequestEvent) -> Result<(), SelectionError> {
        // Programs from before 1990 name no property.
        let property = if request.property == NONE { request.target } else { request.property };
        let is_for_us = request.selection == self.display.atoms.CLIPBOARD && request.owner == self.display.window;
        let given = is_for_us && self.give(request, property)?;
        let told = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: if given { property } else { NONE },
        };
        self.display.connection.send_event(false, request.requestor, EventMask::NO_EVENT, told).map_err(failed)?;
        Ok(())
    }

    /// Lays down what is asked for; no where we do not have it.
    fn give(&mut self, request: &SelectionRequestEvent, property: Atom) -> Result<bool, SelectionError> {
        let (connection, atoms) = (&self.display.connection, &self.display.atoms);
        let (to, replace) = (request.requestor, PropMode::REPLACE);
        if request.target == atoms.TARGETS {
            let own = [atoms.TARGETS, atoms.TIMESTAMP];
            let all: Vec<_> = own.into_iter().chain(self.saved.formats.iter().map(|format| format.target)).collect();
            connection.change_property32(replace, to, property, AtomEnum::ATOM, &all).map_err(failed)?;
            return Ok(true);
        }
        if request.target == atoms.TIMESTAMP {
            connection.change_property32(replace, to, property, AtomEnum::INTEGER, &[self.since]).map_err(failed)?;
            return Ok(true);
        }
        let Some(format) = self.saved.formats.iter().position(|format| format.target == request.target) else { return Ok(false) };
        let Some(value) = self.saved.formats.get(format).and_then(|format| format.value.as_ref()) else { return Ok(false) };
        if value.bytes.len() <= PIECE {
            put(self.display, to, property, value, &value.bytes)?;
            return Ok(true);
        }
        if self.transfers.len() >= MOST_TRANSFERS {
            return Ok(false);
        }
        let hear = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(to, &hear).map_err(failed)?;
        let length = u32::try_from(value.bytes.len()).unwrap_or(u32::MAX);
        connection.change_property32(replace, to, property, atoms.INCR, &[length]).map_err(failed)?;
        self.transfers.retain(|transfer| (transfer.to, transfer.property) != (to, property));
        self.transfers.push(Transfer { to, property, format, gone: 0 });
        Ok(true)
    }

    /// The last piece was taken away; an empty one says that there is no more.
    fn go_on(&mut self, to: Window, property: Atom) -> Result<(), SelectionError> {
        let found = self.transfers.iter_mut().find(|transfer| (transfer.to, transfer.property) == (to, property));
        let Some(transfer) = found else { return Ok(()) };
        let format = self.saved.formats.get(transfer.format);
        let Some(value) = format.and_then(|format| format.value.as_ref()) else { return Ok(()) };
        let left = value.bytes.get(transfer.gone..).unwrap_or_default();
        let piece = left.get(..PIECE).unwrap_or(left);
        put(self.display, to, property, value, piece)?;
        transfer.gone += piece.len();
        if piece.is_empty() {
            self.transfers.retain(|transfer| (transfer.to, transfer.property) != (to, property));
        }
        Ok(())
    }
}

fn put(display: &Display, to: Window, property: Atom, value: &Value, bytes: &[u8]) -> Result<(), SelectionError> {
    let items = bytes.len() / usize::from(value.format.max(8) / 8);
    let items = u32::try_from(items).unwrap_or(u32::MAX);
    let mode = PropMode::REPLACE;
    display.connection.change_property(mode, to, property, value.kind, value.format.max(8), items, bytes).map_err(failed)?;
    Ok(())
}
