//! The hotkeys under X11: grabs of their keys, and one thread that sleeps until one of them is pressed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use phone_control::protocol::HotkeyName;
use tokio::sync::{mpsc, oneshot, watch};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, GetKeyboardMappingReply, GrabMode, KeyPressEvent,
    Keycode, ModMask, PropMode, Window, WindowClass,
};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT};

use super::combination::{Key, NAMED};
use super::{Combination, HotkeyError, MEANT_FOR, Pressed};

/// The symbol of Num Lock, and that of F1, after which the others follow. Source: `keysymdef.h` of the X protocol.
const NUM_LOCK: u32 = 0xff7f;
const F1: u32 = 0xffbe;

/// How long the X server may take for anything but a press.
const ANSWER: Duration = Duration::from_secs(5);

/// Most combinations that are tried for a proposal.
const TRIES: usize = 30;

/// What became of each grab.
pub type Grabbed = Vec<(HotkeyName, Result<Combination, HotkeyError>)>;

/// The keys that are held at the X server; dropping it gives them back.
pub struct Keyboard {
    connection: Arc<RustConnection>,
    window: Window,
    orders: Option<SyncSender<Order>>,
    /// How the grabs do; they may come and go with the keyboard's layout. Closed when the thread has ended.
    pub grabbed: watch::Receiver<Grabbed>,
}

enum Order {
    Hold(Vec<(HotkeyName, Combination)>, oneshot::Sender<()>),
    Try(Vec<Combination>, oneshot::Sender<Option<Combination>>),
}

impl Keyboard {
    /// Opens the keyboard; every press is sent unless those before it have not been taken yet.
    ///
    /// # Errors
    /// No X server, or one that does not answer.
    pub async fn open(pressed: mpsc::Sender<Pressed>) -> Result<Self, HotkeyError> {
        let (ready, opened) = oneshot::channel();
        // Few orders wait at a time, because whoever gives one waits for its answer.
        let (orders, taken) = sync_channel(4);
        std::thread::Builder::new()
            .name("hotkey".into())
            .spawn(move || match Ear::new() {
                Ok(mut ear) => {
                    let (told, grabbed) = watch::channel(Vec::new());
                    let (connection, window) = (ear.connection.clone(), ear.window);
                    let keyboard = Self { connection, window, orders: Some(orders), grabbed };
                    if ready.send(Ok(keyboard)).is_ok()
                        && let Err(error) = ear.listen(&pressed, &taken, &told)
                    {
                        tracing::warn!("the hotkeys stopped: {error}");
                    }
                }
                Err(error) => drop(ready.send(Err(error))),
            })
            .map_err(failed)?;
        match tokio::time::timeout(ANSWER, opened).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(_)) | Err(_) => Err(no_answer()),
        }
    }

    /// Holds these keys from now on, and no others; what became of each is told by [`Self::grabbed`].
    ///
    /// # Errors
    /// The X server is gone or does not answer.
    pub async fn hold(&self, wanted: Vec<(HotkeyName, Combination)>) -> Result<(), HotkeyError> {
        let (done, answer) = oneshot::channel();
        self.order(Order::Hold(wanted, done), answer).await
    }

    /// The first of these that nobody holds: each is really taken for a moment.
    pub async fn first_free(&self, candidates: Vec<Combination>) -> Option<Combination> {
        let (done, answer) = oneshot::channel();
        self.order(Order::Try(candidates, done), answer).await.ok().flatten()
    }

    async fn order<T>(&self, order: Order, answer: oneshot::Receiver<T>) -> Result<T, HotkeyError> {
        let orders = self.orders.as_ref().ok_or_else(no_answer)?;
        orders.try_send(order).map_err(|_| no_answer())?;
        self.wake();
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(no_answer()),
        }
    }

    /// Any message to its window lets the thread look for orders, and end where nobody can give any more.
    fn wake(&self) {
        let message = ClientMessageEvent::new(32, self.window, AtomEnum::STRING, [0u32; 5]);
        if self.connection.send_event(false, self.window, EventMask::NO_EVENT, message).is_ok() {
            // An error says that the connection is gone, and the grabs with it.
            self.connection.flush().ok();
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.orders = None;
        self.wake();
    }
}

