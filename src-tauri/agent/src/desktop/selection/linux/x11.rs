//! Selections of X11, read before a deadline.
//!
//! Source: Inter-Client Communication Conventions Manual 2.0, section 2.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::fd::{AsFd, BorrowedFd};
use x11rb::connection::Connection as _;
use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, Property, Timestamp, Window, WindowClass,
};
use x11rb::reexports::x11rb_protocol::parse_display::{ConnectAddress, parse_display};
use x11rb::reexports::x11rb_protocol::xauth::get_auth;
use x11rb::rust_connection::{DefaultStream, PollMode, RustConnection, Stream};
use x11rb::utils::RawFdContainer;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME, NONE};

use super::{ANSWER, SelectionError, reach, wait};
use crate::desktop::selection::{LONGEST, fit};

/// A character has at most four bytes.
const MOST: usize = 4 * (LONGEST + 1);

/// The port of display 0, where a display is on another machine. Source: X Window System Protocol, appendix B.
const FIRST_PORT: u16 = 6000;

x11rb::atom_manager! {
    /// The words of the conversation.
    pub Atoms: AtomsCookie {
        CLIPBOARD,
        TARGETS,
        TIMESTAMP,
        INCR,
        UTF8_STRING,
        PLAIN: b"text/plain;charset=utf-8",
        MULTIPLE,
        SAVE_TARGETS,
        DELETE,
        INSERT_SELECTION,
        INSERT_PROPERTY,
        TRAYPHONE_SELECTION,
    }
}

/// A connection to an X server with a window of its own, which is never shown.
pub struct Display {
    /// The connection.
    pub connection: RustConnection<Timed>,
    /// Our window.
    pub window: Window,
    /// The root of our screen.
    pub root: Window,
    /// Names that the server knows by number.
    pub atoms: Atoms,
}

/// What a selection holds in one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// What the bytes are.
    pub kind: Atom,
    /// Bits of one item: 8, 16 or 32.
    pub format: u8,
    /// The items as they lie in memory.
    pub bytes: Vec<u8>,
}

impl Value {
    /// The items of 32 bits.
    pub fn numbers(&self) -> Vec<u32> {
        self.bytes.as_chunks().0.iter().map(|bytes| u32::from_ne_bytes(*bytes)).collect()
    }
}

impl Display {
    /// Connects; everything asked over it fails after `give_up`.
    ///
    /// # Errors
    /// There is no such server, or it does not answer.
    pub fn open(name: &str, give_up: Instant) -> Result<Self, SelectionError> {
        let (stream, screen, auth) = connect(name).ok_or(SelectionError::NotShown)?;
        let stream = Timed { stream, give_up: Cell::new(Some(give_up)) };
        let connection = RustConnection::connect_to_stream_with_auth_info(stream, screen, auth.0, auth.1);
        let connection = connection.map_err(|error| {
            tracing::debug!("the X server refuses us: {error}");
            if Instant::now() >= give_up { SelectionError::NoAnswer } else { SelectionError::NotShown }
        })?;
        let root = connection.setup().roots.get(screen).ok_or(SelectionError::NotShown)?.root;
        let window = connection.generate_id().map_err(failed)?;
        let looks = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let (depth, class, visual) = (COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_ONLY, COPY_FROM_PARENT);
        connection.create_window(depth, window, root, 0, 0, 1, 1, 0, class, visual, &looks).map_err(failed)?;
        let atoms = Atoms::new(&connection).map_err(failed)?.reply().map_err(failed)?;
        Ok(Self { connection, window, root, atoms })
    }

    /// Sets the end of time anew, or takes it away.
    pub fn until(&self, give_up: Option<Instant>) {
        self.connection.stream().give_up.set(give_up);
    }

    /// The marked text.
    ///
    /// # Errors
    /// There is none, it is too long, or its owner does not hand it over.
    pub fn selected(&self) -> Result<String, SelectionError> {
        self.text(u32::from(AtomEnum::PRIMARY))
    }

    /// The text of a selection.
    ///
    /// # Errors
    /// There is none, it is too long, or its owner does not hand it over.
    pub fn text(&self, selection: Atom) -> Result<String, SelectionError> {
        // To ask for what nearly everybody has is quicker than to ask first what there is. Old programs know Latin-1 only.
        for target in [self.atoms.UTF8_STRING, self.atoms.PLAIN, u32::from(AtomEnum::STRING)] {
            let value = self.convert(selection, target, MOST)?;
            if let Some(text) = value.and_then(|value| self.decode(value)) {
                return fit(text);
            }
        }
        Err(SelectionError::Nothing)
    }

    /// What a selection holds as `target`, of at most `most` bytes; none when its owner cannot give that, or has gone.
    ///
    /// # Errors
    /// It is longer, or its owner takes too long.
    pub fn convert(&self, selection: Atom, target: Atom, most: usize) -> Result<Option<Value>, SelectionError> {
        let property = self.atoms.TRAYPHONE_SELECTION;
        self.connection.convert_selection(self.window, selection, target, property, CURRENT_TIME).map_err(failed)?;
        let told = self.event(|event| {
            let Event::SelectionNotify(told) = event else { return None };
            ((told.selection, told.target) == (selection, target)).then_some(told.property)
        })?;
        if told == NONE {
            return Ok(None);
        }
        let value = self.take(told, most)?;
        if value.kind != self.atoms.INCR {
            return Ok((value.kind != NONE).then_some(value));
        }
        if value.numbers().first().is_some_and(|least| usize::try_from(*least).is_ok_and(|least| least > most)) {
            return Err(SelectionError::TooLong);
        }
        self.pieces(told, most).map(Some)
    }

