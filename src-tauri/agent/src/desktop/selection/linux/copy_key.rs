//! The last resort under X11, for programs that mark text without telling: the copy key, and the clipboard as it was.

use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::fd::AsFd as _;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, KeyButMask, Keycode, Window};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::{CURRENT_TIME, NONE};

use super::clipboard;
use super::foreign::{self, Target};
use super::x11::{Display, failed};
use super::{ANSWER, SelectionError, wait};

/// How long the keys of the hotkey may stay down.
const HELD: Duration = Duration::from_secs(1);

/// Between two looks at the keys while one is down.
const LOOK: Duration = Duration::from_millis(10);

/// How long a program that copies late still gets the clipboard put back.
const LATE: Duration = Duration::from_secs(3);

/// All of it together, until there is an answer.
pub const LONGEST: Duration = Duration::from_secs(4);

/// The key symbol of the letter c. Source: `keysymdef.h` of the X protocol.
const LETTER_C: u32 = 0x63;

/// Presses the copy key, tells what it copied, and stays until the clipboard, as it was before, is somebody else's.
pub fn read(name: &str, tell: impl FnOnce(Result<String, SelectionError>)) {
    match press(name) {
        Err(error) => tell(Err(error)),
        Ok((display, saved, target)) => {
            if let Err(error) = finish(&display, saved, target, tell) {
                tracing::warn!("the clipboard may not be as it was: {error}");
            }
        }
    }
}

/// Everything up to the press.
fn press(name: &str) -> Result<(Display, clipboard::Saved, Target), SelectionError> {
    let display = Display::open(name, Instant::now() + HELD + ANSWER)?;
    if foreign::target(&display)?.is_none() {
        return Err(SelectionError::NotPressed);
    }
    released(&display)?;
    let saved = clipboard::save(&display)?;
    display.until(Some(Instant::now() + ANSWER));
    let connection = &display.connection;
    connection.xfixes_query_version(5, 0).map_err(failed)?.reply().map_err(failed)?;
    let changes = SelectionEventMask::SET_SELECTION_OWNER;
    connection.xfixes_select_selection_input(display.window, display.atoms.CLIPBOARD, changes).map_err(failed)?;
    let keys = keys(&display)?;
    // What runs may have changed while the clipboard was read.
    let target = foreign::target(&display)?.ok_or(SelectionError::NotPressed)?;
    // While the server is ours alone, nobody can move the focus between the last look and the press.
    connection.grab_server().map_err(failed)?;
    let pressed = (|| {
        if foreign::focus(&display)? != target.window || clipboard::owner(&display)? != saved.owner {
            return Err(SelectionError::NotPressed);
        }
        if is_held(&display)? {
            return Err(SelectionError::KeysHeld);
        }
        let (control, letter) = keys;
        for (kind, key) in
            [(KEY_PRESS_EVENT, control), (KEY_PRESS_EVENT, letter), (KEY_RELEASE_EVENT, letter), (KEY_RELEASE_EVENT, control)]
        {
            connection.xtest_fake_input(kind, key, CURRENT_TIME, NONE, 0, 0, 0).map_err(failed)?;
        }
        Ok(())
    })();
    connection.ungrab_server().map_err(failed)?;
    connection.flush().map_err(failed)?;
    pressed.map(|()| (display, saved, target))
}

/// Everything after the press.
fn finish(
    display: &Display,
    saved: clipboard::Saved,
    target: Target,
    tell: impl FnOnce(Result<String, SelectionError>),
) -> Result<(), SelectionError> {
    let pressed = Instant::now();
    display.until(Some(pressed + ANSWER));
    let copied = new_owner(display, target);
    let (from, tell) = match copied {
        Ok(from) => (from, Some(tell)),
        Err(SelectionError::NoAnswer) => {
            // Nothing was marked there, as far as the user can wait for it.
            tell(Err(SelectionError::Nothing));
            display.until(Some(pressed + LATE));
            match new_owner(display, target) {
                Ok(from) => (from, None),
                Err(_) => return Ok(()),
            }
        }
        Err(error) => {
            tell(Err(error.clone()));
            return Err(error);
        }
    };
    let text = tell.is_some().then(|| {
        display.until(Some(Instant::now() + ANSWER));
        display.text(display.atoms.CLIPBOARD)
    });
    display.until(Some(Instant::now() + ANSWER));
    let since = clipboard::take_back(display, &saved, from);
    if let (Some(tell), Some(text)) = (tell, text) {
        tell(text);
    }
    since?.map_or(Ok(()), |since| clipboard::serve(display, saved, since))
}

/// Waits until the program that got the key has the clipboard; what others do with it is their own affair.
fn new_owner(display: &Display, target: Target) -> Result<Window, SelectionError> {
    loop {
        let owner = display.event(|event| {
            let Event::XfixesSelectionNotify(told) = event else { return None };
            (told.selection == display.atoms.CLIPBOARD && told.owner != NONE).then_some(told.owner)
        })?;
        if foreign::process(display, owner)? == Some(target.process) {
            return Ok(owner);
        }
    }
}

/// Waits until no key is down, as the keys of the hotkey would make another combination of ours.
fn released(display: &Display) -> Result<(), SelectionError> {
    let give_up = Instant::now() + HELD;
    while is_held(display)? {
        if Instant::now() >= give_up {
            return Err(SelectionError::KeysHeld);
        }
        // The server has nothing to tell; this only lets time pass.
        let next = Instant::now() + LOOK;
        wait(display.connection.stream().as_fd(), PollFlags::empty(), Some(next)).ok();
    }
    Ok(())
}

/// Whether a key, a button or a sticky modifier is down. Locks do not count.
fn is_held(display: &Display) -> Result<bool, SelectionError> {
    let keys = display.connection.query_keymap().map_err(failed)?;
    let pointer = display.connection.query_pointer(display.root).map_err(failed)?;
    let down = keys.reply().map_err(failed)?.keys.iter().any(|keys| *keys != 0);
    let locks = KeyButMask::LOCK | KeyButMask::MOD2 | KeyButMask::MOD3 | KeyButMask::MOD5;
    let state = u16::from(pointer.reply().map_err(failed)?.mask);
    Ok(down || state & !u16::from(locks) != 0)
}

/// The control key and the one that carries the letter c, in whatever layout.
fn keys(display: &Display) -> Result<(Keycode, Keycode), SelectionError> {
    let connection = &display.connection;
    let setup = connection.setup();
    let (first, last) = (setup.min_keycode, setup.max_keycode);
    let map = connection.get_keyboard_mapping(first, last - first + 1).map_err(failed)?;
    let bound = connection.get_modifier_mapping().map_err(failed)?.reply().map_err(failed)?;
    let map = map.reply().map_err(failed)?;
    let rows = || (first..=last).zip(map.keysyms.chunks(usize::from(map.keysyms_per_keycode).max(1)));
    let plain = rows().find(|(_, row)| row.first() == Some(&LETTER_C));
    let letter = plain.or_else(|| rows().find(|(_, row)| row.contains(&LETTER_C))).map(|(code, _)| code);
    // Shift, lock and control are the first three, in this order.
    let control = bound.keycodes.chunks(usize::from(bound.keycodes_per_modifier()).max(1)).nth(2);
    let control = control.and_then(|codes| codes.iter().copied().find(|code| *code != 0));
    control.zip(letter).ok_or(SelectionError::NotPressed)
}
