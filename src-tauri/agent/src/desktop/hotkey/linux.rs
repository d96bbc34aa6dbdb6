//! The hotkey under X11: a grab of the key, and a thread that sleeps until it is pressed.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::xproto::{
    ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, GrabMode, Keycode, ModMask, Window, WindowClass,
};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT};

use super::{Combination, HotkeyError, Key};

/// Key symbols of X11. Source: `keysymdef.h` of the X protocol.
mod keysym {
    pub const NUM_LOCK: u32 = 0xff7f;
    pub const F1: u32 = 0xffbe;
    pub const NAMED: [(&str, u32); 9] = [
        ("space", 0x20),
        ("insert", 0xff63),
        ("home", 0xff50),
        ("end", 0xff57),
        ("pageup", 0xff55),
        ("pagedown", 0xff56),
        ("pause", 0xff13),
        ("print", 0xff61),
        ("scrolllock", 0xff14),
    ];
}

/// A grabbed hotkey; dropping it gives the key back.
pub struct Hotkey {
    connection: Arc<RustConnection>,
    window: Window,
    /// What keeps it from working at the moment; it may come and go with the keyboard's layout.
    pub problem: watch::Receiver<Option<HotkeyError>>,
}

impl Hotkey {
    /// Grabs a combination; every press sends one `()` unless the last one has not been taken yet.
    ///
    /// # Errors
    /// No X server, or the combination is taken. A keyboard without such a key is a problem that another layout ends.
    pub async fn grab(combination: Combination, pressed: mpsc::Sender<()>) -> Result<Self, HotkeyError> {
        let (ready, grabbed) = oneshot::channel();
        std::thread::Builder::new()
            .name("hotkey".into())
            .spawn(move || match Grab::new(combination) {
                Ok((grab, missing)) => {
                    let (told, problem) = watch::channel(missing);
                    let hotkey = Self { connection: grab.connection.clone(), window: grab.window, problem };
                    if ready.send(Ok(hotkey)).is_ok()
                        && let Err(error) = grab.listen(&pressed, &told)
                    {
                        tracing::warn!("the hotkey stopped: {error}");
                        told.send_replace(Some(error));
                    }
                }
                Err(error) => drop(ready.send(Err(error))),
            })
            .map_err(|error| HotkeyError::Failed(error.to_string()))?;
        grabbed.await.unwrap_or_else(|_| Err(HotkeyError::Failed("its thread ended".into())))
    }
}

impl Drop for Hotkey {
    fn drop(&mut self) {
        // Any message to its window ends the thread, and the grab with its connection.
        let message = ClientMessageEvent::new(32, self.window, 1u32, [0u32; 5]);
        let sent = self.connection.send_event(false, self.window, EventMask::NO_EVENT, message);
        if sent.is_ok() {
            // An error says that the connection is gone, and the grab with it.
            self.connection.flush().ok();
        }
    }
}

struct Grab {
    connection: Arc<RustConnection>,
    root: Window,
    window: Window,
    combination: Combination,
}

