//! Reads what one client asks and has it done, several requests at once.

use std::sync::Arc;
use std::time::Duration;

use phone_core::{Reason, Trouble};
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::hall::Seat;
use super::pump::{Out, Pump};
use super::understand::{Wanted, perform, understand};
use super::{Limits, Phone};
use crate::clock;
use crate::line::{Line, Lines};
use crate::message::{self, INVALID_REQUEST, Incoming, Refusal};
use crate::protocol::LINE_LIMIT;
use crate::transport::{Reader, Writer};

/// How many answers may wait for the writer.
const ANSWERS: usize = 32;

/// One request out of a line.
struct Call {
    id: Option<Box<RawValue>>,
    wanted: Result<Wanted, Refusal>,
    not_after_ms: Option<u64>,
}

/// All requests of one line.
enum Calls {
    One(Box<Call>),
    Batch(Vec<Call>),
}

impl Calls {
    fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Batch(calls) => calls.len(),
        }
    }
}

/// How many requests a client has left in this second.
struct Pace {
    of: usize,
    left: usize,
    since: Instant,
}

impl Pace {
    /// Waits until so many requests may be made; in the meantime nothing is read from the client.
    async fn wait_for(&mut self, count: usize) {
        let next = self.since + Duration::from_secs(1);
        if self.left < count {
            tokio::time::sleep_until(next).await;
        }
        if Instant::now() >= next {
            (self.left, self.since) = (self.of, Instant::now());
        }
        self.left = self.left.saturating_sub(count);
    }
}

/// What is remembered of a client between its requests.
#[derive(Default)]
pub(super) struct Guest {
    pub(super) display: Option<String>,
    /// It speaks another generation of the protocol; nothing more is done for it.
    pub(super) foreign: bool,
}

/// Serves one client until it leaves, misbehaves or stops reading.
pub(super) async fn run<P: Phone>(phone: Arc<P>, reader: Reader, writer: Writer, limits: Limits, seat: Seat) {
    let seat = Arc::new(seat);
    let (out, outs) = mpsc::channel(ANSWERS);
    let farewell = out.downgrade();
    let reading = async {
        read(phone.clone(), reader, out, limits, seat.clone()).await;
        // The writer ends by itself once it has written the last answer.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = Pump::new(phone.clone(), writer, outs, limits.stall).run() => {}
        () = reading => {}
        () = leaving(&seat, farewell, limits) => {}
    }
    tracing::debug!("a client left");
}

/// Waits until the client has to give way, tells it so, and gives it a moment to read that.
async fn leaving(seat: &Seat, out: mpsc::WeakSender<Out>, limits: Limits) {
    seat.sent_away().await;
    if let Some(out) = out.upgrade() {
        let line = message::answer(None, Err(Refusal::from(gave_way())));
        // One that reads nothing is not told.
        out.try_send(Out { line, close: true, ..Out::default() }).ok();
    }
    tokio::time::sleep(limits.stall).await;
}

async fn read<P: Phone>(phone: Arc<P>, reader: Reader, out: mpsc::Sender<Out>, limits: Limits, seat: Arc<Seat>) {
    let mut lines = Lines::new(reader);
    let mut guest = Guest::default();
    let mut running = JoinSet::new();
    let mut pace = Pace { of: limits.per_second, left: limits.per_second, since: Instant::now() };
    let (mut spoke, mut sits) = (false, false);
    loop {
        // Who connects and says nothing takes a place away from somebody who has something to say.
        let next = if spoke {
            lines.next().await
        } else {
            match tokio::time::timeout(limits.stall, lines.next()).await {
                Ok(next) => next,
                Err(_) => break,
            }
        };
        spoke = true;
        let calls = match next {
            Ok(Line::Text(text)) if text.trim_ascii().is_empty() => continue,
            Ok(Line::Text(text)) => read_line(text, &mut guest),
            Ok(Line::TooLong) => {
                let refusal = Refusal::of(INVALID_REQUEST, "a line is longer than 1 MiB");
                out.send(Out { line: message::answer(None, Err(refusal)), close: true, ..Out::default() }).await.ok();
                break;
            }
            Ok(Line::End) | Err(_) => break,
        };
        if !sits && !seat.sit().await {
            let refusal = Refusal::from(full());
            out.send(Out { line: message::answer(None, Err(refusal)), close: true, ..Out::default() }).await.ok();
            break;
        }
        sits = true;
        seat.asks();
        pace.wait_for(calls.count()).await;
        while running.try_join_next().is_some() {}
        while running.len() >= limits.at_once {
            running.join_next().await;
        }
        let (phone, out, seat) = (phone.clone(), out.clone(), seat.clone());
        running.spawn(async move {
            let answer = fulfil(&*phone, calls).await;
            seat.answered(&answer.follow);
            out.send(answer).await.ok();
        });
        if guest.foreign {
            break;
        }
    }
    while running.join_next().await.is_some() {}
}

