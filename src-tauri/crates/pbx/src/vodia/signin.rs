//! From nothing to an open user WebSocket: token exchange, password resource, Basic.
//!
//! Every method is tried once for a stored secret; a refusal is told and not repeated.

use phone_core::{Reason, Secret, is_loopback_host};
use zeroize::Zeroizing;

use super::remote_call::{encode, md5_hex};
use super::rest::{self, Said, said};
use super::{Ask, Generation, Phase, Step, Vodia};
use crate::dialect::{Effect, Effects, Header, HttpAnswer, HttpRequest, NotOpened, Wire};

impl Vodia {
    pub(super) fn start(&mut self, out: &mut Effects) {
        self.reset();
        self.phase = Phase::SigningIn;
        if self.config.url.scheme() == "http" && !is_loopback(&self.config.url) && !self.config.switch("allow_plain_http") {
            return self.fail(Reason::PlainRefused, None, out);
        }
        if self.session.is_some() && self.domain.is_some() {
            return self.open_socket(out);
        }
        self.session = None;
        self.sign_in(out);
    }

    fn sign_in(&mut self, out: &mut Effects) {
        self.phase = Phase::SigningIn;
        if let Some(page) = self.keys.token_url.clone() {
            if page.scheme() == "http" && !is_loopback(&page) && !self.config.switch("allow_plain_http") {
                return self.fail(Reason::PlainRefused, None, out);
            }
            let id = self.asked.number(Ask::SignIn(Step::TokenPage));
            out.push(Effect::Http(Box::new(HttpRequest {
                id,
                method: "GET",
                url: page,
                hidden_query: None,
                headers: vec![("Accept", Header::Plain("application/json".into()))],
                body: None,
                want_cookie: None,
                most_bytes: 64 << 10,
                limit: super::HTTP_LIMIT,
                carries: None,
            })));
        } else if self.secret.is_none() {
            self.fail(Reason::SecretMissing, None, out);
        } else if self.version_known {
            self.sign_in_by_generation(out);
        } else {
            self.http(Ask::SignIn(Step::Session), "GET", "/rest/system/session", None, out);
        }
    }

    /// The generation that counts: the user's choice, else what the version says.
    fn settle_generation(&mut self) {
        let by_version = self.learnt.server.as_deref().and_then(generation_of);
        self.version_known = by_version.is_some();
        self.generation = match (self.keys.dialect, by_version) {
            (Some(Generation::ClickToDial), Some(Generation::Attendant)) => Generation::Attendant,
            (Some(chosen), _) => chosen,
            (None, Some(known)) => known,
            (None, None) => Generation::ClickToDial,
        };
    }

    fn sign_in_by_generation(&mut self, out: &mut Effects) {
        self.settle_generation();
        let password_first = self.generation != Generation::Subscribe && !self.learnt.no_password_resource;
        if password_first { self.try_password(out) } else { self.try_basic(out) }
    }

    fn try_password(&mut self, out: &mut Effects) {
        self.phase = Phase::SigningIn;
        self.password_tried = true;
        let Some(secret) = &self.secret else { return self.fail(Reason::SecretMissing, None, out) };
        // An empty password is sent as empty text, not as its hash.
        let hash = Zeroizing::new(if secret.is_empty() { String::new() } else { md5_hex(secret.expose()) });
        let value = Zeroizing::new(format!("{} {}", self.login(), *hash));
        self.http(Ask::SignIn(Step::Password), "PUT", "/rest/system/session", session_body("auth", &value), out);
    }

    fn try_basic(&mut self, out: &mut Effects) {
        if self.domain.is_none() {
            return self.fail(Reason::TenantNeeded, None, out);
        }
        let path = format!("/rest/user/{}/calls", self.account_path());
        self.http(Ask::SignIn(Step::BasicCheck), "GET", &path, None, out);
    }

