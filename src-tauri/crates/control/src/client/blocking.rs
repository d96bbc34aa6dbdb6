//! One request without a runtime, for a program that hands over and ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use phone_core::{Reason, Trouble};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Heard, Incoming, hello, is_harmless, lost, not_reached, request, unanswered, understood};
use crate::clock;
use crate::protocol::{LINE_LIMIT, method};
use crate::transport::connect_blocking;

/// Says hello as `name`, asks for one method, and waits for its answer at most as long as `limit`.
///
/// The wish goes out only after the agent has answered the hello, and says until when it is meant: an agent that hangs,
/// or is stopped in between, must not find it later, when nobody means it any more.
///
/// # Errors
/// `no_agent` when nobody is there or whoever was ended before it was asked; what the agent says; `agent_hangs` when it does
/// not answer in time, and `outcome_unknown` when it does not do so after it was asked for something with an effect.
pub fn call(path: &Path, name: &str, method: &str, params: &impl Serialize, limit: Duration) -> Result<Box<RawValue>, Trouble> {
    let until = Instant::now() + limit;
    let mut stream = connect_blocking(path, limit).map_err(|error| not_reached(path, &error))?;
    let wish = request(WANTED, method, params, None, Some(clock::in_ms(limit)))?;
    stream.write_all(&request(HELLO, method::HELLO, &hello(name), None, None)?).map_err(|error| not_reached(path, &error))?;
    let mut sent = false;
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late(method, sent));
        }
        reader.get_ref().set_read_timeout(Some(left)).map_err(|_| ended(method, sent))?;
        line.clear();
        let read = (&mut reader).take(LINE_LIMIT as u64 + 1).read_until(b'\n', &mut line);
        match read {
            Ok(0) => return Err(ended(method, sent)),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return Err(late(method, sent));
            }
            Err(_) => return Err(ended(method, sent)),
        }
        if !sent && matches!(understood(&line), Some(Incoming::Answer(HELLO, Ok(_)))) {
            // What did not go out whole cannot be understood, so it was not sent.
            reader.get_mut().write_all(&wish).map_err(|error| not_reached(path, &error))?;
            sent = true;
            continue;
        }
        if let Some(answer) = answer(&line) {
            return answer;
        }
    }
}

/// Ids of the two requests.
const HELLO: u64 = 1;
const WANTED: u64 = 2;

/// The end of it, when this line is one: the answer, or an agent that refuses the hello.
fn answer(line: &[u8]) -> Option<Heard> {
    match understood(line)? {
        Incoming::Answer(WANTED, heard) => Some(heard),
        Incoming::Answer(HELLO, Err(trouble)) | Incoming::Farewell(trouble) => Some(Err(trouble)),
        Incoming::Answer(..) | Incoming::Notice(_) => None,
    }
}

/// What an agent that does not answer means for a wish that was sent, or was not.
fn late(method: &str, sent: bool) -> Trouble {
    if sent && !is_harmless(method) { unanswered() } else { Reason::AgentHangs.into() }
}

/// The same for an agent that ended: what was not sent, nobody has.
fn ended(method: &str, sent: bool) -> Trouble {
    if sent { lost(method) } else { Reason::NoAgent.into() }
}
