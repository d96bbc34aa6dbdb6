//! What the user wants, sent once by the one path chosen before.
//!
//! A path that a server refuses is remembered as unusable for the next time; the failed command is
//! told, not repeated by another path.

use std::time::Instant;

use jiff::Timestamp;
use phone_core::call::SeenState;
use phone_core::told::{Command, RequestId, Told};
use phone_core::{Direction, Now, Reason, Secret};
use serde_json::{Value, json};

use super::handover::Handover;
use super::legs::Listed;
use super::remote_call::{self, Edition};
use super::rest::{Said, said};
use super::signin::passing;
use super::{Ask, Generation, Path, Phase, Vodia};
use crate::dialect::{Effect, Effects, HttpAnswer, HttpRequest};
use crate::open::{End, Open};

/// What a command waits for, beside the calls, which the model looks at by itself.
pub(super) enum What {
    /// The answer of the server, or nothing yet.
    Sent,
    /// The phone is to react; when it was told to.
    Answer { key: String, sent_at: Instant },
    /// A sign that its calls were handed on.
    Handover(Handover),
}

impl Vodia {
    pub(super) fn command(&mut self, command: &Command, now: Now, out: &mut Effects) {
        if self.phase != Phase::Live {
            return out.tell(Told::Refused(command.request(), Reason::Offline));
        }
        self.open.look_after(command.request(), What::Sent);
        match command {
            Command::Dial { request, to } => self.dial(*request, to, now, out),
            Command::SetPresence { request, presence, until, note } => {
                self.set_presence(*request, *presence, *until, note.as_deref(), now, out);
            }
            Command::Dtmf { request, .. }
            | Command::Consult { request, .. }
            | Command::Park { request, .. }
            | Command::PickUp { request, .. }
            | Command::SetForwarding { request, .. } => self.refused(*request, Reason::Unsupported, out),
            Command::Answer { request, key }
            | Command::HangUp { request, key }
            | Command::Hold { request, key }
            | Command::Resume { request, key }
            | Command::TransferTo { request, key, .. }
            | Command::TransferJoin { request, key, .. } => {
                let Some(call) = self.calls.get(key) else { return self.refused(*request, Reason::NoSuchCall, out) };
                let path = self.control_path(name_of(command));
                if matches!(command, Command::Hold { .. } | Command::Resume { .. }) && path != Path::Rest {
                    let resumes = matches!(command, Command::Resume { .. });
                    // It was offered because REST has a resume of its own; the action that is left is a toggle.
                    if (resumes && call.seen.resume_is_safe) || !self.calls.holds.may_toggle(key) {
                        return self.refused(*request, Reason::HoldSideUnknown, out);
                    }
                    self.calls.holds.toggled(key, *request, resumes);
                } else if matches!(command, Command::Hold { .. }) {
                    self.calls.holds.told_to_hold(key, *request);
                }
                match path {
                    Path::Rest => {
                        let path = format!("/rest/user/{}/calls", self.account_path());
                        self.http(Ask::Find(command.clone()), "GET", &path, None, out);
                    }
                    Path::WebSocket | Path::RemoteCall => {
                        self.hands_over(command);
                        self.answers(command, now);
                        self.by_action(command, out);
                        self.heard_of(*request);
                    }
                }
            }
        }
    }

    /// Notes what a transfer is about, so that it can be told from a call that merely ends.
    fn hands_over(&mut self, command: &Command) {
        let (key, other, to) = if let Command::TransferTo { key, to, .. } = command {
            (key, None, Some(to))
        } else if let Command::TransferJoin { key, other, .. } = command {
            (key, Some(other), None)
        } else {
            return;
        };
        let other = other.and_then(|other| self.calls.get(other));
        let free_target = to.filter(|to| self.accounts.is_busy(to) == Some(false)).cloned();
        if let Some(call) = self.calls.get(key) {
            self.open.look_after(command.request(), What::Handover(Handover::of(call, other, free_target)));
        }
    }

    /// Notes that a phone is told to answer, which may show that it does not.
    fn answers(&mut self, command: &Command, now: Now) {
        if let Command::Answer { request, key } = command {
            self.open.look_after(*request, What::Answer { key: key.clone(), sent_at: now.mono });
        }
    }