    pub(super) fn signing_in(&mut self, step: Step, answer: HttpAnswer, out: &mut Effects) {
        // The token page may stand on another server.
        let of_pbx = answer.server.as_deref().filter(|s| s.starts_with("PBX/") && step != Step::TokenPage);
        if let Some(server) = of_pbx {
            let generation = generation_of(server);
            let server = server.to_owned();
            self.learn(
                |learnt| {
                    // Another version may know what the old one refused.
                    if learnt.server.as_deref() != Some(&server) {
                        learnt.refused.clear();
                        learnt.no_password_resource = false;
                        learnt.root_path = generation == Some(Generation::Attendant);
                    }
                    learnt.server = Some(server);
                    learnt.generation = generation;
                },
                out,
            );
        }
        let busy = if answer.status == 407 { Some(Reason::ProxyNeedsSignIn) } else { passing(answer.status) };
        // The token page is another server; its troubles are its own.
        if let Some(reason) = busy.filter(|_| step != Step::TokenPage) {
            return self.fail(reason, answer.retry_after, out);
        }
        match step {
            Step::Session => self.session_probed(&answer, out),
            Step::Root => self.root_probed(&answer, out),
            Step::TokenPage => self.token_page(&answer, out),
            Step::Exchange => self.exchanged(answer, out),
            Step::Password => self.password_answered(answer, out),
            Step::BasicCheck => self.basic_answered(&answer, out),
            Step::Whoami => self.whoami(&answer, out),
        }
    }

    fn session_probed(&mut self, answer: &HttpAnswer, out: &mut Effects) {
        if self.learnt.server.is_some() {
            return self.sign_in_by_generation(out);
        }
        self.session_resource_seen = answer.status == 200 && looks_like_session(answer.body.expose());
        // Some answers lack the version; the start page carries it.
        self.http(Ask::SignIn(Step::Root), "GET", "/", None, out);
    }

    fn root_probed(&mut self, answer: &HttpAnswer, out: &mut Effects) {
        if self.session.is_some() {
            return self.with_session(out);
        }
        if self.learnt.server.is_some() || self.session_resource_seen {
            return self.sign_in_by_generation(out);
        }
        let page = said(answer.body.expose()) == Said::Page && (answer.status == 200 || (300..400).contains(&answer.status));
        // A sign-in page of a hotel network answers every address with a page or a redirect.
        let reason = if page && self.was_online { Reason::WebPageInstead } else { Reason::NotAPbx };
        self.fail(reason, None, out);
    }

