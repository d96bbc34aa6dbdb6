//! Own do-not-disturb: set, read back, and read again where no frame tells it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use phone_core::request::OwnPresence;
use phone_core::told::RequestId;
use phone_core::{Now, Reason, Secret};
use serde_json::json;

use super::remote_call;
use super::rest::{self, Said, said};
use super::{Ask, Fetch, Generation, Phase, Vodia};
use crate::dialect::{Effects, HttpAnswer, Random};
use crate::open::End;

/// Least time between two readings; somebody may have set it at the phone meanwhile.
const PACE: Duration = Duration::from_secs(45);
/// What is added at most, so that the desks of a company do not ask together.
const SPREAD: Duration = Duration::from_secs(30);
/// So many readings in a row may fail before nobody knows it any more.
const MOST_MISSED: u32 = 2;

/// How own do-not-disturb is followed.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// A frame has told it, so frames tell its changes.
    told_by_frames: bool,
    /// When it is read again.
    pub at: Option<Instant>,
    missed: u32,
    /// This desk's share of [`SPREAD`].
    share: f64,
}

impl Reading {
    /// Draws the share of this desk.
    pub fn draw(&mut self, random: &mut dyn Random) {
        self.share = random.unit().clamp(0.0, 1.0);
    }

    /// Forgets what belongs to one attempt.
    pub fn forget(&mut self) {
        *self = Self { share: self.share, ..Self::default() };
    }

    /// A frame told it.
    pub fn told(&mut self) {
        self.told_by_frames = true;
    }

    fn next(&self, now: Instant) -> Instant {
        now + PACE + SPREAD.mul_f64(self.share)
    }
}

impl Vodia {
    /// Reads it for the first time, and from then on at a slow pace.
    pub(super) fn follow_dnd(&mut self, now: Now, out: &mut Effects) {
        self.ask(Fetch::Dnd, out);
        self.dnd.at = Some(self.dnd.next(now.mono));
    }

    /// Reads it again, unless frames tell it or an answer about it is awaited anyway.
    pub(super) fn read_dnd_again(&mut self, now: Now, out: &mut Effects) {
        self.dnd.at = None;
        if self.dnd.told_by_frames || self.phase != Phase::Live {
            return;
        }
        self.dnd.at = Some(self.dnd.next(now.mono));
        let awaited = |ask: &Ask| matches!(ask, Ask::Fetch(Fetch::Dnd) | Ask::SetDnd(..) | Ask::CheckDnd(..));
        if self.has_dnd && !self.asked.values().any(awaited) {
            self.ask(Fetch::Dnd, out);
        }
    }

    /// It was read.
    pub(super) fn dnd_is(&mut self, on: bool, out: &mut Effects) {
        self.has_dnd = true;
        self.dnd.missed = 0;
        let user = self.user.clone();
        self.accounts.set_dnd(&user, on);
        self.tell_own(out);
    }

    /// It could not be read: what was read last is soon not known to be true any more.
    pub(super) fn dnd_missed(&mut self, out: &mut Effects) {
        self.dnd.missed += 1;
        if self.dnd.missed >= MOST_MISSED && !self.dnd.told_by_frames {
            self.accounts.forget_dnd(&self.user);
            self.tell_own(out);
        }
    }

    /// Method for changing do-not-disturb, and where it is read.
    pub(super) fn dnd_resource(&self) -> (&'static str, String) {
        let account = self.account_path();
        match self.generation {
            Generation::Subscribe => ("POST", format!("/rest/user/{account}/dnd")),
            Generation::ClickToDial => {
                let domain = remote_call::encode(self.domain.as_deref().unwrap_or_default());
                ("POST", format!("/rest/domain/{domain}/account/{}/user_settings?name=dnd", remote_call::encode(&self.user)))
            }
            Generation::Attendant => ("PUT", "/rest/domain/self/account/self/user_settings?name=dnd".to_owned()),
        }
    }

    pub(super) fn set_presence(
        &mut self,
        request: RequestId,
        presence: OwnPresence,
        until: Option<Timestamp>,
        note: Option<&str>,
        now: Now,
        out: &mut Effects,
    ) {
        let on = match presence {
            OwnPresence::Dnd => true,
            OwnPresence::Available => false,
            OwnPresence::Away | OwnPresence::Busy => return self.refused(request, Reason::Unsupported, out),
        };
        let (method, path) = self.dnd_resource();
        let body = if self.generation == Generation::Subscribe {
            let mut body = json!({ "state": on });
            if let Some(map) = body.as_object_mut() {
                if let Some(note) = note {
                    map.insert("reason".into(), note.into());
                }
                if let Some(until) = until {
                    let seconds = until.duration_since(now.wall).as_secs().max(1);
                    map.insert("expires".into(), seconds.to_string().into());
                }
            }
            body
        } else {
            if until.is_some() || note.is_some() {
                // Without its end it would stay on for ever, and without its note nobody reads why: neither was asked.
                return self.refused(request, Reason::NoEndOrNote, out);
            }
            json!({ "table": "users", "settings": [{ "name": "dnd", "value": if on { "true" } else { "false" } }] })
        };
        let path = path.trim_end_matches("?name=dnd").to_owned();
        if self.has_dnd {
            // An answer from before the change would be told after it.
            self.asked.retain(|ask| !matches!(ask, Ask::Fetch(Fetch::Dnd)));
        }
        self.http(Ask::SetDnd(request, on), method, &path, Some(Secret::new(body.to_string())), out);
    }

    pub(super) fn dnd_set(&mut self, request: RequestId, wanted: bool, answer: Result<HttpAnswer, Reason>, out: &mut Effects) {
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) && said(answer.body.expose()) != Said::No => {
                let (_, path) = self.dnd_resource();
                self.http(Ask::CheckDnd(request, wanted), "GET", &path, None, out);
            }
            Ok(answer) if answer.status == 401 => {
                self.refused(request, Reason::RefusedByPbx("HTTP 401".into()), out);
                self.session_over(out);
            }
            Ok(answer) => self.refused(request, Reason::RefusedByPbx(format!("HTTP {}", answer.status)), out),
            Err(_) => self.open.end(request, End::Unclear, out),
        }
    }

    pub(super) fn dnd_checked(
        &mut self,
        request: RequestId,
        wanted: bool,
        answer: Result<HttpAnswer, Reason>,
        out: &mut Effects,
    ) {
        let read = answer.ok().filter(|a| (200..300).contains(&a.status)).and_then(|a| rest::dnd(a.body.expose()));
        match read {
            Some(on) => {
                self.dnd_is(on, out);
                if on == wanted {
                    self.open.end(request, End::Done, out);
                } else {
                    self.refused(request, Reason::RefusedByPbx("the setting did not change".into()), out);
                }
            }
            None => self.open.end(request, End::Unclear, out),
        }
    }
}
