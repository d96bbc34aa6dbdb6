//! Signing in: one-time tokens, password by `PUT`, HTTP Basic, session cookie (section 1).

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::company::Kind;
use super::http::{Answer, Asked};
use super::options::{Generation, Options, SessionAnswer};
use super::records::SignInMethod;
use super::state::{State, Who};
use super::switchboard::Later;
use crate::loopback::certificate::hex;

/// Who a request comes from.
pub(super) enum Identity {
    Nobody,
    Refused,
    Is(Who),
}

/// Returns the lower-case hex MD5 of a text.
pub(super) fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// Decodes `Authorization: Basic`; nothing when it is absent or malformed.
pub(super) fn basic(asked: &Asked) -> Option<(String, String)> {
    let coded = asked.header("authorization").strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(coded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

impl State {
    /// Finds out who sent a request: a valid cookie first, then Basic where it counts.
    pub(super) fn identify(&mut self, asked: &Asked, basic_counts: bool, options: &Options) -> Identity {
        if let Some(cookie) = asked.cookie() {
            if let Some(who) = self.sessions.get(cookie) {
                return Identity::Is(who.clone());
            }
            self.sign_in(SignInMethod::Cookie, "", false);
            if !basic_counts || basic(asked).is_none() {
                return Identity::Refused;
            }
        }
        match basic(asked).filter(|_| basic_counts) {
            None => Identity::Nobody,
            Some((name, password)) => match self.check_password(SignInMethod::Basic, &name, options, |wanted| wanted == password)
            {
                Some(who) => Identity::Is(who),
                None => Identity::Refused,
            },
        }
    }

    /// Checks a password in one of the three scopes and keeps count of refusals.
    pub(super) fn check_password(
        &mut self,
        method: SignInMethod,
        name: &str,
        options: &Options,
        is: impl Fn(&str) -> bool,
    ) -> Option<Who> {
        let tenant_admin = format!("admin@{}", self.company.tenant);
        let (who, wanted) = if name == "admin" {
            (Some(Who::SystemAdmin), self.company.admin_password.clone())
        } else if name.eq_ignore_ascii_case(&tenant_admin) {
            (Some(Who::TenantAdmin), self.company.tenant_admin_password.clone())
        } else {
            match self.company.sign_in_name(name, options.several_tenants) {
                Some(account) => (Some(Who::User(account.number.clone())), account.password.clone()),
                None => (None, String::new()),
            }
        };
        let locked =
            options.locks_after.is_some_and(|limit| self.refused_passwords.get(name).is_some_and(|count| *count >= limit));
        let accepted = who.filter(|_| !locked && is(&wanted));
        if accepted.is_none() {
            *self.refused_passwords.entry(name.to_owned()).or_default() += 1;
        } else {
            self.refused_passwords.remove(name);
        }
        self.sign_in(method, name, accepted.is_some());
        accepted
    }

    /// Answers `/rest/system/session`.
    pub(super) fn session_resource(&mut self, asked: &Asked, options: &Options) -> Answer {
        match asked.method.as_str() {
            "GET" => self.session_info(asked, options),
            "POST" if options.generation == Generation::G1 => Answer::status(404),
            "POST" => self.session_post(asked, options),
            "PUT" if options.generation == Generation::G3 => {
                // Counted, so that a test sees a password method tried where it does not exist.
                self.sign_in(SignInMethod::Password, "", false);
                Answer::status(options.password_refusal)
            }
            "PUT" => self.session_put(asked, options),
            "DELETE" => {
                if let Some(cookie) = asked.cookie() {
                    self.sessions.remove(cookie);
                }
                Answer::json(&json!(true))
            }
            _ => Answer::status(405),
        }
    }

    /// Answers the company's own page that hands out tokens (section 1.4, step 1).
    pub(super) fn token_page(&mut self, asked: &Asked, options: &Options) -> Answer {
        let user = asked.query("user").unwrap_or_else(|| options.token_page_user.clone());
        if !self.company.accounts.contains_key(&user) {
            return Answer::status(404);
        }
        let token = self.mint(Who::User(user.clone()), options);
        let server = asked.header("host").to_owned();
        Answer::json(&json!({"session": token, "server": server, "user": user, "domain": self.company.tenant}))
    }

    /// Makes a session and returns its id.
    pub(super) fn open_session(&mut self, who: Who, options: &Options) -> String {
        let id = random_text(24);
        if let Some(lifetime) = options.manners.session_lifetime {
            self.later.push((lifetime, Later::SessionEnds(id.clone())));
        }
        self.sessions.insert(id.clone(), who);
        id
    }

    fn mint(&mut self, who: Who, options: &Options) -> String {
        let token = random_text(20);
        self.tokens_given.push(token.clone());
        self.tokens.insert(token.clone(), (who, Instant::now() + options.token_lifetime));
        token
    }

    fn session_info(&mut self, asked: &Asked, options: &Options) -> Answer {
        if options.generation == Generation::G3 {
            // Basic does not make a session here (section 1.2, notes).
            return Answer::json(
                &json!({"passkey": false, "google": false, "microsoft": false, "apps": {"ios": "", "android": ""}}),
            );
        }
        let who = asked.cookie().and_then(|cookie| self.sessions.get(cookie));
        let (kind, user) = match who {
            Some(Who::User(user)) => ("user", user.as_str()),
            Some(Who::TenantAdmin) => ("domain", ""),
            Some(Who::SystemAdmin) => ("admin", ""),
            None => ("", ""),
        };
        Answer::json(
            &json!({"type": kind, "cuser": user, "cdomain": self.company.tenant, "lang": "en", "country": "49", "edit": "false"}),
        )
    }

    fn session_post(&mut self, asked: &Asked, options: &Options) -> Answer {
        let Some(Value::Object(body)) = asked.json() else {
            self.violation("session: body is not a JSON object");
            return Answer::status(400);
        };
        match body.get("name").and_then(Value::as_str) {
            Some("3rd") => {
                let Some((name, password)) = basic(asked) else { return Answer::json(&json!(false)) };
                let who = self.check_password(SignInMethod::Mint, &name, options, |wanted| wanted == password);
                if self.mischief.sign_in_says_false || !matches!(who, Some(Who::SystemAdmin)) {
                    return Answer::json(&json!(false));
                }
                if body.get("domain").and_then(Value::as_str) != Some(self.company.tenant.as_str()) {
                    return Answer::status(404);
                }
                let whom = match body.get("username").and_then(Value::as_str) {
                    None | Some("admin") => Who::TenantAdmin,
                    Some(user) if self.company.accounts.get(user).is_some_and(|account| account.kind == Kind::Extension) => {
                        Who::User(user.to_owned())
                    }
                    Some(_) => return Answer::status(404),
                };
                Answer::json(&json!(self.mint(whom, options)))
            }
            Some("session") => {
                let token = body.get("value").and_then(Value::as_str).unwrap_or_default();
                // Single use, whatever comes of it.
                let found = self.tokens.remove(token).filter(|(_, until)| Instant::now() < *until);
                let found = found.filter(|_| !self.mischief.sign_in_says_false);
                self.sign_in(SignInMethod::Token, "", found.is_some());
                match found {
                    None => Answer::json(&json!(false)),
                    Some((who, _)) => {
                        let session = self.open_session(who, options);
                        let answer = Answer::json(&json!(true));
                        let answer = if options.manners.more_cookies {
                            // Section 1.3: a portal keeps more than the session.
                            answer.header("Set-Cookie", "loginlang=en; Path=/; Max-Age=1209600")
                        } else {
                            answer
                        };
                        answer.header("Set-Cookie", format!("session={session}; Path=/; SameSite=Strict; Secure; HttpOnly"))
                    }
                }
            }
            _ => Answer::status(400),
        }
    }

    fn session_put(&mut self, asked: &Asked, options: &Options) -> Answer {
        let Some(Value::Object(body)) = asked.json() else {
            self.violation("session: body is not a JSON object");
            return Answer::status(400);
        };
        if body.get("name").and_then(Value::as_str) != Some("auth") {
            return Answer::status(400);
        }
        let value = body.get("value").and_then(Value::as_str).unwrap_or_default();
        let who = match value.split_once(' ') {
            Some((name, hash)) => self.check_password(SignInMethod::Password, name, options, |wanted| {
                if wanted.is_empty() { hash.is_empty() } else { hash == md5_hex(wanted) }
            }),
            None => {
                self.violation("session: value lacks the blank between name and hash");
                None
            }
        };
        let Some(who) = who.filter(|_| !self.mischief.sign_in_says_false) else {
            return Answer::json(&if self.answers.is_multiple_of(2) { json!("") } else { json!(false) });
        };
        let session = self.open_session(who, options);
        let answer = match options.session_answer {
            SessionAnswer::JsonString => Answer::json(&json!(session)),
            SessionAnswer::BareText => Answer::html(200, &session),
            SessionAnswer::Object(key) => Answer::json(&json!({key: session})),
        };
        if options.manners.put_sets_cookie {
            answer.header("Set-Cookie", format!("session={session}; Path=/; HttpOnly"))
        } else {
            answer
        }
    }
}

fn random_text(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::md5_hex;

    #[test]
    fn hashes_the_vectors_of_the_notes() {
        assert_eq!(md5_hex("204Sample-Pw903012345671767225600"), "da5326f94e00bb8975149411a90bf90b");
        assert_eq!(md5_hex("204Sample-Pw9030123456717672256003600"), "a4ecfa14f133495bdf780d468e9c9e53");
    }
}