    fn token_page(&mut self, answer: &HttpAnswer, out: &mut Effects) {
        let failed = Reason::TokenPageFailed(answer.status);
        let page: rest::TokenPage<'_> = match serde_json::from_str(answer.body.expose()) {
            Ok(page) if answer.status == 200 => page,
            _ => return self.fail(failed, None, out),
        };
        let Some(token) = page.session.text() else { return self.fail(failed, None, out) };
        if self.user.is_empty() {
            self.user = page.user.text().unwrap_or_default();
        }
        if self.domain.is_none() {
            self.domain = page.domain.text();
        }
        // The token is valid for ten seconds, so nothing is asked in between.
        let token = Zeroizing::new(token);
        self.http(Ask::SignIn(Step::Exchange), "POST", "/rest/system/session", session_body("session", &token), out);
    }

    fn exchanged(&mut self, answer: HttpAnswer, out: &mut Effects) {
        let accepted = answer.status == 200 && !matches!(said(answer.body.expose()), Said::No | Said::Page);
        match (accepted, answer.cookie) {
            (true, Some(session)) => self.signed_in(session, out),
            _ => self.fail(Reason::TokenPageFailed(answer.status), None, out),
        }
    }

    fn password_answered(&mut self, answer: HttpAnswer, out: &mut Effects) {
        let said = said(answer.body.expose());
        let after_basic = self.basic;
        match (answer.status, said) {
            (200..=299, Said::No) => self.fail(Reason::SignInDenied, None, out),
            (200..=299, Said::Text(session)) => {
                let session = answer.cookie.unwrap_or_else(|| Secret::new(session));
                self.signed_in(session, out);
            }
            (200..=299, Said::Yes | Said::Other) if answer.cookie.is_some() => {
                if let Some(session) = answer.cookie {
                    self.signed_in(session, out);
                }
            }
            (401, _) => self.fail(Reason::CredentialsRefused, None, out),
            (403, _) => self.fail(Reason::ApiSwitchedOff, None, out),
            // A redirect comes from a network that wants a sign-in of its own.
            (200..=299, Said::Page) | (300..=399, _) => self.fail(Reason::WebPageInstead, None, out),
            // The resource is not there; Basic is, or nothing is.
            (_, _) if !after_basic => {
                // Remembered only when Basic is accepted then: a front server may answer this while the PBX starts.
                self.try_basic(out);
            }
            (status, _) => self.fail(Reason::WebSocketRefused(status), None, out),
        }
    }

    fn basic_answered(&mut self, answer: &HttpAnswer, out: &mut Effects) {
        match (answer.status, said(answer.body.expose())) {
            (401, _) => self.fail(Reason::CredentialsRefused, None, out),
            (403, _) => self.fail(Reason::ApiSwitchedOff, None, out),
            // The PBX says so itself, or nobody knows better; a server in front of it says it of everybody for a while.
            (404, _) if self.somebody_else_answers(answer) => self.fail(Reason::WebPageInstead, None, out),
            (404, _) => self.fail(Reason::UnknownTenantOrUser, None, out),
            (200..=299, Said::No) => self.fail(Reason::SignInDenied, None, out),
            (200..=299, Said::Page) | (300..=399, _) => self.fail(Reason::WebPageInstead, None, out),
            (200..=299, _) => {
                self.basic = true;
                self.rest_calls = Some(true);
                if self.password_tried {
                    self.learn(|learnt| learnt.no_password_resource = true, out);
                }
                // The version may have become known, or another one, on the way.
                self.settle_generation();
                self.open_socket(out);
            }
            _ => self.fail(Reason::NotAPbx, None, out),
        }
    }

    /// Tells whether an answer comes from another server than the one that was learnt or signed in to before.
    fn somebody_else_answers(&self, answer: &HttpAnswer) -> bool {
        match &answer.server {
            Some(server) => !server.starts_with("PBX/") && self.learnt.server.is_some(),
            None => self.was_online,
        }
    }

    /// A failure in the light of what is known of this account: where the PBX was met before, a strange answer comes from
    /// a server in front of it or from one that starts, and passes. Only a new account has an address to be mended.
    pub(super) fn in_its_light(&self, reason: Reason) -> Reason {
        let strange = matches!(reason, Reason::NotAPbx | Reason::NotHttp | Reason::PlainInsteadOfTls | Reason::TenantNeeded);
        if strange && (self.was_online || self.met_before) { Reason::Garbage } else { reason }
    }

    fn signed_in(&mut self, session: Secret, out: &mut Effects) {
        if !fits_into_a_cookie(session.expose()) {
            return self.fail(Reason::Garbage, None, out);
        }
        self.session = Some(session);
        self.session_is_fresh = true;
        if self.learnt.server.is_none() && self.keys.token_url.is_some() {
            // The token could not wait for the version; now there is time for it.
            return self.http(Ask::SignIn(Step::Root), "GET", "/", None, out);
        }
        self.with_session(out);
    }

    fn with_session(&mut self, out: &mut Effects) {
        self.settle_generation();
        if self.domain.is_some() && !self.user.is_empty() {
            self.open_socket(out);
        } else {
            self.http(Ask::SignIn(Step::Whoami), "GET", "/rest/system/session", None, out);
        }
    }

    fn whoami(&mut self, answer: &HttpAnswer, out: &mut Effects) {
        let told: rest::Whoami<'_> = serde_json::from_str(answer.body.expose()).unwrap_or_default();
        if let Some(user) = told.cuser.text() {
            self.user = user;
        }
        self.domain = told.cdomain.text().or(self.domain.take());
        if self.domain.is_none() || self.user.is_empty() {
            return self.fail(Reason::TenantNeeded, None, out);
        }
        self.open_socket(out);
    }

    fn open_socket(&mut self, out: &mut Effects) {
        self.phase = Phase::OpeningSocket;
        self.wire = Wire(self.wire.0.wrapping_add(1));
        let domain = self.domain.clone().unwrap_or_default();
        let path = if self.learnt.root_path || self.generation == Generation::Attendant {
            "/".to_owned()
        } else {
            format!("/websocket?domain={}&user={}", encode(&domain), encode(&self.user))
        };
        let Some(mut url) = self.address(&path) else { return self.fail(Reason::NotAPbx, None, out) };
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).ok();
        // Basic goes along with a cookie only where Basic is what we signed in with.
        let mut headers = self.credentials();
        if self.basic
            && self.session.is_some()
            && let Some(basic) = self.basic_header()
        {
            headers.push(("Authorization", Header::Hidden(basic)));
        }
        out.push(Effect::Open { wire: self.wire, url, headers });
    }

    pub(super) fn not_opened(&mut self, why: &NotOpened, out: &mut Effects) {
        if self.phase != Phase::OpeningSocket {
            return;
        }
        let (status, retry_after) = match why {
            NotOpened::Reason(reason) => return self.fail(reason.clone(), None, out),
            NotOpened::Status(status, retry_after) => (*status, *retry_after),
        };
        match status {
            401 | 403 if self.session.is_some() && !self.session_is_fresh => {
                // The session of an earlier attempt ran out; a new one is made within this attempt.
                self.session = None;
                self.sign_in(out);
            }
            401 | 403 if self.basic && self.session.is_none() && !self.password_tried => self.try_password(out),
            // The password was accepted a moment ago, so it is the right to be live that is missing.
            401 if self.session_is_fresh || self.basic => self.drop_session(Reason::Forbidden, out),
            401 => self.drop_session(Reason::CredentialsRefused, out),
            403 => self.drop_session(Reason::ApiSwitchedOff, out),
            404 if !self.learnt.root_path && !self.version_known => {
                self.learn(|learnt| learnt.root_path = true, out);
                self.open_socket(out);
            }
            407 => self.fail(Reason::ProxyNeedsSignIn, None, out),
            // A page or a redirect, and nobody has seen the PBX itself in this attempt.
            200..=399 if !self.session_is_fresh && !self.basic => self.fail(Reason::WebPageInstead, None, out),
            _ => {
                if let Some(reason) = passing(status) {
                    return self.fail(reason, retry_after, out);
                }
                // The root path was a guess, and a wrong one.
                if self.learnt.root_path && !self.version_known {
                    self.learn(|learnt| learnt.root_path = false, out);
                }
                self.fail(Reason::WebSocketRefused(status), retry_after, out);
            }
        }
    }

    fn drop_session(&mut self, reason: Reason, out: &mut Effects) {
        self.session = None;
        self.fail(reason, None, out);
    }
}

