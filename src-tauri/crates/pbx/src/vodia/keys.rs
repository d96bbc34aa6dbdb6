//! The account keys of this kind, and what they may hold.

use std::time::Duration;

use phone_core::AccountConfig;
use url::Url;

use super::{Generation, JSON_KEEPALIVE};
use crate::keys::{self, entries, expect, one_of};

/// All keys of this kind, as they are told to whoever mistypes one.
pub(super) const KEYS: &[&str] =
    &["dialect", "dial_path", "token_url", "own_numbers", "keepalive_s", "allow_plain_http", "remote_call_hash"];
/// Least and most seconds between two signs of life; a settings file may hold others, which are brought into these bounds.
const KEEPALIVE: std::ops::RangeInclusive<u64> = 5..=600;

/// By which path something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    WebSocket,
    Rest,
    RemoteCall,
}

/// The account keys of this kind.
pub(super) struct Keys {
    /// Forced generation, unless `auto`.
    pub dialect: Option<Generation>,
    /// Forced dial path, unless `auto`.
    pub dial_path: Option<Path>,
    pub token_url: Option<Url>,
    pub own_numbers: Vec<String>,
    pub keepalive: Duration,
}

impl Keys {
    pub fn of(config: &AccountConfig) -> Self {
        let get = |key: &str| config.keys.get(key).map(String::as_str).filter(|v| !v.is_empty());
        Self {
            dialect: match get("dialect") {
                Some("legacy") => Some(Generation::ClickToDial),
                Some("modern") => Some(Generation::Subscribe),
                _ => None,
            },
            dial_path: match get("dial_path") {
                Some("websocket") => Some(Path::WebSocket),
                Some("rest") => Some(Path::Rest),
                Some("remote_call") => Some(Path::RemoteCall),
                _ => None,
            },
            token_url: get("token_url").and_then(|t| Url::parse(t).ok()),
            own_numbers: get("own_numbers").map(|list| entries(list).map(str::to_owned).collect()).unwrap_or_default(),
            keepalive: get("keepalive_s")
                .and_then(|t| t.parse().ok())
                .map_or(JSON_KEEPALIVE, |s: u64| Duration::from_secs(s.clamp(*KEEPALIVE.start(), *KEEPALIVE.end()))),
        }
    }
}

/// Tells whether an account cannot sign in without a secret: it can where its company has a page for that.
pub fn needs_secret(config: &AccountConfig) -> bool {
    Keys::of(config).token_url.is_none()
}

/// Looks at the account keys of this kind; those of the dial plan are everybody's and were looked at before.
///
/// # Errors
/// One sentence on the first key that does not exist, or whose value nobody understands, with what is expected.
pub fn check(config: &AccountConfig) -> Result<(), String> {
    keys::each(config, check_one)
}

fn check_one(key: &str, value: &str) -> Result<(), String> {
    match key {
        "dialect" => one_of(key, value, &["auto", "legacy", "modern"]),
        "dial_path" => one_of(key, value, &["auto", "websocket", "rest", "remote_call"]),
        "remote_call_hash" => one_of(key, value, &["old", "new"]),
        "allow_plain_http" => one_of(key, value, &["true", "false"]),
        "keepalive_s" => {
            let fits = value.parse().is_ok_and(|seconds| KEEPALIVE.contains(&seconds));
            expect(fits, key, value, &format!("a number of seconds from {} to {}", KEEPALIVE.start(), KEEPALIVE.end()))
        }
        "token_url" => {
            // A name and password in it would stand in the settings for everybody to read.
            let is_anonymous = |url: &Url| url.username().is_empty() && url.password().is_none();
            let is_page = |url: &Url| matches!(url.scheme(), "https" | "http") && url.has_host();
            let fits = Url::parse(value).is_ok_and(|url| is_page(&url) && is_anonymous(&url));
            // An address may hold a key of the company's page, so it is not repeated.
            expect(fits, key, "that", "an address such as https://intranet.example/token, without a user or password in it")
        }
        "own_numbers" => {
            let fits = entries(value).all(is_number) && entries(value).next().is_some();
            expect(fits, key, value, "a list of numbers such as 204,+4930555204")
        }
        _ => keys::unknown(key, KEYS),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
