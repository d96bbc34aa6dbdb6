//! A program of the tests' own under X11: it owns a selection, well or badly, or copies when it gets the copy key.

use super::session::Session;
use super::waiting::{PATIENCE, wait_for};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, KeyButMask,
    PropMode, Property, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME, NONE};

/// Targets that say something about a selection and are not part of it.
const ABOUT: [&str; 8] =
    ["TARGETS", "TIMESTAMP", "MULTIPLE", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION", "INSERT_PROPERTY", "ADOBE"];

/// How an owner hands over what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Giving {
    /// As asked.
    Whole,
    /// In pieces of so many bytes.
    Pieces(usize),
    /// Begins with a first piece, and never goes on.
    HalfOfIt,
    /// Takes every question and never answers.
    Never,
}

/// What is offered: the name of a target, which also is its type, and what it holds.
pub type Offers = Vec<(&'static str, Vec<u8>)>;

/// An owner of a selection; dropping it ends its program.
#[derive(Debug)]
pub struct XOwner {
    connection: Arc<RustConnection>,
    window: Window,
    pressed: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl XOwner {
    /// The codes of the keys that were pressed in its window.
    pub fn pressed(&self) -> Vec<u8> {
        self.pressed.lock().expect("no panic while held").clone()
    }
}

impl Drop for XOwner {
    fn drop(&mut self) {
        // Any message ends the thread, and with its connection goes its window.
        let message = ClientMessageEvent::new(32, self.window, 1u32, [0u32; 5]);
        let sent = self.connection.send_event(false, self.window, EventMask::NO_EVENT, message);
        if sent.is_ok_and(|_| self.connection.flush().is_ok())
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl Session {
    /// Owns `selection`, such as `PRIMARY`, with these offers.
    pub fn own_selection(&self, selection: &'static str, offers: Offers, giving: Giving) -> XOwner {
        let work = Work::start(self.display(), selection, offers, giving);
        work.take();
        work.run()
    }

    /// Opens a window of class `class` that puts these offers into the clipboard, and nothing anywhere else, when it gets
    /// the copy key; it has the focus when this returns.
    pub async fn copying_window(&self, class: &str, offers: Offers) -> XOwner {
        let work = Work::start(self.display(), "CLIPBOARD", offers, Giving::Whole);
        work.show(class);
        let owner = work.run();
        self.window_active(class).await;
        owner
    }

    /// All that a selection (`primary` or `clipboard`) holds, by target.
    pub async fn whole_selection(&self, selection: &str) -> BTreeMap<String, Vec<u8>> {
        let read = async |target: &str| {
            let file = self.root().join("whole-selection");
            let words = ["-c", "exec xclip -out -selection \"$1\" -target \"$2\" > \"$3\"", "sh", selection, target];
            let read = self.run("sh", &[words.as_slice(), &[&file.display().to_string()]].concat()).await;
            read.success.then(|| fs::read(&file).expect("what xclip wrote"))
        };
        let targets = String::from_utf8(read("TARGETS").await.unwrap_or_default()).expect("names of targets");
        let mut whole = BTreeMap::new();
        for target in targets.lines().filter(|target| !ABOUT.contains(target)) {
            whole.extend(read(target).await.map(|bytes| (target.to_owned(), bytes)));
        }
        whole
    }

    /// Waits until nobody owns `selection` (`primary` or `clipboard`).
    pub async fn nobody_owns(&self, selection: &str) {
        wait_for(&format!("nobody to own {selection}"), PATIENCE, async || {
            let targets = self.run("xclip", &["-out", "-selection", selection, "-target", "TARGETS"]).await;
            (!targets.success).then_some(())
        })
        .await;
    }
}

struct Work {
    connection: Arc<RustConnection>,
    window: Window,
    selection: Atom,
    offers: Vec<(Atom, Vec<u8>)>,
    giving: Giving,
    pressed: Arc<Mutex<Vec<u8>>>,
    going: Vec<(Window, Atom, Atom, Vec<u8>)>,
}

impl Work {
    fn start(display: &str, selection: &str, offers: Offers, giving: Giving) -> Self {
        let (connection, screen) = RustConnection::connect(Some(display)).expect("an X server");
        let window = connection.generate_id().expect("a number");
        let root = connection.setup().roots[screen].root;
        let looks = CreateWindowAux::new().event_mask(EventMask::KEY_PRESS);
        let (depth, class) = (COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_OUTPUT);
        connection.create_window(depth, window, root, 100, 300, 300, 100, 0, class, COPY_FROM_PARENT, &looks).expect("asked");
        let connection = Arc::new(connection);
        let offers = offers.into_iter().map(|(target, bytes)| (atom(&connection, target), bytes)).collect();
        let selection = atom(&connection, selection);
        Self { connection, window, selection, offers, giving, pressed: Arc::default(), going: vec![] }
    }

    /// Takes the selection.
    fn take(&self) {
        self.connection.set_selection_owner(self.window, self.selection, CURRENT_TIME).expect("asked");
        let owner = self.connection.get_selection_owner(self.selection).expect("asked").reply().expect("an answer").owner;
        assert_eq!(owner, self.window);
    }

    fn show(&self, class: &str) {
        let (connection, window) = (&self.connection, self.window);
        let names = format!("{class}\0{class}\0");
        let (replace, text) = (PropMode::REPLACE, AtomEnum::STRING);
        connection.change_property8(replace, window, AtomEnum::WM_CLASS, text, names.as_bytes()).expect("asked");
        connection.change_property8(replace, window, AtomEnum::WM_NAME, text, class.as_bytes()).expect("asked");
        connection.map_window(window).expect("asked").check().expect("a window");
    }

    fn run(mut self) -> XOwner {
        let (connection, window, pressed) = (self.connection.clone(), self.window, self.pressed.clone());
        let thread = std::thread::spawn(move || while self.hear() {});
        XOwner { connection, window, pressed, thread: Some(thread) }
    }

    /// Deals with one event; no when that was the last.
    fn hear(&mut self) -> bool {
        let Ok(event) = self.connection.wait_for_event() else { return false };
        if let Event::KeyPress(press) = event {
            self.pressed.lock().expect("no panic while held").push(press.detail);
            let map = self.connection.get_keyboard_mapping(press.detail, 1).expect("asked").reply().expect("an answer");
            if map.keysyms.first() == Some(&0x63) && u16::from(press.state) == u16::from(KeyButMask::CONTROL) {
                self.take();
            }
        } else if let Event::SelectionRequest(request) = event {
            if self.giving != Giving::Never {
                self.answer(request);
            }
        } else if let Event::PropertyNotify(told) = event {
            if told.state == Property::DELETE {
                self.go_on(told.window, told.atom);
            }
        } else if let Event::ClientMessage(_) = event {
            return false;
        }
        true
    }

    fn answer(&mut self, request: SelectionRequestEvent) {
        let connection = &self.connection;
        let (to, property) = (request.requestor, request.property);
        let found = self.offers.iter().find(|(target, _)| *target == request.target);
        let mut given = true;
        if request.target == atom(connection, "TARGETS") {
            let all: Vec<_> = self.offers.iter().map(|(target, _)| *target).collect();
            connection.change_property32(PropMode::REPLACE, to, property, AtomEnum::ATOM, &all).expect("asked");
        } else if let Some((target, bytes)) = found {
            if self.giving == Giving::Whole {
                connection.change_property8(PropMode::REPLACE, to, property, *target, bytes).expect("asked");
            } else {
                let hear = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
                connection.change_window_attributes(to, &hear).expect("asked");
                let incr = atom(connection, "INCR");
                connection.change_property32(PropMode::REPLACE, to, property, incr, &[1]).expect("asked");
                self.going.push((to, property, *target, bytes.clone()));
            }
        } else {
            given = false;
        }
        let told = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: to,
            selection: request.selection,
            target: request.target,
            property: if given { property } else { NONE },
        };
        connection.send_event(false, to, EventMask::NO_EVENT, told).expect("asked");
        connection.flush().expect("sent");
    }

    fn go_on(&mut self, to: Window, property: Atom) {
        let Some(place) = self.going.iter().position(|going| (going.0, going.1) == (to, property)) else { return };
        let size = match self.giving {
            Giving::Whole | Giving::Never => return,
            Giving::Pieces(size) => size,
            Giving::HalfOfIt => 5,
        };
        let (_, _, kind, left) = &mut self.going[place];
        let piece: Vec<_> = left.drain(..size.min(left.len())).collect();
        self.connection.change_property8(PropMode::REPLACE, to, property, *kind, &piece).expect("asked");
        self.connection.flush().expect("sent");
        if piece.is_empty() || self.giving == Giving::HalfOfIt {
            self.going.remove(place);
        }
    }
}

fn atom(connection: &RustConnection, name: &str) -> Atom {
    connection.intern_atom(false, name.as_bytes()).expect("asked").reply().expect("an answer").atom
}
