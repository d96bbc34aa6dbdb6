//! The key that the agent gives the window it starts: with it, and only with it, an emergency number gets its first press.
//!
//! It comes through standard input, because arguments and environment can be read by others. The page never sees it.

use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Map, Value};

/// Environment variable by which the agent says that it writes a key.
pub const VARIABLE: &str = "TRAYPHONE_WINDOW_KEY";
/// What it says then.
const WHERE: &str = "stdin";
/// The agent writes at once; a window that waits longer for it would be a window that does not open.
const PATIENCE: Duration = Duration::from_secs(1);
/// Hexadecimal digits of a key.
const DIGITS: usize = 32;

/// The key, and whether the agent has refused it.
pub struct WindowKey {
    key: String,
    refused: AtomicBool,
}

impl WindowKey {
    /// Reads the key if the agent says that it writes one; a window that somebody else has started has none.
    pub fn given() -> Self {
        let is_given = std::env::var_os(VARIABLE).is_some_and(|said| said == WHERE);
        let key = if is_given { read_within(std::io::stdin(), PATIENCE) } else { None };
        Self { key: key.unwrap_or_default(), refused: AtomicBool::new(false) }
    }

    /// Adds the key to a request of the page.
    pub fn sign(&self, params: &mut Map<String, Value>) {
        params.insert("window_key".to_owned(), Value::String(self.key.clone()));
    }

    /// The agent does not know the key: another agent has started this window, or none has.
    pub fn was_refused(&self) {
        self.refused.store(true, Ordering::SeqCst);
    }

    /// Whether only another window can help.
    pub fn is_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }
}

/// Reads a key from the first line, unless that takes too long.
fn read_within(from: impl Read + Send + 'static, patience: Duration) -> Option<String> {
    let (tell, told) = mpsc::sync_channel(1);
    // A reader cannot be called off; one that never ends is left to wait.
    let reader = std::thread::Builder::new().name("key".to_owned()).spawn(move || tell.send(read(from)));
    reader.ok().and_then(|_| told.recv_timeout(patience).ok()).flatten()
}

fn read(from: impl Read) -> Option<String> {
    let mut line = String::new();
    BufReader::new(from.take(DIGITS as u64 + 2)).read_line(&mut line).ok()?;
    let key = line.trim_end_matches(['\r', '\n']);
    (key.len() == DIGITS && key.bytes().all(|c| c.is_ascii_hexdigit())).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789ABCDEF";

    #[test]
    fn a_key_is_one_line_of_hexadecimal_digits_and_nothing_else() {
        assert_eq!(read(format!("{KEY}\n").as_bytes()).as_deref(), Some(KEY));
        assert_eq!(read(KEY.as_bytes()).as_deref(), Some(KEY));
        assert_eq!(read(format!("{KEY}0\n").as_bytes()), None);
        assert_eq!(read("\n".as_bytes()), None);
        assert_eq!(read(KEY.replace('0', "g").as_bytes()), None);
        assert_eq!(read(&[0xff_u8; 64][..]), None);
    }

    #[test]
    fn a_key_that_never_comes_holds_the_window_up_only_for_a_moment() {
        let (ours, _theirs) = UnixStream::pair().expect("two ends");
        assert_eq!(read_within(ours, Duration::from_millis(20)), None);
    }

    #[test]
    fn the_page_cannot_bring_a_key_of_its_own() {
        let key = WindowKey { key: KEY.to_owned(), refused: AtomicBool::new(false) };
        let mut params = Map::new();
        params.insert("window_key".to_owned(), Value::String("mine".to_owned()));
        key.sign(&mut params);
        assert_eq!(params["window_key"], KEY);
    }
}