/// A hotkey, and the codes of its key that are grabbed.
struct Held {
    name: HotkeyName,
    combination: Combination,
    codes: Vec<Keycode>,
    grabbed: Result<(), HotkeyError>,
}

/// The layout as far as grabs need it.
struct Layout {
    first: Keycode,
    map: GetKeyboardMappingReply,
    num_lock: ModMask,
}

struct Ear {
    connection: Arc<RustConnection>,
    root: Window,
    window: Window,
    held: Vec<Held>,
    /// Events that came while an answer of the server was waited for.
    waiting: VecDeque<Event>,
    /// The server's clock, in milliseconds, less ours.
    ahead: u32,
    started: Instant,
}

impl Ear {
    fn new() -> Result<Self, HotkeyError> {
        let (connection, screen) = RustConnection::connect(None).map_err(|_| HotkeyError::NoWay)?;
        let root = connection.setup().roots.get(screen).ok_or(HotkeyError::NoWay)?.root;
        let window = connection.generate_id().map_err(failed)?;
        // Never shown; only an address for messages.
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
                &CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE),
            )
            .map_err(failed)?;
        let connection = Arc::new(connection);
        let mut ear =
            Self { connection, root, window, held: vec![], waiting: VecDeque::new(), ahead: 0, started: Instant::now() };
        ear.set_clock()?;
        Ok(ear)
    }

    fn listen(
        &mut self,
        pressed: &mpsc::Sender<Pressed>,
        orders: &Receiver<Order>,
        told: &watch::Sender<Grabbed>,
    ) -> Result<(), HotkeyError> {
        // A held key repeats as pairs of release and press with one time.
        let mut released = None;
        loop {
            let event = match self.waiting.pop_front() {
                Some(event) => event,
                None => self.connection.wait_for_event().map_err(failed)?,
            };
            if let Event::KeyPress(press) = event {
                let repeats = released == Some((press.detail, press.time));
                if let Some(name) = self.meant(&press).filter(|_| !repeats) {
                    let at = self.pressed_at(press.time)?;
                    // Full means that the last presses are still being dealt with.
                    pressed.try_send(Pressed { name, at, token: None }).ok();
                }
            } else if let Event::KeyRelease(release) = event {
                released = Some((release.detail, release.time));
            } else if let Event::MappingNotify(_) = event {
                let wanted = self.held.iter().map(|held| (held.name, held.combination)).collect();
                self.let_go_of_all()?;
                self.hold(wanted)?;
                self.tell(told);
            } else if matches!(event, Event::ClientMessage(message) if message.window == self.window) {
                loop {
                    match orders.try_recv() {
                        Ok(Order::Hold(wanted, done)) => {
                            self.hold(wanted)?;
                            self.tell(told);
                            done.send(()).ok();
                        }
                        Ok(Order::Try(candidates, done)) => drop(done.send(self.first_free(&candidates)?)),
                        Err(TryRecvError::Empty) => break,
                        Err(TryRecvError::Disconnected) => return Ok(()),
                    }
                }
            }
        }
    }

    /// Which hotkey a press of a grabbed key is.
    fn meant(&self, press: &KeyPressEvent) -> Option<HotkeyName> {
        let counts = u16::from(ModMask::CONTROL | ModMask::M1 | ModMask::SHIFT | ModMask::M4);
        let state = u16::from(press.state) & counts;
        let is = |held: &&Held| held.codes.contains(&press.detail) && u16::from(modifiers(held.combination)) == state;
        self.held.iter().find(is).map(|held| held.name)
    }

    fn tell(&self, told: &watch::Sender<Grabbed>) {
        let now: Grabbed = self.held.iter().map(|held| (held.name, held.grabbed.clone().map(|()| held.combination))).collect();
        told.send_if_modified(|old| std::mem::replace(old, now.clone()) != now);
    }

    /// Holds what is wanted; what is held already stays so without a gap in which a press would be lost.
    fn hold(&mut self, wanted: Vec<(HotkeyName, Combination)>) -> Result<(), HotkeyError> {
        let layout = self.layout()?;
        let mut kept = Vec::new();
        for held in std::mem::take(&mut self.held) {
            if held.grabbed.is_ok() && wanted.contains(&(held.name, held.combination)) {
                kept.push(held);
            } else {
                self.ungrab(held.combination, &held.codes, layout.num_lock)?;
            }
        }
        for (name, combination) in wanted {
            if kept.iter().any(|held| held.name == name) {
                continue;
            }
            let codes = layout.codes(combination.key);
            let grabbed = match self.grab(combination, &codes, layout.num_lock) {
                Err(error @ (HotkeyError::NoSuchKey(_) | HotkeyError::Taken(..))) => Err(error),
                Err(error) => return Err(error),
                Ok(()) => Ok(()),
            };
            kept.push(Held { name, combination, codes: if grabbed.is_ok() { codes } else { vec![] }, grabbed });
        }
        self.held = kept;
        self.connection.flush().map_err(failed)
    }

    fn first_free(&self, candidates: &[Combination]) -> Result<Option<Combination>, HotkeyError> {
        let layout = self.layout()?;
        for combination in candidates.iter().take(TRIES) {
            let codes = layout.codes(combination.key);
            let free = match self.grab(*combination, &codes, layout.num_lock) {
                Ok(()) => true,
                Err(HotkeyError::NoSuchKey(_) | HotkeyError::Taken(..)) => false,
                Err(error) => return Err(error),
            };
            if free && self.held.iter().all(|held| held.combination != *combination) {
                self.ungrab(*combination, &codes, layout.num_lock)?;
                self.connection.flush().map_err(failed)?;
                return Ok(Some(*combination));
            }
        }
        Ok(None)
    }

    /// Takes a key with all states of the locks, or nothing of it.
    fn grab(&self, combination: Combination, codes: &[Keycode], num_lock: ModMask) -> Result<(), HotkeyError> {
        if codes.is_empty() {
            return Err(HotkeyError::NoSuchKey(combination));
        }
        let wanted = modifiers(combination);
        let mut asked = Vec::new();
        for code in codes {
            for locks in locks(num_lock) {
                let grab = self.connection.grab_key(false, self.root, wanted | locks, *code, GrabMode::ASYNC, GrabMode::ASYNC);
                asked.push(grab.map_err(failed)?);
            }
        }
        // Every answer is looked at, so that none of them is taken for an event later.
        let answers: Vec<Result<(), ReplyError>> = asked.into_iter().map(|grab| grab.check()).collect();
        for answer in answers {
            if let Err(error) = answer {
                self.ungrab(combination, codes, num_lock)?;
                let taken = matches!(&error, ReplyError::X11Error(error) if error.error_kind == ErrorKind::Access);
                return Err(if taken { HotkeyError::Taken(combination, None) } else { failed(error) });
            }
        }
        Ok(())
    }

    fn ungrab(&self, combination: Combination, codes: &[Keycode], num_lock: ModMask) -> Result<(), HotkeyError> {
        for code in codes {
            for locks in locks(num_lock) {
                self.connection.ungrab_key(*code, self.root, modifiers(combination) | locks).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn let_go_of_all(&mut self) -> Result<(), HotkeyError> {
        self.held.clear();
        self.connection.ungrab_key(0u8, self.root, ModMask::ANY).map_err(failed)?;
        Ok(())
    }

    fn layout(&self) -> Result<Layout, HotkeyError> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1).map_err(failed)?;
        let bound = self.connection.get_modifier_mapping().map_err(failed)?;
        let map = map.reply().map_err(failed)?;
        let bound = bound.reply().map_err(failed)?;
        let per_modifier = usize::from(bound.keycodes_per_modifier()).max(1);
        let mut layout = Layout { first, map, num_lock: ModMask::M2 };
        let codes = layout.with(NUM_LOCK);
        let place = bound.keycodes.chunks(per_modifier).position(|bound| bound.iter().any(|code| codes.contains(code)));
        if let Some(place) = place {
            layout.num_lock = ModMask::from(1u16 << place);
        }
        Ok(layout)
    }

    /// When a key was pressed, by our clock.
    ///
    /// A process that was stopped, or had to wait for its memory, finds presses of long ago. The server's clock is asked
    /// only where that seems so: a press is worth no round trip.
    fn pressed_at(&mut self, time: u32) -> Result<Instant, HotkeyError> {
        let now = Instant::now();
        let mut late = self.late_by(time, now);
        if late > MEANT_FOR {
            // The clocks may have drifted apart.
            self.set_clock()?;
            late = self.late_by(time, now);
        }
        Ok(now.checked_sub(late).unwrap_or(self.started))
    }

    fn late_by(&self, time: u32, now: Instant) -> Duration {
        // Milliseconds in 32 bits, which begin again after 49 days; half of them are the past.
        let late = self.ours(now).wrapping_add(self.ahead).wrapping_sub(time);
        Duration::from_millis(if late < u32::MAX / 2 { late.into() } else { 0 })
    }

    fn ours(&self, now: Instant) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "the server's clock has 32 bits too")]
        let milliseconds = now.saturating_duration_since(self.started).as_millis() as u32;
        milliseconds
    }

    /// Asks the server for its time, by a change of a property, which it tells with the time.
    fn set_clock(&mut self) -> Result<(), HotkeyError> {
        let (kind, name) = (AtomEnum::STRING, AtomEnum::WM_NAME);
        self.connection.change_property8(PropMode::REPLACE, self.window, name, kind, b"").map_err(failed)?;
        self.connection.flush().map_err(failed)?;
        loop {
            let event = self.connection.wait_for_event().map_err(failed)?;
            if let Event::PropertyNotify(told) = &event
                && told.window == self.window
            {
                self.ahead = told.time.wrapping_sub(self.ours(Instant::now()));
                return Ok(());
            }
            self.waiting.push_back(event);
        }
    }
}

