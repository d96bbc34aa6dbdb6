//! Lines out of a byte stream, of bounded length, wiped once they were read.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::{Zeroize, Zeroizing};

use crate::protocol::LINE_LIMIT;

/// What is held for a quiet peer, in bytes.
const SMALL: usize = 8 * 1024;

/// What comes out of the stream.
#[derive(Debug)]
pub(crate) enum Line<'a> {
    /// A line without its end.
    Text(&'a [u8]),
    /// A line longer than [`LINE_LIMIT`]; the stream is of no use any more.
    TooLong,
    /// The peer is done.
    End,
}

/// Reads lines; a line may hold a password, so nothing of it stays behind.
pub(crate) struct Lines<R> {
    from: R,
    held: Zeroizing<Vec<u8>>,
    /// The unread part is `start..end`.
    start: usize,
    end: usize,
    /// Up to here there is no line end.
    searched: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, held: Zeroizing::new(vec![0; SMALL]), start: 0, end: 0, searched: 0 }
    }

    /// The next line. Nothing is lost when the future is dropped before it is done.
    pub(crate) async fn next(&mut self) -> io::Result<Line<'_>> {
        self.wipe();
        loop {
            if let Some(length) = self.held[self.searched..self.end].iter().position(|&byte| byte == b'\n') {
                let line = self.start..self.searched + length;
                self.start = line.end + 1;
                self.searched = self.start;
                return if line.len() > LINE_LIMIT { Ok(Line::TooLong) } else { Ok(Line::Text(&self.held[line])) };
            }
            self.searched = self.end;
            if self.end - self.start > LINE_LIMIT {
                return Ok(Line::TooLong);
            }
            self.make_room();
            let read = self.from.read(&mut self.held[self.end..]).await?;
            if read == 0 {
                let line = self.start..self.end;
                self.start = self.end;
                return if line.is_empty() { Ok(Line::End) } else { Ok(Line::Text(&self.held[line])) };
            }
            self.end += read;
        }
    }

    /// Wipes what was given out before, and lets a large buffer go.
    fn wipe(&mut self) {
        self.held[..self.start].zeroize();
        if self.start == self.end {
            (self.start, self.end, self.searched) = (0, 0, 0);
            if self.held.len() > SMALL {
                self.held = Zeroizing::new(vec![0; SMALL]);
            }
        }
    }

    fn make_room(&mut self) {
        if self.end < self.held.len() {
            return;
        }
        let unread = self.start..self.end;
        if unread.len() > self.held.len() / 2 {
            let mut larger = Zeroizing::new(vec![0; (self.held.len() * 2).min(LINE_LIMIT + SMALL)]);
            larger[..unread.len()].copy_from_slice(&self.held[unread.clone()]);
            self.held = larger;
        } else {
            self.held.copy_within(unread.clone(), 0);
            self.held[unread.len()..].zeroize();
        }
        (self.start, self.end, self.searched) = (0, unread.len(), unread.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_lengths_come_out_whole_and_leave_nothing_behind() {
        let mut sent = Vec::new();
        let lengths = [0, 1, SMALL - 1, SMALL, SMALL + 1, 3, LINE_LIMIT, 7, 5000, 5000, 5000];
        for (index, length) in lengths.iter().enumerate() {
            sent.extend(std::iter::repeat_n(b'a' + u8::try_from(index).expect("few lines"), *length));
            sent.push(b'\n');
        }
        sent.extend_from_slice(b"no end");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut lines = Lines::new(sent.as_slice());
            for length in lengths {
                let Line::Text(line) = lines.next().await.expect("a slice never fails") else { panic!("a line of {length}") };
                assert_eq!(line.len(), length);
            }
            assert!(matches!(lines.next().await, Ok(Line::Text(b"no end"))));
            assert!(matches!(lines.next().await, Ok(Line::End)));
            assert!(lines.held.iter().all(|&byte| byte == 0));
        });
    }

    #[test]
    fn a_line_over_the_limit_is_noticed_before_it_is_whole() {
        let sent = vec![b'x'; LINE_LIMIT + 2 * SMALL];
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            assert!(matches!(Lines::new(sent.as_slice()).next().await, Ok(Line::TooLong)));
        });
    }
}