    /// Tells which transfers are known to have had their effect.
    pub(super) fn tell_handovers(&mut self, out: &mut Effects) {
        let is_busy = |number: &str| self.accounts.is_busy(number) == Some(true);
        let is_done = |what: &What| matches!(what, What::Handover(handover) if handover.is_done(&self.calls.all, is_busy));
        while let Some(request) = self.open.find(is_done) {
            self.open.end(request, End::Done, out);
        }
    }

    /// Nothing more will be heard of a command but what the calls show, unless it waits for something of its own.
    pub(super) fn heard_of(&mut self, request: RequestId) {
        if let Some(What::Sent) = self.open.get_mut(request) {
            self.open.leave(request);
        }
    }

    /// The phone has reacted to what it was told, or its call is over.
    pub(super) fn look_at_answers(&mut self) {
        let has_reacted = |what: &What| match what {
            What::Answer { key, .. } => self.calls.get(key).is_none_or(|call| call.seen.state == SeenState::Connected),
            What::Sent | What::Handover(_) => false,
        };
        while let Some(request) = self.open.find(has_reacted) {
            self.open.leave(request);
        }
    }

    /// The path for everything but dialling: REST from 69 on, actions before, the other one when refused.
    pub(super) fn control_path(&self, name: &str) -> Path {
        let rest = format!("rest_{name}");
        if self.generation == Generation::Subscribe && !self.is_unusable(&rest) { Path::Rest } else { Path::WebSocket }
    }

    /// The path for dialling, chosen from what the server can, before anything is sent.
    pub(super) fn dial_path(&self) -> Path {
        if let Some(path) = self.keys.dial_path {
            return path;
        }
        let new = self.generation == Generation::Subscribe;
        // New servers have the resource unless they refused to read it; of older ones it is known once it answered.
        let rest = if new { self.rest_calls != Some(false) } else { self.rest_calls == Some(true) };
        // The actions are documented of older servers; a new one shows by answering an old question that it knows them.
        let socket = self.has_overview || (!new && self.has_call_frames);
        let rest = (rest, Path::Rest, "rest_dial");
        let socket = (socket, Path::WebSocket, "websocket_dial");
        let page = (true, Path::RemoteCall, "remote_call");
        let order = if new { [rest, socket, page] } else { [socket, rest, page] };
        let offered = || order.iter().filter(|(there, ..)| *there);
        // Where everything was refused once, the best of it may have been refused for a moment only.
        let usable = offered().find(|(_, _, name)| !self.is_unusable(name)).or_else(|| offered().next());
        usable.map_or(Path::RemoteCall, |(_, path, _)| *path)
    }

    fn dial(&mut self, request: RequestId, to: &str, now: Now, out: &mut Effects) {
        let path = self.dial_path();
        if path == Path::RemoteCall && self.secret.is_none() && self.session.is_none() {
            return self.refused(request, Reason::Unsupported, out);
        }
        self.calls.dialled(request, to, now.mono);
        match path {
            Path::WebSocket => {
                self.send(&json!({ "action": "make-call", "to": to }), out);
                self.heard_of(request);
            }
            Path::Rest => {
                let account = self.account_path();
                let body = json!({ "remote-dial": to, "name": to }).to_string();
                let path = format!("/rest/user/{account}/calls");
                let ask = Ask::Commanded { request, path: "rest_dial", key: None };
                self.http(ask, "POST", &path, Some(Secret::new(body)), out);
            }
            Path::RemoteCall => self.remote_call(request, to, now.wall, out),
        }
    }

    fn remote_call(&mut self, request: RequestId, to: &str, wall: Timestamp, out: &mut Effects) {
        let Some(url) = self.address("/remote_call.htm") else { return };
        let edition = match self.config.keys.get("remote_call_hash").map(String::as_str) {
            Some("old") => Edition::Old,
            Some("new") => Edition::New,
            // The duration was added in 2023, with 69 at the latest.
            _ if self.generation == Generation::Subscribe => Edition::New,
            _ => Edition::Old,
        };
        let query = match &self.secret {
            Some(secret) => remote_call::query(edition, &self.login(), secret, to, wall.as_second()),
            // With a session the destination is enough.
            None => Secret::new(format!("dest={}&connect=true", remote_call::encode(to))),
        };
        let id = self.asked.number(Ask::Commanded { request, path: "remote_call", key: None });
        out.push(Effect::Http(Box::new(HttpRequest {
            id,
            method: "GET",
            url,
            hidden_query: Some(query),
            headers: if self.secret.is_none() { self.credentials() } else { vec![] },
            body: None,
            want_cookie: None,
            most_bytes: 64 << 10,
            limit: super::HTTP_LIMIT,
            carries: Some(request),
        })));
    }

