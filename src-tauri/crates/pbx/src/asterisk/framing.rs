//! Cuts the byte stream of the manager interface into its greeting and its packets.

use phone_core::Reason;

use crate::dialect::Framing;

/// Longest packet that is read. The list of all actions is the longest one of an honest server, with about 15 KB.
pub const MOST_BYTES: usize = 256 << 10;
/// Longest greeting; whatever is longer is none, but perhaps a page or an encrypted answer.
const MOST_GREETING: usize = 512;
/// Ends the greeting.
const LINE: &[u8] = b"\r\n";
/// Ends a packet. A bare line feed ends nothing: the answer to `Park` has one in its message.
const PACKET: &[u8] = b"\r\n\r\n";

/// One line of greeting, then packets that end with an empty line.
#[derive(Default)]
pub struct Packets {
    kept: Vec<u8>,
    /// How much of it was searched before, without an end in it.
    searched: usize,
    greeted: bool,
}

impl Packets {
    /// What ends the frame that arrives now.
    fn mark(&self) -> &'static [u8] {
        if self.greeted { PACKET } else { LINE }
    }

    /// Where the frame that begins there ends, once all of it is here.
    fn end(&self, begin: usize) -> Option<usize> {
        let mark = self.mark();
        // The mark itself may arrive in two pieces.
        let from = begin.max(self.searched.saturating_sub(mark.len() - 1));
        self.kept.get(from..)?.windows(mark.len()).position(|window| window == mark).map(|at| from + at)
    }
}

impl Framing for Packets {
    fn push(&mut self, bytes: &[u8], frame: &mut dyn FnMut(String)) -> Result<(), Reason> {
        self.kept.extend_from_slice(bytes);
        let mut begin = 0;
        while let Some(end) = self.end(begin) {
            let text = String::from_utf8_lossy(self.kept.get(begin..end).unwrap_or_default());
            // An empty line more than needed begins the next packet.
            let text = text.trim_start_matches("\r\n");
            if !text.is_empty() {
                frame(text.to_owned());
            }
            begin = end + self.mark().len();
            self.searched = begin;
            self.greeted = true;
        }
        self.kept.drain(..begin);
        self.searched = self.kept.len();
        if self.kept.len() > if self.greeted { MOST_BYTES } else { MOST_GREETING } {
            return Err(if self.greeted { Reason::MessageTooLong } else { Reason::NotAPbx });
        }
        Ok(())
    }
}
