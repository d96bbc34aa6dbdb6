//! A compositor of the tests' own that draws nothing: it tells a client about a selection by the protocols it is made to
//! know, or does not answer.
//!
//! Source: the Wayland protocol, chapter 4 (wire format); `ext-data-control-v1.xml`, `wlr-data-control-unstable-v1.xml`.

use super::session::Session;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};

/// The name of its socket.
const SOCKET: &str = "wayland-of-the-tests";

const SEAT: &str = "wl_seat";
const EXT: &str = "ext_data_control_manager_v1";
const WLR: &str = "zwlr_data_control_manager_v1";

/// The first number that belongs to the compositor.
const OFFER: u32 = 0xff00_0000;

/// What a compositor of the tests knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knows {
    /// Both protocols.
    Both,
    /// The older protocol in its first version, without the primary selection.
    Old,
    /// Neither, as GNOME.
    Neither,
    /// It takes every word and answers none.
    NoAnswer,
}

/// A compositor at the socket of the session.
#[derive(Debug)]
pub struct Compositor {
    bound: Arc<Mutex<Vec<String>>>,
}

impl Session {
    /// Starts a compositor in which `text` is selected; it lives as long as the test.
    pub fn start_compositor(&self, knows: Knows, text: &'static str) -> Compositor {
        let listener = UnixListener::bind(self.root().join("run").join(SOCKET)).expect("a socket");
        let bound = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&bound);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&told);
                std::thread::spawn(move || Client::new(stream, knows, text, told).run());
            }
        });
        Compositor { bound }
    }
}

impl Compositor {
    /// The words before a command that bring it here, with the X server of the session or without.
    pub fn within(with_x11: bool) -> Vec<String> {
        let without: &[&str] = if with_x11 { &[] } else { &["-u", "DISPLAY"] };
        let words = [&["env"], without].concat().into_iter().map(str::to_owned);
        words.chain([format!("WAYLAND_DISPLAY={SOCKET}")]).collect()
    }

    /// The names of what clients have used.
    pub fn bound(&self) -> Vec<String> {
        self.bound.lock().expect("no panic while held").clone()
    }
}

struct Client {
    stream: UnixStream,
    knows: Knows,
    text: &'static str,
    bound: Arc<Mutex<Vec<String>>>,
    heard: Vec<u8>,
    files: VecDeque<OwnedFd>,
    /// What the client calls what.
    objects: BTreeMap<u32, String>,
}

impl Client {
    fn new(stream: UnixStream, knows: Knows, text: &'static str, bound: Arc<Mutex<Vec<String>>>) -> Self {
        let objects = BTreeMap::from([(1, "display".to_owned()), (OFFER, "offer".to_owned())]);
        Self { stream, knows, text, bound, heard: vec![], files: VecDeque::new(), objects }
    }

    fn run(mut self) {
        while self.listen().is_some() {
            while let Some(length) = self.whole_message() {
                let message: Vec<_> = self.heard.drain(..length).collect();
                if self.knows != Knows::NoAnswer {
                    self.answer(&mut Words(&message));
                }
            }
        }
    }

    /// Reads once; none when the client has gone.
    fn listen(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
        let mut extras = RecvAncillaryBuffer::new(&mut space);
        let read = recvmsg(&self.stream, &mut [IoSliceMut::new(&mut piece)], &mut extras, RecvFlags::CMSG_CLOEXEC).ok()?;
        for extra in extras.drain() {
            if let RecvAncillaryMessage::ScmRights(files) = extra {
                self.files.extend(files);
            }
        }
        self.heard.extend(&piece[..read.bytes]);
        (read.bytes > 0).then_some(())
    }

    fn whole_message(&self) -> Option<usize> {
        let length = usize::try_from(Words(self.heard.get(4..)?).number()? >> 16).expect("a length");
        (self.heard.len() >= length).then_some(length)
    }

    fn answer(&mut self, message: &mut Words<'_>) {
        let (object, head) = (message.number().expect("an object"), message.number().expect("a head"));
        let name = self.objects.get(&object).cloned().unwrap_or_default();
        match (name.as_str(), head & 0xffff) {
            // sync
            ("display", 0) => {
                let callback = message.number().expect("a callback");
                self.say(callback, 0, &[1]);
                self.say(1, 1, &[callback]);
            }
            // get_registry
            ("display", 1) => {
                let registry = message.number().expect("a registry");
                self.objects.insert(registry, "registry".to_owned());
                let globals: &[(&str, u32)] = match self.knows {
                    Knows::Both => &[(WLR, 2), (SEAT, 7), (EXT, 1)],
                    Knows::Old => &[(SEAT, 7), (WLR, 1)],
                    Knows::Neither | Knows::NoAnswer => &[(SEAT, 7)],
                };
                for (name, (interface, version)) in (1..).zip(globals) {
                    let words = [vec![name], written(interface), vec![*version]].concat();
                    self.say(registry, 0, &words);
                }
            }
            // bind
            ("registry", 0) => {
                let interface = { (message.number(), message.text()).1 };
                let (_version, object) = (message.number(), message.number().expect("a number for it"));
                self.bound.lock().expect("no panic while held").push(interface.clone());
                self.objects.insert(object, interface);
            }
            // get_data_device
            (EXT | WLR, 1) => {
                let device = message.number().expect("a device");
                self.bound.lock().expect("no panic while held").push(format!("device of {name}"));
                self.say(device, 0, &[OFFER]);
                self.say(OFFER, 0, &written("text/plain;charset=utf-8"));
                self.say(device, 1, &[0]);
                self.say(device, 3, &[OFFER]);
            }
            // receive
            ("offer", 0) => {
                let file = self.files.pop_front().expect("a file to write into");
                File::from(file).write_all(self.text.as_bytes()).expect("a reader");
            }
            _ => {}
        }
    }

    fn say(&mut self, object: u32, event: u32, words: &[u32]) {
        let length = u32::try_from(8 + 4 * words.len()).expect("a short message");
        let all = [&[object, length << 16 | event], words].concat();
        let bytes: Vec<_> = all.into_iter().flat_map(u32::to_ne_bytes).collect();
        // A client that has gone needs no answer.
        let _ = self.stream.write_all(&bytes);
    }
}

/// What is left of a message.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*number))
    }

    fn text(&mut self) -> String {
        let length = usize::try_from(self.number().expect("a length")).expect("a length");
        let (text, rest) = self.0.split_at(length.next_multiple_of(4));
        self.0 = rest;
        String::from_utf8(text[..length - 1].to_vec()).expect("a name")
    }
}

/// A text as it goes over the wire: its length with the zero at its end, and that all in whole words.
fn written(text: &str) -> Vec<u32> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    let length = u32::try_from(bytes.len()).expect("a short text");
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let words = bytes.as_chunks().0.iter().map(|word| u32::from_ne_bytes(*word));
    [length].into_iter().chain(words).collect()
}
