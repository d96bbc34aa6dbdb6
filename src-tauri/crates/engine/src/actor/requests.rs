//! What people and scripts ask, each request to its one answer.

use std::fmt::Write as _;

use phone_core::call::Outcome;
use phone_core::link::LinkInput;
use phone_core::model::LinkRules;
use phone_core::people::Changes;
use phone_core::request::{Answer, Check, Reply, Request};
use phone_core::view::{CallRecord, LinkName};
use phone_core::{AccountName, DesktopSettings, PersonKind, Reason, Trouble, plain_fingerprint};
use tokio::sync::oneshot;

use super::{Actor, Inner, KeptFrame, SecretState, now, vault};
use crate::Asked;

/// Most people or calls of one page.
const LARGEST_PAGE: usize = 500;
/// A clock that is further off makes sign-ins and histories wrong.
const CLOCK_OFF_S: i64 = 120;

/// What the settings say about links.
pub(super) fn link_rules(settings: &DesktopSettings) -> LinkRules {
    LinkRules { ask: settings.ask_links, always: settings.always_dial.clone() }
}

impl Actor {
    pub(super) fn asked(&mut self, asked: Asked) {
        match asked {
            Asked::Request(request, answer) => self.request(request, answer),
            Asked::System(event) => self.system(event),
            Asked::Desktop(change, answer) => {
                change(&mut self.settings.desktop);
                self.model.set_link_rules(link_rules(&self.settings.desktop));
                self.desktop.send_replace(self.settings.desktop.clone());
                self.save_and_answer(answer);
            }
            Asked::Hint(hint, shown) => {
                self.model.hint(hint, shown);
                self.changed = true;
            }
        }
    }

    fn request(&mut self, request: Request, answer: oneshot::Sender<Answer>) {
        let reply = match request {
            Request::GetView => {
                self.publish();
                Ok(Reply::View(self.view.borrow().clone()))
            }
            Request::People { offset, limit, all, filter } => Ok(self.people_page(offset, limit, all, filter.as_deref())),
            Request::PeopleSince(since) => {
                let changed = match self.model.people.changes_since(since) {
                    Changes::Whole => None,
                    Changes::Some(people) => Some(people),
                };
                Ok(Reply::PeopleChanged { revision: self.model.people.revision(), changed })
            }
            Request::History { missed, limit, filter } => Ok(Reply::History(self.history_page(missed, limit, filter.as_deref()))),
            Request::MissedSeen => {
                self.model.missed_seen();
                self.marks.missed_seen_until = now().wall;
                self.save_marks();
                self.changed = true;
                Ok(Reply::Done)
            }
            Request::Dial { text, account, source, yes } => {
                let id = self.pending(answer);
                let begun = self.model.dial(id, &text, account.as_ref(), source, yes, now());
                self.numbers_used();
                return self.begun(id, begun);
            }
            Request::PrepareEmergency { text, account, token } => {
                let ready = self.model.prepare_emergency(&text, account.as_ref(), token, now());
                self.numbers_used();
                ready.map(Reply::Text).map_err(Trouble::from)
            }
            Request::DialEmergency(token) => {
                let id = self.pending(answer);
                let begun = self.model.dial_emergency(id, &token, now());
                return self.begun(id, begun);
            }
            Request::Numbers { text, account, source } => {
                let found = self.model.numbers_in(&text, account.as_ref(), source);
                self.numbers_used();
                found.map(Reply::Numbers).map_err(Trouble::from)
            }
            Request::Answer(call) => {
                let id = self.pending(answer);
                let begun = self.model.answer(id, call.as_ref(), now());
                return self.begun(id, begun);
            }
            Request::HangUp(call) => {
                let id = self.pending(answer);
                let begun = self.model.hang_up(id, call.as_ref(), now());
                return self.begun(id, begun);
            }
            Request::Hold(call) => {
                let id = self.pending(answer);
                let begun = self.model.hold(id, call.as_ref(), now());
                return self.begun(id, begun);
            }
            Request::Resume(call) => {
                let id = self.pending(answer);
                let begun = self.model.resume(id, call.as_ref(), now());
                return self.begun(id, begun);
            }
            Request::Dtmf(call, digits) => {
                let id = self.pending(answer);
                let begun = self.model.dtmf(id, &call, &digits, now());
                return self.begun(id, begun);
            }
            Request::Transfer(call, target) => {
                let id = self.pending(answer);
                let begun = self.model.transfer(id, &call, &target, now());
                self.numbers_used();
                return self.begun(id, begun);
            }
            Request::Park(call) => {
                let id = self.pending(answer);
                let begun = self.model.park(id, &call, now());
                return self.begun(id, begun);
            }
            Request::PickUp { from, account } => {
                let id = self.pending(answer);
                let begun = self.model.pick_up(id, &from, account.as_ref(), now());
                return self.begun(id, begun);
            }
            Request::SetPresence { account, presence, until, note } => {
                return self.set_presence(account, presence, until, note, answer);
            }
            Request::AddAccount { mut config, secret } => {
                if let Some(pin) = &config.pin {
                    match plain_fingerprint(pin) {
                        Some(plain) => config.pin = Some(plain),
                        None => {
                            answer.send(Err(Reason::WrongUsage("a fingerprint has 32 bytes in hex".into()).into())).ok();
                            return;
                        }
                    }
                }
                return self.add_account(*config, secret, answer);
            }
            Request::SetSecret { account, secret } => match self.known(&account) {
                Ok(()) => {
                    self.typed(&account, &secret);
                    self.waiting.push(super::Waiting {
                        account: account.clone(),
                        until: now().mono + super::accounts::SIGN_IN_WAIT,
                        answer,
                    });
                    return self.sign_in_with(&account, Some(secret));
                }
                Err(trouble) => Err(trouble),
            },
            Request::RemoveAccount(name) => return self.remove_account(&name, answer),
            Request::TestAccount(name) => return self.test_account(&name, answer),
            Request::AcceptCertificate { account, sha256 } => return self.accept_certificate(&account, &sha256, answer),
            Request::RetryNow(name) => {
                self.retry_now(name.as_ref());
                Ok(Reply::Done)
            }
            Request::SignOut(name) => self.known(&name).map(|()| {
                if let Some(desk) = self.desks.get_mut(&name) {
                    desk.signed_out = true;
                }
                self.link(&name, LinkInput::SignOut(None));
                Reply::Done
            }),
            Request::SignIn(name) => self.sign_in(&name),
            Request::UnlockKeyring => {
                self.unlocking.push(answer);
                if self.unlocking.len() == 1 {
                    let (vault, inner) = (vault(&self.options), self.inner.clone());
                    tokio::spawn(async move {
                        let result = super::accounts::within(super::accounts::UNLOCK_LIMIT, vault.unlock()).await;
                        inner.send(Inner::Unlocked(result)).await.ok();
                    });
                }
                return;
            }
            Request::Diagnosis(name) => self.diagnosis(&name),
            Request::Checks => Ok(Reply::Checks(self.checks())),
        };
        answer.send(reply).ok();
    }