impl Grab {
    /// Grabs it; what comes with the grab is a key that the keyboard lacks now and may have later.
    fn new(combination: Combination) -> Result<(Self, Option<HotkeyError>), HotkeyError> {
        let (connection, screen) = RustConnection::connect(None).map_err(|_| HotkeyError::NoX)?;
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().map_err(failed)?;
        // Never shown; only an address for the message that ends the thread.
        connection
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                window,
                root,
                0,
                0,
                1,
                1,
                0,
                WindowClass::INPUT_ONLY,
                COPY_FROM_PARENT,
                &CreateWindowAux::new(),
            )
            .map_err(failed)?;
        let grab = Self { connection: Arc::new(connection), root, window, combination };
        match grab.grab() {
            Ok(()) => Ok((grab, None)),
            Err(missing @ HotkeyError::NoSuchKey(_)) => Ok((grab, Some(missing))),
            Err(error) => Err(error),
        }
    }

    fn grab(&self) -> Result<(), HotkeyError> {
        let codes = self.codes()?;
        if codes.is_empty() {
            return Err(HotkeyError::NoSuchKey(self.combination.to_string()));
        }
        let wanted = modifiers(self.combination);
        let num_lock = self.num_lock()?;
        for code in codes {
            // Caps lock and num lock count as held modifiers, so each of their states needs a grab.
            for locks in [ModMask::default(), ModMask::LOCK, num_lock, ModMask::LOCK | num_lock] {
                let asked = self.connection.grab_key(false, self.root, wanted | locks, code, GrabMode::ASYNC, GrabMode::ASYNC);
                asked.map_err(failed)?.check().map_err(|error| {
                    let taken = matches!(&error, ReplyError::X11Error(error) if error.error_kind == ErrorKind::Access);
                    if taken { HotkeyError::Taken(self.combination.to_string()) } else { failed(error) }
                })?;
            }
        }
        self.connection.flush().map_err(failed)
    }

    /// The keys that carry the wanted symbol, in whatever layout.
    fn codes(&self) -> Result<Vec<Keycode>, HotkeyError> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1).map_err(failed)?.reply().map_err(failed)?;
        let wanted = symbol(self.combination.key);
        let rows = map.keysyms.chunks(usize::from(map.keysyms_per_keycode).max(1));
        Ok((first..=last).zip(rows).filter(|(_, row)| row.contains(&wanted)).map(|(code, _)| code).collect())
    }

    /// The modifier that num lock is bound to.
    fn num_lock(&self) -> Result<ModMask, HotkeyError> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1).map_err(failed)?.reply().map_err(failed)?;
        let per_code = usize::from(map.keysyms_per_keycode).max(1);
        let bound = self.connection.get_modifier_mapping().map_err(failed)?.reply().map_err(failed)?;
        let per_modifier = usize::from(bound.keycodes_per_modifier()).max(1);
        let is_num_lock = |code: &Keycode| {
            let row = code.checked_sub(first).and_then(|row| map.keysyms.chunks(per_code).nth(usize::from(row)));
            row.is_some_and(|row| row.contains(&keysym::NUM_LOCK))
        };
        let place = bound.keycodes.chunks(per_modifier).position(|codes| codes.iter().any(is_num_lock));
        Ok(place.map_or(ModMask::M2, |place| ModMask::from(1u16 << place)))
    }

    fn listen(&self, pressed: &mpsc::Sender<()>, told: &watch::Sender<Option<HotkeyError>>) -> Result<(), HotkeyError> {
        let mut released = None;
        loop {
            let event = self.connection.wait_for_event().map_err(failed)?;
            if let Event::KeyPress(press) = event {
                // A held key repeats as pairs of release and press with one time.
                if released != Some(press.time) {
                    // Full means that the last press is still being dealt with.
                    pressed.try_send(()).ok();
                }
            } else if let Event::KeyRelease(release) = event {
                released = Some(release.time);
            } else if let Event::MappingNotify(_) = event {
                self.connection.ungrab_key(0u8, self.root, ModMask::ANY).map_err(failed)?;
                let problem = match self.grab() {
                    Ok(()) => None,
                    // The next layout may have the key, and the other program may give it back.
                    Err(error @ (HotkeyError::NoSuchKey(_) | HotkeyError::Taken(_))) => Some(error),
                    Err(error @ (HotkeyError::Bad(_) | HotkeyError::NoX | HotkeyError::Failed(_))) => return Err(error),
                };
                told.send_if_modified(|old| std::mem::replace(old, problem.clone()) != problem);
            } else if matches!(event, Event::ClientMessage(message) if message.window == self.window) {
                return Ok(());
            }
        }
    }
}

fn modifiers(combination: Combination) -> ModMask {
    let mut mask = ModMask::default();
    for (held, modifier) in [
        (combination.ctrl, ModMask::CONTROL),
        (combination.alt, ModMask::M1),
        (combination.shift, ModMask::SHIFT),
        (combination.logo, ModMask::M4),
    ] {
        if held {
            mask |= modifier;
        }
    }
    mask
}

fn symbol(key: Key) -> u32 {
    match key {
        Key::Character(character) => u32::from(character),
        Key::Function(number) => keysym::F1 + u32::from(number) - 1,
        Key::Named(name) => keysym::NAMED.iter().find(|(known, _)| *known == name).map_or(0, |(_, symbol)| *symbol),
    }
}

fn failed(error: impl std::fmt::Display) -> HotkeyError {
    HotkeyError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_can_be_chosen_has_a_symbol() {
        for name in super::super::NAMED {
            assert_ne!(symbol(Key::Named(name)), 0, "{name}");
        }
        assert_eq!(symbol(Key::Character('d')), 0x64);
        assert_eq!(symbol(Key::Function(12)), 0xffc9);
    }
}