    /// A time of the server's own clock.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn time(&self) -> Result<Timestamp, SelectionError> {
        let (property, kind) = (self.atoms.TIMESTAMP, u32::from(AtomEnum::INTEGER));
        self.connection.change_property(PropMode::APPEND, self.window, property, kind, 32, 0, &[]).map_err(failed)?;
        self.event(|event| {
            let Event::PropertyNotify(told) = event else { return None };
            ((told.window, told.atom) == (self.window, property)).then_some(told.time)
        })
    }

    /// Waits for an event; others are passed over.
    ///
    /// # Errors
    /// It did not come in time.
    pub fn event<T>(&self, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, SelectionError> {
        self.connection.flush().map_err(failed)?;
        loop {
            if let Some(found) = wanted(&self.connection.wait_for_event().map_err(failed)?) {
                return Ok(found);
            }
        }
    }

    /// A transfer in pieces, which goes on each time that we have taken one away.
    fn pieces(&self, property: Atom, most: usize) -> Result<Value, SelectionError> {
        let mut whole = Value { kind: NONE, format: 8, bytes: vec![] };
        loop {
            self.event(|event| {
                let Event::PropertyNotify(told) = event else { return None };
                ((told.window, told.atom, told.state) == (self.window, property, Property::NEW_VALUE)).then_some(())
            })?;
            let piece = self.take(property, most - whole.bytes.len())?;
            if piece.bytes.is_empty() {
                return Ok(whole);
            }
            (whole.kind, whole.format) = (piece.kind, piece.format);
            whole.bytes.extend(piece.bytes);
        }
    }

    fn take(&self, property: Atom, most: usize) -> Result<Value, SelectionError> {
        // In units of four bytes.
        let units = u32::try_from(most / 4 + 1).unwrap_or(u32::MAX);
        let value = self.connection.get_property(true, self.window, property, u32::from(AtomEnum::ANY), 0, units);
        let value = value.map_err(failed)?.reply().map_err(failed)?;
        if value.bytes_after > 0 || value.value.len() > most {
            return Err(SelectionError::TooLong);
        }
        Ok(Value { kind: value.type_, format: value.format, bytes: value.value })
    }

    /// The text in a value, by what its owner says that it is.
    fn decode(&self, value: Value) -> Option<String> {
        let Value { kind, format: 8, mut bytes } = value else { return None };
        // Some programs count the end of their string among it.
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        if kind == self.atoms.UTF8_STRING || kind == self.atoms.PLAIN {
            String::from_utf8(bytes).ok()
        } else if kind == u32::from(AtomEnum::STRING) {
            Some(bytes.into_iter().map(char::from).collect())
        } else {
            None
        }
    }
}

/// What a failure of the connection means for the selection.
pub fn failed(error: impl Into<ReplyOrIdError>) -> SelectionError {
    let error = error.into();
    match &error {
        ReplyOrIdError::ConnectionError(ConnectionError::IoError(reason)) if reason.kind() == io::ErrorKind::TimedOut => {
            SelectionError::NoAnswer
        }
        ReplyOrIdError::ConnectionError(_) | ReplyOrIdError::X11Error(_) | ReplyOrIdError::IdsExhausted => {
            SelectionError::Failed(error.to_string())
        }
    }
}

type Auth = (Vec<u8>, Vec<u8>);

/// Connects to the server of a display; none where there is none.
fn connect(name: &str) -> Option<(DefaultStream, usize, Auth)> {
    let display = parse_display(Some(name)).ok()?;
    // There is no such port, which the library takes for granted.
    display.display.checked_add(FIRST_PORT)?;
    let (stream, (family, address)) = display.connect_instruction().find_map(|address| match address {
        ConnectAddress::Socket(path) => DefaultStream::from_unix_stream(reach(Path::new(&path)).ok()?).ok(),
        ConnectAddress::Hostname(host, port) => {
            let addresses = (host, port).to_socket_addrs().ok()?;
            let stream = addresses.into_iter().find_map(|address| TcpStream::connect_timeout(&address, ANSWER).ok())?;
            DefaultStream::from_tcp_stream(stream).ok()
        }
        _ => None,
    })?;
    let auth = get_auth(family, &address, display.display).unwrap_or(None).unwrap_or_default();
    Some((stream, usize::from(display.screen), auth))
}

/// A stream that lets nobody wait for longer than agreed.
pub struct Timed {
    stream: DefaultStream,
    give_up: Cell<Option<Instant>>,
}

impl Stream for Timed {
    fn poll(&self, mode: PollMode) -> io::Result<()> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, mode.readable());
        flags.set(PollFlags::OUT, mode.writable());
        wait(self.stream.as_fd(), flags, self.give_up.get())
    }

    fn read(&self, buffer: &mut [u8], files: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.stream.read(buffer, files)
    }

    fn write(&self, buffer: &[u8], files: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.stream.write(buffer, files)
    }

    fn write_vectored(&self, buffers: &[IoSlice<'_>], files: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.stream.write_vectored(buffers, files)
    }
}

impl AsFd for Timed {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