impl Layout {
    /// The keys that carry the wanted symbol, in whatever layout.
    fn codes(&self, key: Key) -> Vec<Keycode> {
        self.with(symbol(key))
    }

    fn with(&self, symbol: u32) -> Vec<Keycode> {
        let rows = self.map.keysyms.chunks(usize::from(self.map.keysyms_per_keycode).max(1));
        (self.first..=Keycode::MAX).zip(rows).filter(|(_, row)| row.contains(&symbol)).map(|(code, _)| code).collect()
    }
}

/// Caps lock and num lock count as held modifiers, so each of their states needs a grab.
fn locks(num_lock: ModMask) -> [ModMask; 4] {
    [ModMask::default(), ModMask::LOCK, num_lock, ModMask::LOCK | num_lock]
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
        Key::Function(number) => F1 + u32::from(number) - 1,
        Key::Named(name) => NAMED.iter().find(|(known, ..)| *known == name).map_or(0, |(.., symbol)| *symbol),
    }
}

fn failed(error: impl std::fmt::Display) -> HotkeyError {
    HotkeyError::Failed(format!("the X server refused: {error}"))
}

fn no_answer() -> HotkeyError {
    HotkeyError::Failed("the X server does not answer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_can_be_chosen_has_a_symbol() {
        for (name, ..) in NAMED {
            assert_ne!(symbol(Key::Named(name)), 0, "{name}");
        }
        assert_eq!(symbol(Key::Character('d')), 0x64);
        assert_eq!(symbol(Key::Function(12)), 0xffc9);
    }
}
