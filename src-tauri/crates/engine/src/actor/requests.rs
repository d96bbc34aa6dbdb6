//! What people and scripts ask, each request to its one answer.

use std::fmt::Write as _;

use phone_core::link::LinkInput;
use phone_core::model::LinkRules;
use phone_core::people::Changes;
use phone_core::request::{Answer, Reply, Request};
use phone_core::{AccountName, DesktopSettings, PersonKind, Reason, Trouble, plain_fingerprint};
use tokio::sync::oneshot;

use super::{Actor, Inner, KeptFrame, SecretState, now, vault};
use crate::Asked;
use crate::disk::Question;

/// Most people of one page.
const LARGEST_PAGE: usize = 500;

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
                self.keep_history();
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
            Request::History(wanted) => return self.ask_for_calls(wanted, Question::Page, answer),
            Request::ExportHistory(wanted) => return self.ask_for_calls(wanted, Question::Table, answer),
            Request::DeleteCalls(which) => return self.ask_history(|told| Question::Delete(which, told), answer),
            Request::NoteCall(call, note) => return self.ask_history(|told| Question::Note(call, note, told), answer),
            Request::MissedSeen => {
                self.model.missed_seen();
                self.marks.missed_seen_until = now().wall;
                self.save_marks();
                self.look_at_history();
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
            Request::FetchParked(parked) => {
                let id = self.pending(answer);
                let begun = self.model.fetch_parked(id, &parked, now());
                return self.begun(id, begun);
            }
            Request::DismissParked(parked) => {
                self.changed = true;
                self.model.dismiss_parked(&parked).map(|()| Reply::Done).map_err(Trouble::from)
            }
            Request::PickUp { from, account } => {
                let id = self.pending(answer);
                let begun = self.model.pick_up(id, &from, account.as_ref(), now());
                return self.begun(id, begun);
            }
            Request::SetPresence { account, presence, until, note } => {
                return self.set_presence(account, presence, until, note, answer);
            }
            Request::SetForwarding { account, when, to, yes } => {
                let id = self.pending(answer);
                let begun = self.model.set_forwarding(id, account.as_ref(), when, to.as_deref(), &yes, now());
                self.numbers_used();
                return self.begun(id, begun);
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
}
