//! A password from standard input, never from arguments or the environment.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use phone_core::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Longest password, in bytes.
const LONGEST: usize = 4096;

/// Reads the password; from a terminal one line that is not shown.
///
/// # Errors
/// Input that cannot be read, is empty, or is no text.
pub fn read() -> Result<Secret, Failure> {
    let unusable = |what: &str| Failure::usage(format!("the password on standard input {what}"));
    // One place of its final size, so that nothing of it stays behind elsewhere.
    let mut bytes = Zeroizing::new(vec![0; LONGEST + 2]);
    let input = io::stdin();
    let length = if input.is_terminal() {
        let hidden = Hidden::begin();
        write!(io::stderr(), "Password: ").ok();
        let length = line(&mut bytes).map_err(|_| unusable("cannot be read"))?;
        drop(hidden);
        writeln!(io::stderr()).ok();
        length
    } else {
        all(&mut bytes).map_err(|_| unusable("cannot be read"))?
    };
    let bytes = without_line_end(&bytes[..length]);
    if bytes.is_empty() {
        return Err(unusable("is empty"));
    }
    if bytes.len() > LONGEST {
        return Err(unusable("is too long"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| unusable("is not UTF-8"))?;
    Ok(Secret::new(text.to_owned()))
}

fn all(to: &mut [u8]) -> io::Result<usize> {
    // Not through the buffer of standard input, which nobody wipes.
    let mut input = unbuffered()?;
    let mut length = 0;
    while length < to.len() {
        match input.read(&mut to[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

fn unbuffered() -> io::Result<std::fs::File> {
    Ok(std::fs::File::from(rustix::io::dup(io::stdin())?))
}

fn line(to: &mut [u8]) -> io::Result<usize> {
    let mut text = Zeroizing::new(String::with_capacity(to.len()));
    io::stdin().lock().read_line(&mut text)?;
    let length = text.len().min(to.len());
    to[..length].copy_from_slice(&text.as_bytes()[..length]);
    Ok(length)
}

/// Drops one line end, and only one: a password may end with another.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes)
}

/// The terminal shows nothing of what is typed while this lives.
struct Hidden(Option<Termios>);

impl Hidden {
    fn begin() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            tcsetattr(io::stdin(), OptionalActions::Flush, &silent).ok();
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            tcsetattr(io::stdin(), OptionalActions::Flush, before).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_dropped() {
        assert_eq!(without_line_end(b"pw\n"), b"pw");
        assert_eq!(without_line_end(b"pw\r\n"), b"pw");
        assert_eq!(without_line_end(b"pw\n\n"), b"pw\n");
        assert_eq!(without_line_end(b" pw "), b" pw ");
    }
}
