//! Whether the socket still lives: pings, and questions to servers that answer none.

use std::time::{Duration, Instant};

use phone_core::Now;

use super::{Ask, Fetch, Generation, PING, Phase, Vodia};
use crate::dialect::{Effect, Effects};

/// How long a ping may stay without an answer before another sign of life is asked for.
const PONG_WAIT: Duration = Duration::from_secs(4);
/// The same when the link asks whether it still stands, and will not wait long.
const PROBE_WAIT: Duration = Duration::from_millis(750);
/// When it is asked for once more; the link ends the waiting.
const LIFE_AGAIN: Duration = Duration::from_secs(2);

/// What is known of the life of one socket.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// It has answered a ping or a question, so one that it leaves unanswered means that it is dead.
    answers: bool,
    /// A question was asked, and what comes until then is taken for its answer.
    asked_until: Option<Instant>,
    /// When another sign of life is asked for.
    due: Option<Instant>,
}

impl Life {
    /// A frame arrived on the socket.
    pub fn heard(&mut self, now: Instant) {
        self.answers |= self.asked_until.take_if(|until| *until >= now).is_some();
        self.due = None;
    }

    /// A ping was answered.
    pub fn answered(&mut self) {
        *self = Self { answers: true, asked_until: None, due: None };
    }

    /// The server asks for a sign of life itself, which says nothing about what it answers.
    pub fn pinged(&mut self) {
        self.due = None;
    }

    /// When another sign of life is asked for.
    pub fn due_at(&self) -> Option<Instant> {
        self.due
    }
}

impl Vodia {
    /// The first ping, whose answer shows at once that this socket answers them.
    pub(super) fn first_ping(&mut self, now: Now, out: &mut Effects) {
        out.push(Effect::Ping(self.wire));
        self.ping_at = Some(now.mono + PING);
    }

    /// Pings when it is time to, and asks for another sign of life when no answer came.
    pub(super) fn watch_life(&mut self, now: Now, out: &mut Effects) {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        if is_due(self.ping_at) {
            out.push(Effect::Ping(self.wire));
            self.ping_at = Some(now.mono + PING);
            self.life.due.get_or_insert(now.mono + PONG_WAIT);
        }
        if is_due(self.life.due) {
            self.life.due = None;
            if self.phase == Phase::Live {
                self.ask_for_life(now, out);
            }
        }
    }

    /// The link may be dead: asks for a sign of life, and soon for another one.
    pub(super) fn probe(&mut self, now: Now, out: &mut Effects) {
        if self.phase != Phase::Live {
            return;
        }
        out.push(Effect::Ping(self.wire));
        self.ping_at = Some(now.mono + PING);
        let soon = now.mono + PROBE_WAIT;
        self.life.due = Some(self.life.due.map_or(soon, |at| at.min(soon)));
    }

    /// Asks a server that left a ping unanswered something that it has to answer.
    ///
    /// Old servers answer `get-calls`; of the newer ones `ringtones` is documented, and a subscription may be told the
    /// calls again. Whoever has ever answered on this socket is dead when it does not any more, whatever works beside it.
    /// Only a socket that has answered neither pings nor questions is vouched for by the REST resource, and only while
    /// that shows the same calls as the socket did.
    fn ask_for_life(&mut self, now: Now, out: &mut Effects) {
        let again = now.mono + LIFE_AGAIN;
        (self.life.due, self.life.asked_until) = (Some(again), Some(again));
        self.action("get-calls", "", out);
        if self.generation == Generation::Subscribe {
            self.action("own-calls", r#","subscribe":true"#, out);
            self.action("ringtones", "", out);
        }
        let asked = self.asked.values().any(|ask| matches!(ask, Ask::Fetch(Fetch::SignOfLife)));
        let by_rest = self.generation == Generation::Subscribe || !self.has_call_frames;
        if by_rest && !asked && !self.life.answers {
            self.ask(Fetch::SignOfLife, out);
        }
    }

    /// REST shows the same calls as the socket did.
    pub(super) fn rest_agrees(&mut self, out: &mut Effects) {
        if !self.life.answers {
            self.life.due = None;
            out.push(Effect::Alive);
        }
    }
}
