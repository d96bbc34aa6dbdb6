//! The PRIMARY selection of X11.
//!
//! Source: Inter-Client Communication Conventions Manual 2.0, section 2.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::oneshot;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, CreateWindowAux, Window, WindowClass};
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME, NONE};

use super::{LONGEST, SelectionError};

/// How long the program that owns the selection may take.
const ANSWER: Duration = Duration::from_millis(500);

/// Reads the selected text, on this display or on another one.
///
/// # Errors
/// Nothing is selected, it is too long, or nobody hands it over.
pub async fn read(display: Option<String>) -> Result<String, SelectionError> {
    let (answer, read) = oneshot::channel();
    // A thread of its own, because an X server can hang as well as a program.
    std::thread::Builder::new()
        .name("selection".into())
        .spawn(move || drop(answer.send(ask(display.as_deref()))))
        .map_err(|error| SelectionError::Failed(error.to_string()))?;
    match tokio::time::timeout(3 * ANSWER, read).await {
        Ok(Ok(text)) => text,
        Ok(Err(_)) | Err(_) => Err(SelectionError::NoAnswer),
    }
}

fn ask(display: Option<&str>) -> Result<String, SelectionError> {
    let (connection, screen) = RustConnection::connect(display).map_err(|_| SelectionError::NoX)?;
    let window = connection.generate_id().map_err(failed)?;
    connection
        .create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            connection.setup().roots[screen].root,
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
    let utf8 = atom(&connection, "UTF8_STRING")?;
    let give_up = Instant::now() + ANSWER;
    match convert(&connection, window, utf8, give_up)? {
        Some(bytes) => fit(String::from_utf8(bytes).map_err(|_| SelectionError::Nothing)?),
        // Old programs know Latin-1 only.
        None => match convert(&connection, window, u32::from(AtomEnum::STRING), give_up)? {
            Some(bytes) => fit(bytes.into_iter().map(char::from).collect()),
            None => Err(SelectionError::Nothing),
        },
    }
}

/// Asks for the selection as `target`; none when its owner cannot give that.
fn convert(
    connection: &RustConnection,
    window: Window,
    target: u32,
    give_up: Instant,
) -> Result<Option<Vec<u8>>, SelectionError> {
    let property = atom(connection, "TRAYPHONE_SELECTION")?;
    connection.convert_selection(window, u32::from(AtomEnum::PRIMARY), target, property, CURRENT_TIME).map_err(failed)?;
    connection.flush().map_err(failed)?;
    let told = loop {
        match connection.poll_for_event().map_err(failed)? {
            Some(Event::SelectionNotify(told)) if told.target == target => break told,
            Some(_) => {}
            None => wait(connection, give_up)?,
        }
    };
    if told.property == NONE {
        return Ok(None);
    }
    // In units of four bytes; a character has at most four.
    let most = u32::try_from(LONGEST + 1).unwrap_or(u32::MAX);
    let value = connection.get_property(true, window, told.property, u32::from(AtomEnum::ANY), 0, most);
    let value = value.map_err(failed)?.reply().map_err(failed)?;
    // A transfer in pieces is only used for what is far too long.
    if value.bytes_after > 0 || value.type_ == atom(connection, "INCR")? {
        return Err(SelectionError::TooLong);
    }
    Ok((value.type_ == target).then_some(value.value))
}

fn wait(connection: &RustConnection, give_up: Instant) -> Result<(), SelectionError> {
    let left = give_up.checked_duration_since(Instant::now()).ok_or(SelectionError::NoAnswer)?;
    let left = Timespec::try_from(left).map_err(failed)?;
    let mut server = [PollFd::new(connection.stream(), PollFlags::IN)];
    match poll(&mut server, Some(&left)) {
        Ok(0) => Err(SelectionError::NoAnswer),
        Ok(_) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn atom(connection: &RustConnection, name: &str) -> Result<u32, SelectionError> {
    Ok(connection.intern_atom(false, name.as_bytes()).map_err(failed)?.reply().map_err(failed)?.atom)
}

fn fit(text: String) -> Result<String, SelectionError> {
    if text.chars().count() > LONGEST {
        return Err(SelectionError::TooLong);
    }
    if text.trim().is_empty() { Err(SelectionError::Nothing) } else { Ok(text) }
}

fn failed(error: impl std::fmt::Display) -> SelectionError {
    SelectionError::Failed(error.to_string())
}
