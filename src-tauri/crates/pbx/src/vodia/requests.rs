//! HTTP requests to the PBX: where they go, and what they carry to say who asks.

use base64::Engine as _;
use phone_core::Secret;
use url::Url;

use super::{Ask, Fetch, HTTP_LIMIT, MOST_BYTES, Step, Vodia};
use crate::dialect::{Effect, Effects, Header, HttpRequest};

impl Vodia {
    pub(super) fn address(&self, path: &str) -> Option<Url> {
        let mut url = self.config.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        // A name in the address would go along with every request and into every log of a proxy.
        url.set_username("").ok();
        url.set_password(None).ok();
        Url::parse(&format!("{}{path}", url.as_str().trim_end_matches('/'))).ok()
    }

    /// Value of `Authorization: Basic`.
    pub(super) fn basic_header(&self) -> Option<Secret> {
        let secret = self.secret.as_ref()?;
        let pair = zeroize::Zeroizing::new(format!("{}:{}", self.login(), secret.expose()));
        // Never moved to a larger place, because the smaller one would not be wiped.
        let mut value = String::with_capacity(10 + pair.len() * 2);
        value.push_str("Basic ");
        base64::engine::general_purpose::STANDARD.encode_string(pair.as_bytes(), &mut value);
        Some(Secret::new(value))
    }

    /// What identifies us: the session if there is one, else Basic.
    pub(super) fn credentials(&self) -> Vec<(&'static str, Header)> {
        let mut headers = vec![];
        if let Some(session) = &self.session {
            headers.push(("Cookie", Header::Hidden(Secret::new(format!("session={}", session.expose())))));
        } else if let Some(basic) = self.basic_header() {
            headers.push(("Authorization", Header::Hidden(basic)));
        }
        headers
    }

    /// Makes a request, with our credentials unless it is about getting them.
    pub(super) fn http(&mut self, ask: Ask, method: &'static str, path: &str, body: Option<Secret>, out: &mut Effects) {
        let Some(url) = self.address(path) else { return };
        let anonymous = matches!(ask, Ask::SignIn(step) if !matches!(step, Step::BasicCheck | Step::Whoami));
        let headers = if anonymous { vec![] } else { self.credentials() };
        let large = matches!(ask, Ask::Fetch(Fetch::Directory | Fetch::Contacts));
        let carries = match &ask {
            Ask::Commanded { request, .. } | Ask::SetDnd(request, _) => Some(*request),
            Ask::SignIn(_) | Ask::Fetch(_) | Ask::Find(_) | Ask::CheckDnd(..) => None,
        };
        let id = self.asked.number(ask);
        out.push(Effect::Http(Box::new(HttpRequest {
            id,
            method,
            url,
            hidden_query: None,
            headers,
            body,
            want_cookie: Some("session"),
            most_bytes: if large { MOST_BYTES } else { 1 << 20 },
            limit: HTTP_LIMIT,
            carries,
        })));
    }
}