    fn known(&self, name: &AccountName) -> Result<(), phone_core::Trouble> {
        if self.desks.contains_key(name) { Ok(()) } else { Err(Reason::NoAccount.into()) }
    }

    /// Signs in because the user wants it; a secret that was refused is not sent again.
    fn sign_in(&mut self, name: &AccountName) -> Answer {
        let Some(desk) = self.desks.get_mut(name) else { return Err(Reason::NoAccount.into()) };
        if desk.is_refused() {
            return Err(Reason::CredentialsRefused.into());
        }
        desk.signed_out = false;
        if desk.link.is_up() {
            return Ok(Reply::Done);
        }
        match desk.secret {
            SecretState::Here => self.sign_in_anew(name),
            SecretState::Asked | SecretState::Missing => self.ask_secret(name),
        }
        Ok(Reply::Done)
    }

    /// Numbers a request whose answer comes later.
    fn pending(&mut self, answer: oneshot::Sender<Answer>) -> u64 {
        self.next_request += 1;
        self.answers.insert(self.next_request, answer);
        self.next_request
    }

    fn set_presence(
        &mut self,
        account: Option<AccountName>,
        presence: phone_core::request::OwnPresence,
        until: Option<jiff::Timestamp>,
        note: Option<String>,
        answer: oneshot::Sender<Answer>,
    ) {
        let names = match account {
            Some(name) => vec![name],
            None => self.model.accounts_with_dnd(),
        };
        if names.is_empty() {
            let online = self.desks.values().any(|desk| desk.link.is_online());
            let reason = match (self.desks.is_empty(), online) {
                (true, _) => Reason::NoAccount,
                (false, true) => Reason::Unsupported,
                (false, false) => Reason::Offline,
            };
            answer.send(Err(reason.into())).ok();
            return;
        }
        let whole = self.pending(answer);
        let parts: Vec<(u64, AccountName)> = names
            .into_iter()
            .map(|name| {
                self.next_request += 1;
                (self.next_request, name)
            })
            .collect();
        self.joint.insert(whole, parts.iter().map(|(id, _)| *id).collect());
        for (id, name) in parts {
            let begun = self.model.set_presence(id, &name, presence, until, note.clone(), now());
            self.begun(id, begun);
        }
    }