    fn send(&self, frame: &Value, out: &mut Effects) {
        out.push(Effect::Send(self.wire, frame.to_string()));
    }

    /// Sends a command about a call as an action message; ids always as text.
    fn by_action(&mut self, command: &Command, out: &mut Effects) {
        let Some(call) = command.key().and_then(|key| self.calls.get(key)) else { return };
        let id = &call.seen.key;
        let from = &call.remote_address;
        let frame = match command {
            Command::Answer { .. } => json!({ "action": "accept-call", "id": id }),
            Command::HangUp { .. } if self.generation == Generation::Attendant => {
                let connected = matches!(call.seen.state, SeenState::Connected | SeenState::Held(_));
                json!({ "action": "clear-call", "id": id, "connected": if connected { "true" } else { "false" } })
            }
            Command::HangUp { .. } => json!({ "action": "clear-call", "id": id }),
            // One toggle for both; the model lets only the right one through.
            Command::Hold { .. } | Command::Resume { .. } => json!({ "action": "hold-call", "id": id }),
            Command::TransferTo { to, .. } => json!({ "action": "blind-transfer", "id": id, "from": from, "to": to }),
            Command::TransferJoin { other, .. } => {
                let Some(second) = self.calls.get(other) else { return self.refused(command.request(), Reason::NoSuchCall, out) };
                // The held call is handed to the party of the active one.
                let (held, active) = if call.seen.state == SeenState::Connected { (second, call) } else { (call, second) };
                json!({ "action": "att-transfer", "id": held.seen.key, "from": held.remote_address,
                        "id2": active.seen.key, "to": active.remote_address })
            }
            Command::Dial { .. }
            | Command::Dtmf { .. }
            | Command::Consult { .. }
            | Command::Park { .. }
            | Command::PickUp { .. }
            | Command::SetPresence { .. }
            | Command::SetForwarding { .. } => return,
        };
        self.send(&frame, out);
    }

    /// The live legs are here: finds the one the command is about, and sends it by REST.
    pub(super) fn found(&mut self, command: &Command, answer: Result<HttpAnswer, Reason>, now: Now, out: &mut Effects) {
        let request = command.request();
        // What was not sent in time must not be sent late.
        if !self.open.has(request) {
            return;
        }
        let path = match name_of(command) {
            "answer" => "rest_answer",
            "hang_up" => "rest_hang_up",
            "hold" => "rest_hold",
            _ => "rest_transfer",
        };
        let legs = match self.listed(answer) {
            Listed::Legs(legs) => legs,
            Listed::Empty => return self.refused(request, Reason::NoSuchCall, out),
            Listed::Nothing => return self.refused(request, Reason::QuestionLost, out),
            Listed::Refused(status) => return self.rest_refused(request, path, status, now.wall, out),
        };
        self.rest_calls = Some(true);
        if let Command::Answer { key, .. } = command {
            match self.calls.get(key).map(|call| call.seen.state == SeenState::Connected) {
                None => return self.refused(request, Reason::NoSuchCall, out),
                // The calls show it, and nothing is to be sent any more.
                Some(true) => {
                    self.open.leave(request);
                    return;
                }
                Some(false) => {}
            }
        }
        let find = |key: &str| self.leg_of(key, &legs);
        let Some(id) = command.key().and_then(find) else {
            return self.refused(request, Reason::LegUnclear, out);
        };
        let rings = command
            .key()
            .and_then(|key| self.calls.get(key))
            .is_some_and(|c| c.seen.direction == Direction::Incoming && c.seen.state == SeenState::Ringing);
        let body = match command {
            Command::Answer { .. } => json!({ "remote-answer": id }),
            Command::HangUp { .. } if rings => json!({ "reject": id }),
            Command::HangUp { .. } => json!({ "hangup": id }),
            Command::Hold { .. } => json!({ "remote-hold": id }),
            Command::Resume { .. } => json!({ "remote-resume": id }),
            Command::TransferTo { to, .. } => json!({ "transfer": id, "number": to }),
            Command::TransferJoin { other, .. } => {
                let Some(second) = find(other) else {
                    return self.refused(request, Reason::LegUnclear, out);
                };
                json!({ "transfer": id, "id": second })
            }
            Command::Dial { .. }
            | Command::Dtmf { .. }
            | Command::Consult { .. }
            | Command::Park { .. }
            | Command::PickUp { .. }
            | Command::SetPresence { .. }
            | Command::SetForwarding { .. } => return,
        };
        // From here on, and not from the press, what the calls do can be its effect.
        self.hands_over(command);
        self.answers(command, now);
        let account = self.account_path();
        self.http(
            Ask::Commanded { request, path, key: command.key().map(str::to_owned) },
            "POST",
            &format!("/rest/user/{account}/calls"),
            Some(Secret::new(body.to_string())),
            out,
        );
    }