/// What is said to the session resource, in one piece: a text that grew would leave parts of the secret behind.
fn session_body(name: &str, value: &str) -> Option<Secret> {
    let quoted = Zeroizing::new(serde_json::to_string(value).ok()?);
    let mut body = String::with_capacity(name.len() + quoted.len() + 24);
    for part in [r#"{"name":""#, name, r#"","value":"#, &quoted, "}"] {
        body.push_str(part);
    }
    Some(Secret::new(body))
}

/// What a status says that passes by itself: the server is busy, or has an error of its own.
pub(super) fn passing(status: u16) -> Option<Reason> {
    match status {
        // Asking often is what it complains about.
        429 => Some(Reason::TooManySessions),
        503 => Some(Reason::ServerBusy),
        // What it does not implement is there never.
        501 => None,
        500..=599 => Some(Reason::ServerError(status)),
        _ => None,
    }
}

/// Reads the version before the first dot out of `PBX/70.1` or `PBX/67.0.5 (Debian64)`.
pub(super) fn major_of(server: &str) -> Option<u32> {
    server.strip_prefix("PBX/")?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

pub(super) fn generation_of(server: &str) -> Option<Generation> {
    Some(match major_of(server)? {
        0..=57 => Generation::Attendant,
        58..=68 => Generation::ClickToDial,
        _ => Generation::Subscribe,
    })
}

/// Tells whether a session can be sent as the value of a cookie, and as nothing else beside it.
fn fits_into_a_cookie(session: &str) -> bool {
    session.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b';')
}

/// Tells whether a body is what the session resource of this kind answers to strangers.
fn looks_like_session(body: &str) -> bool {
    matches!(said(body), Said::No | Said::Text(_)) || body.trim_start().starts_with('{')
}

fn is_loopback(url: &url::Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}