    fn people_page(&self, offset: usize, limit: usize, all: bool, filter: Option<&str>) -> Reply {
        let wanted = filter.map(str::to_lowercase).filter(|f| !f.is_empty());
        let fits = |person: &phone_core::Person| {
            let kind = all || person.kind == PersonKind::Person;
            let text = wanted.as_deref().is_none_or(|wanted| {
                person.number.contains(wanted) || person.name.as_deref().is_some_and(|name| name.to_lowercase().contains(wanted))
            });
            kind && text
        };
        let limit = limit.clamp(1, LARGEST_PAGE);
        if all && wanted.is_none() {
            let people = self.model.people.page(offset, limit);
            return Reply::People { revision: self.model.people.revision(), people, total: self.model.people.len() };
        }
        let mut total = 0;
        let mut people = vec![];
        for person in self.model.people.iter().filter(fits) {
            if total >= offset && people.len() < limit {
                people.push(person);
            }
            total += 1;
        }
        Reply::People { revision: self.model.people.revision(), people, total }
    }

    fn history_page(&self, missed: bool, limit: usize, filter: Option<&str>) -> Vec<CallRecord> {
        let told: Vec<CallRecord> = self.desks.values().flat_map(|d| d.past.iter().cloned()).collect();
        let wanted = filter.map(str::to_lowercase).filter(|f| !f.is_empty());
        let fits = |call: &CallRecord| {
            let text = wanted.as_deref().is_none_or(|wanted| {
                let has = |part: &Option<String>| part.as_deref().is_some_and(|t| t.to_lowercase().contains(wanted));
                has(&call.remote.number) || has(&call.remote.name)
            });
            (!missed || call.outcome == Outcome::Missed) && text
        };
        self.history.joined(&told).into_iter().filter(fits).take(limit.clamp(1, LARGEST_PAGE)).collect()
    }

    /// What was seen on the wire last, without people and secrets.
    fn diagnosis(&self, name: &AccountName) -> Answer {
        let Some(desk) = self.desks.get(name) else { return Err(Reason::NoAccount.into()) };
        let mut text = String::new();
        let account = self.model.account(name);
        writeln!(text, "Trayphone {}", env!("CARGO_PKG_VERSION")).ok();
        if let Some(account) = account {
            let server = account.server.as_deref().unwrap_or("unknown");
            writeln!(text, "kind {} server {server} dialect {}", account.kind, account.dialect.as_deref().unwrap_or("unknown"))
                .ok();
            writeln!(text, "link {:?} {}", account.link, account.why.map(|w| w.text).unwrap_or_default()).ok();
        }
        writeln!(text, "attempts {} skipped frames {} clock ahead {:?} s", desk.attempt, desk.skipped, desk.clock_ahead).ok();
        let words = phone_pbx::words(&desk.config.kind);
        for frame in &desk.frames {
            match frame {
                KeptFrame::Shown { way, length, beginning } => {
                    writeln!(text, "{way} {}", phone_pbx::redact::redact(beginning, *length, words)).ok();
                }
                KeptFrame::Hidden => {
                    writeln!(text, "> <a frame with a credential>").ok();
                }
            }
        }
        Ok(Reply::Text(text))
    }

    /// The engine's part of the self-examination.
    fn checks(&self) -> Vec<Check> {
        let mut checks = vec![];
        for (name, begin) in [("settings", "settings_"), ("history", "history_")] {
            for hint in self.model.hints().iter().filter(|hint| hint.about.starts_with(begin)) {
                checks.push(Check::problem(name, &hint.text, hint.remedy.as_deref().unwrap_or_default()));
            }
        }
        if self.desks.is_empty() {
            checks.push(Check::problem("account", Reason::NoAccount.text(), Reason::NoAccount.advice()));
            checks.push(Check::fine("clock", "Not compared: without an account there is no PBX to ask."));
        }
        for (name, desk) in &self.desks {
            let view = self.model.account(name);
            let online = view.as_ref().is_some_and(|v| v.link == LinkName::Online);
            let check = match desk.link.why() {
                Some(why) => Check::problem(&format!("pbx {name}"), why.text(), why.advice()),
                None if online => Check::fine(&format!("pbx {name}"), "Signed in and live."),
                None => Check::problem(&format!("pbx {name}"), "Not connected yet.", "Trayphone tries by itself."),
            };
            checks.push(check);
            if let Some(ahead) = desk.clock_ahead {
                checks.push(if ahead.abs() > CLOCK_OFF_S {
                    let text = format!("This machine's clock and that of the PBX differ by {} s.", ahead.abs());
                    Check::problem(&format!("clock {name}"), &text, "Set the clock, or tell the administrator of the PBX.")
                } else {
                    Check::fine(&format!("clock {name}"), "The clocks agree.")
                });
            } else {
                // Many a PBX never says what time it is; that is no fault, and the text claims nothing.
                checks.push(Check::fine(&format!("clock {name}"), "Not compared: the PBX has not said what time it is."));
            }
        }
        checks
    }
}