    /// The answer to a command sent by REST: only a clear no ends it, its effect is seen in the calls.
    pub(super) fn commanded(
        &mut self,
        request: RequestId,
        path: &'static str,
        key: Option<&str>,
        answer: Result<HttpAnswer, Reason>,
        now: Now,
        out: &mut Effects,
    ) {
        // Lost on the way: it may have arrived, so only its effect or the deadline can tell.
        let Ok(answer) = answer else { return };
        // The calls have shown already that it was handed on.
        if path == "rest_transfer" && !self.open.has(request) {
            return;
        }
        match (answer.status, said(answer.body.expose())) {
            (200..=299, Said::No) => self.refused(request, Reason::RefusedByPbx("answer: false".to_owned()), out),
            (200..=299, Said::Yes) => {
                if let Some(What::Handover(handover)) = self.open.get_mut(request) {
                    handover.accepted();
                }
            }
            // A page of somebody in between, or words that nobody has documented: the calls alone can tell.
            (200..=299, Said::Text(_) | Said::Page | Said::Other) | (300..=399, _) => {}
            // An error of its own may have come before or after the effect; only too many requests is a clear no.
            (status, _) if status != 429 && passing(status).is_some() => {}
            (404, _) => match key {
                // The resource listed the leg a moment ago, so it is there, and what is missing is the call.
                Some(key) if self.calls.get(key).is_none() => self.refused(request, Reason::NoSuchCall, out),
                // As long as it is shown, nobody may take it for over.
                Some(_) => self.refused(request, Reason::RefusedByPbx("HTTP 404".to_owned()), out),
                None => self.rest_refused(request, path, 404, now.wall, out),
            },
            (status, _) => self.rest_refused(request, path, status, now.wall, out),
        }
    }

    /// Nothing comes of this command.
    pub(super) fn refused(&mut self, request: RequestId, reason: Reason, out: &mut Effects) {
        self.calls.undialled(request);
        self.calls.holds.not_held(request);
        self.open.end(request, End::No(reason), out);
    }

    fn rest_refused(&mut self, request: RequestId, path: &str, status: u16, wall: Timestamp, out: &mut Effects) {
        self.refused(request, Reason::RefusedByPbx(format!("HTTP {status}")), out);
        if matches!(status, 404 | 405 | 501) {
            self.path_refused(path, wall, out);
        }
        // A refused click-to-dial hash says nothing about the session.
        if status == 401 && path != "remote_call" {
            self.session_over(out);
        }
    }

    /// A command had no effect in time: a phone that did not react to Answer is not asked again.
    pub(super) fn expired(&mut self, request: RequestId, out: &mut Effects) {
        self.calls.holds.expired(request);
        self.calls.holds.not_held(request);
        let Some(Open { what: What::Answer { sent_at, .. }, .. }) = self.open.leave(request) else { return };
        // A link that was silent itself says nothing about the phone.
        if self.heard_at.is_some_and(|at| at > sent_at) {
            self.no_answer = true;
            self.tell_abilities(out);
        }
    }
}

/// Hold and resume share a name, because a server has both or none.
fn name_of(command: &Command) -> &'static str {
    match command {
        Command::Answer { .. } => "answer",
        Command::HangUp { .. } => "hang_up",
        Command::Hold { .. } | Command::Resume { .. } => "hold",
        Command::TransferTo { .. } | Command::TransferJoin { .. } => "transfer",
        Command::Dial { .. } => "dial",
        Command::Dtmf { .. } => "dtmf",
        Command::Consult { .. } => "consult",
        Command::Park { .. } => "park",
        Command::PickUp { .. } => "pick_up",
        Command::SetPresence { .. } => "presence",
        Command::SetForwarding { .. } => "forwarding",
    }
}