fn read_line(text: &[u8], guest: &mut Guest) -> Calls {
    let broken = |refusal| Call { id: Some(RawValue::NULL.to_owned()), wanted: Err(refusal), not_after_ms: None };
    let call = |text: &[u8], guest: &mut Guest| match Incoming::read(text) {
        Ok(incoming) => Call {
            id: incoming.id.map(ToOwned::to_owned),
            wanted: understand(&incoming.method, incoming.params, guest),
            not_after_ms: incoming.not_after_ms,
        },
        Err(refusal) => broken(refusal),
    };
    if text.trim_ascii_start().first() != Some(&b'[') {
        return Calls::One(Box::new(call(text, guest)));
    }
    match message::batch(text) {
        Ok(entries) => {
            let mut calls = vec![];
            for entry in entries {
                calls.push(call(entry.get().as_bytes(), guest));
                if guest.foreign {
                    break;
                }
            }
            Calls::Batch(calls)
        }
        Err(refusal) => Calls::One(Box::new(broken(refusal))),
    }
}

/// Does all of a line, in order, and puts the answer together; a notification gets none.
async fn fulfil<P: Phone>(phone: &P, calls: Calls) -> Out {
    let mut out = Out::default();
    match calls {
        Calls::One(call) => {
            if let Some(line) = fulfil_one(phone, *call, &mut out).await {
                out.line = line;
            }
        }
        Calls::Batch(calls) => {
            for call in calls {
                let id = call.id.clone();
                if let Some(mut line) = fulfil_one(phone, call, &mut out).await {
                    if out.line.len() + line.len() + 2 > LINE_LIMIT {
                        line = message::too_long(id.as_deref());
                    }
                    out.line.push(if out.line.is_empty() { b'[' } else { b',' });
                    out.line.extend_from_slice(&line);
                }
            }
            if !out.line.is_empty() {
                out.line.push(b']');
            }
        }
    }
    out
}

/// What a newcomer is told where nobody can give way.
fn full() -> Trouble {
    Trouble {
        text: "Too many programs are connected to Trayphone.".to_owned(),
        remedy: Some("End some of them and try again; nothing was done.".to_owned()),
        ..Reason::NotAvailable.into()
    }
}

/// What a client is told that had to give way.
fn gave_way() -> Trouble {
    Trouble {
        text: "Too many programs are connected to Trayphone, and this one had asked nothing for longest.".to_owned(),
        remedy: Some("End some of them, and connect again.".to_owned()),
        ..Reason::NotAvailable.into()
    }
}

fn too_late() -> Trouble {
    Trouble {
        text: "Trayphone came to this too late, so nothing was done.".to_owned(),
        remedy: Some("Ask again if it is still wanted.".to_owned()),
        ..Reason::NotAvailable.into()
    }
}

async fn fulfil_one<P: Phone>(phone: &P, call: Call, out: &mut Out) -> Option<Vec<u8>> {
    let result = match call.wanted {
        Ok(_) if call.not_after_ms.is_some_and(|limit| clock::now_ms() > limit) => Err(too_late().into()),
        Ok(wanted) => perform(phone, wanted, out).await,
        Err(refusal) => Err(refusal),
    };
    call.id.map(|id| message::answer(Some(&id), result))
}
