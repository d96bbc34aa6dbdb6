//! The account keys of this kind, and what they may hold.

use std::time::Duration;

use phone_core::AccountConfig;
use url::Url;

use super::{Generation, JSON_KEEPALIVE};

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
            own_numbers: get("own_numbers")
                .map(|list| list.split([',', ' ', ';']).filter(|n| !n.is_empty()).map(str::to_owned).collect())
                .unwrap_or_default(),
            keepalive: get("keepalive_s")
                .and_then(|t| t.parse().ok())
                .map_or(JSON_KEEPALIVE, |s: u64| Duration::from_secs(s.clamp(5, 600))),
        }
    }
}

/// Looks at the account keys of this kind.
///
/// # Errors
/// One sentence on the first key whose value nobody understands.
pub fn check(config: &AccountConfig) -> Result<(), String> {
    let choices: &[(&str, &[&str])] = &[
        ("dialect", &["auto", "legacy", "modern"]),
        ("dial_path", &["auto", "websocket", "rest", "remote_call"]),
        ("remote_call_hash", &["old", "new"]),
        ("allow_plain_http", &["true", "false"]),
    ];
    if !matches!(config.url.scheme(), "http" | "https") {
        return Err("the address begins with https://".to_owned());
    }
    for (key, known) in choices {
        if let Some(value) = config.keys.get(*key).filter(|value| !known.contains(&value.as_str())) {
            return Err(format!("{key} is one of {}, not `{value}`", known.join(", ")));
        }
    }
    if let Some(value) = config.keys.get("keepalive_s").filter(|value| value.parse::<u64>().is_err()) {
        return Err(format!("keepalive_s is a number of seconds, not `{value}`"));
    }
    if config.keys.get("token_url").is_some_and(|value| Url::parse(value).is_err()) {
        return Err("token_url is not an address".to_owned());
    }
    Ok(())
}
