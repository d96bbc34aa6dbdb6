//! Links that offer an account: `pbx:pair?kind=…&url=…&domain=…&user=…&name=…`.
//!
//! They fill in a form and do nothing else. Who wrote the link is not known, so it never brings a secret, and nothing of
//! what it says is used before the user has read it and has typed the password.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::account::AccountName;
use crate::number::scheme;

/// Longest user, domain and name, in characters.
const LONGEST: usize = 253;

/// Keys of a secret, none of which is ever taken from a link.
const SECRETS: &[&str] = &["secret", "password", "pass", "passwd", "pwd", "pin", "token", "auth", "key", "session"];

/// What a link wants to have in the form of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Pairing {
    /// Kind of PBX; none leaves it to the form.
    pub kind: Option<String>,
    /// Address of the PBX, whose scheme is one of its kind that encrypts.
    pub url: String,
    /// Its host, as it is really asked: a name in foreign letters stands here as what it is.
    pub host: String,
    /// Domain or tenant.
    pub domain: Option<String>,
    /// User or extension.
    pub user: Option<String>,
    /// Name of the account.
    pub name: Option<String>,
}

/// A kind of PBX that a link may name.
#[derive(Clone, Copy, Debug)]
pub struct KnownKind<'a> {
    /// Its name in accounts.
    pub name: &'a str,
    /// The schemes of its addresses that always encrypt.
    pub encrypted: &'a [&'a str],
}

/// Why a link fills in nothing. Its words hold nothing of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// It brings a secret.
    #[error("This link holds a password or another secret, so it is not used.")]
    Secret,
    /// The kind is none that we know.
    #[error("This link names a kind of phone system that Trayphone does not know.")]
    Kind,
    /// There is no address.
    #[error("This link names no address of a phone system.")]
    NoUrl,
    /// The address is none, or would be asked without encryption.
    #[error("The address in this link is none of such a phone system, or would be asked without encryption.")]
    Url,
    /// A value is too long, is no text, or stands twice.
    #[error("This link cannot be read.")]
    Unreadable,
}

impl PairingError {
    /// What the user can do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Secret => {
                "Ask whoever gave it to you for one without; where it came from a mail or a web page, change that password."
            }
            Self::Kind => "Add the account in the settings, or install a newer Trayphone.",
            Self::NoUrl | Self::Url | Self::Unreadable => {
                "Ask whoever gave it to you for another one, or add the account in the settings."
            }
        }
    }
}

/// Tells whether a link offers an account, whatever it brings.
pub fn is_pairing(link: &str) -> bool {
    query(link).is_some()
}

/// Reads a link that offers an account; `kinds` are those of PBX that we know, the usual one first.
///
/// # Errors
/// The link is none that may fill in the form.
pub fn read(link: &str, kinds: &[KnownKind<'_>]) -> Result<Pairing, PairingError> {
    let query = query(link).ok_or(PairingError::Unreadable)?;
    let mut pairing = Pairing { kind: None, url: String::new(), host: String::new(), domain: None, user: None, name: None };
    let pairs: Vec<(String, String)> =
        query.split('&').filter(|pair| !pair.is_empty()).map(decoded).collect::<Option<_>>().ok_or(PairingError::Unreadable)?;
    // Before anything else: whatever else is wrong, this is what the user has to know.
    if pairs.iter().any(|(key, _)| SECRETS.contains(&key.as_str())) {
        return Err(PairingError::Secret);
    }
    let mut address = None;
    for (key, value) in pairs {
        let place = match key.as_str() {
            "kind" => &mut pairing.kind,
            "url" => &mut address,
            "domain" => &mut pairing.domain,
            "user" => &mut pairing.user,
            "name" => &mut pairing.name,
            // A later version may say more.
            _ => continue,
        };
        let is_text = value.chars().count() <= LONGEST && !value.chars().any(is_hidden);
        if !is_text || place.replace(value).is_some() {
            return Err(PairingError::Unreadable);
        }
    }
    let written = address.filter(|address| !address.is_empty()).ok_or(PairingError::NoUrl)?;
    let url = plain_host(&Url::parse(&written).map_err(|_| PairingError::Url)?)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(PairingError::Secret);
    }
    // What stands behind a question mark may be a secret too, and no PBX is reached by it.
    if url.query().is_some() || url.fragment().is_some() {
        return Err(PairingError::Url);
    }
    for value in [&mut pairing.kind, &mut pairing.domain, &mut pairing.user, &mut pairing.name] {
        *value = value.take().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    }
    let takes = |known: &&KnownKind<'_>| known.encrypted.contains(&url.scheme());
    if let Some(kind) = &mut pairing.kind {
        *kind = kind.to_ascii_lowercase();
        let known = kinds.iter().find(|known| known.name == kind).ok_or(PairingError::Kind)?;
        Some(known).filter(takes).ok_or(PairingError::Url)?;
    } else {
        let known = kinds.iter().find(takes).ok_or(PairingError::Url)?;
        // The form's own choice is the usual kind; an address that it does not take says which one is meant.
        let is_usual = kinds.first().is_some_and(|usual| usual.name == known.name);
        pairing.kind = (!is_usual).then(|| known.name.to_owned());
    }
    pairing.host = url.host_str().ok_or(PairingError::Url)?.to_owned();
    pairing.url = url.into();
    if pairing.name.as_deref().is_some_and(|name| AccountName::parse(name).is_err()) {
        return Err(PairingError::Unreadable);
    }
    Ok(pairing)
}

/// The address with its host as it is asked for: that of a scheme which the standard of addresses does not know is still as
/// it was written.
fn plain_host(url: &Url) -> Result<Url, PairingError> {
    let mut url = url.clone();
    let written = url.host_str().ok_or(PairingError::Url)?;
    let host = Host::parse(written).map_err(|_| PairingError::Url)?.to_string();
    url.set_host(Some(&host)).map_err(|_| PairingError::Url)?;
    Ok(url)
}

/// What follows the question mark of a link that offers an account.
fn query(link: &str) -> Option<&str> {
    let (scheme, rest) = scheme(link)?;
    if !scheme.eq_ignore_ascii_case("pbx") {
        return None;
    }
    let rest = rest.trim_start_matches('/');
    let (what, query) = rest.split_once('?').unwrap_or((rest, ""));
    what.trim_end_matches('/').eq_ignore_ascii_case("pair").then(|| query.trim_end())
}

/// A key in small letters and its value; none where they are no text.
fn decoded(pair: &str) -> Option<(String, String)> {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    // Forms and their programs write a blank as a plus; no value of ours has one.
    let text = |part: &str| Some(percent_decode_str(&part.replace('+', "%20")).decode_utf8().ok()?.into_owned());
    Some((text(key)?.trim().to_ascii_lowercase(), text(value)?))
}

/// Signs that are not seen, or that make a text read otherwise than it is.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &[KnownKind<'_>] =
        &[KnownKind { name: "first", encrypted: &["https"] }, KnownKind { name: "second", encrypted: &["lines", "https"] }];

    fn host_of(link: &str) -> Result<String, PairingError> {
        read(link, KINDS).map(|pairing| pairing.host)
    }

    #[test]
    fn a_link_fills_in_what_it_names() {
        let link = "pbx:pair?kind=First&url=https%3A%2F%2Fpbx.example.com%3A8443%2Fpath&domain=sales.example&user=204&name=office&more=1";
        let pairing = read(link, KINDS).expect("a pairing");
        assert_eq!(pairing.kind.as_deref(), Some("first"));
        assert_eq!((pairing.url.as_str(), pairing.host.as_str()), ("https://pbx.example.com:8443/path", "pbx.example.com"));
        assert_eq!((pairing.domain.as_deref(), pairing.user.as_deref()), (Some("sales.example"), Some("204")));
        assert_eq!(pairing.name.as_deref(), Some("office"));
        for link in ["PBX://pair/?url=https://pbx.example.com", " pbx:Pair?URL=https://pbx.example.com&user= \n"] {
            let least = read(link, KINDS).expect("a pairing");
            assert_eq!((least.host.as_str(), least.user, least.kind), ("pbx.example.com", None, None), "{link}");
        }
    }

    #[test]
    fn a_secret_is_never_taken_whatever_else_the_link_says() {
        for key in ["secret", "password", "Password", "pass%77ord", "pwd", "pin", "token", "auth", " secret"] {
            for rest in ["url=https://pbx.example.com", "url=http://x", "kind=none", ""] {
                let link = format!("pbx:pair?{rest}&{key}=geheim");
                assert_eq!(read(&link, KINDS), Err(PairingError::Secret), "{link}");
            }
        }
        for url in ["https://204:geheim@pbx.example.com", "https://geheim@pbx.example.com"] {
            assert_eq!(host_of(&format!("pbx:pair?url={url}")), Err(PairingError::Secret), "{url}");
        }
        for error in [PairingError::Secret, PairingError::Kind, PairingError::NoUrl, PairingError::Url, PairingError::Unreadable]
        {
            assert!(!format!("{error} {error:?} {}", error.remedy()).contains("geheim"));
        }
    }

    #[test]
    fn an_address_encrypts_and_nothing_hides_behind_it() {
        let table = [
            ("", PairingError::NoUrl),
            ("url=", PairingError::NoUrl),
            ("url=http://pbx.example.com", PairingError::Url),
            ("url=pbx.example.com", PairingError::Url),
            ("url=javascript:alert(1)", PairingError::Url),
            ("url=file:///etc/passwd", PairingError::Url),
            ("url=https://", PairingError::Url),
            ("url=https://pbx.example.com/%3Fauth%3D1", PairingError::Url),
            ("url=https://pbx.example.com/%23x", PairingError::Url),
            ("url=https://a.example&url=https://b.example", PairingError::Unreadable),
            ("url=https://a.example&user=%FF", PairingError::Unreadable),
            ("url=https://a.example&user=2%0A04", PairingError::Unreadable),
            ("url=https://a.example&user=2%E2%80%AE04", PairingError::Unreadable),
            ("url=https://a.example&name=../x", PairingError::Unreadable),
            ("url=https://a.example&kind=third", PairingError::Kind),
            ("url=line://a.example&kind=second", PairingError::Url),
            ("url=lines://a.example&kind=first", PairingError::Url),
            ("url=lines:pbx", PairingError::Url),
            ("url=lines:///x", PairingError::Url),
        ];
        for (query, expected) in table {
            assert_eq!(host_of(&format!("pbx:pair?{query}")), Err(expected), "{query}");
        }
        let long = format!("pbx:pair?url=https://a.example&user={}", "2".repeat(LONGEST + 1));
        assert_eq!(host_of(&long), Err(PairingError::Unreadable));
    }

    #[test]
    fn a_host_in_foreign_letters_is_told_as_it_is_asked() {
        // A Cyrillic letter that looks like a Latin one.
        assert_eq!(host_of("pbx:pair?url=https://pbx.ex%D0%B0mple.com").as_deref(), Ok("pbx.xn--exmple-4nf.com"));
        assert_eq!(host_of("pbx:pair?url=https://PBX.example.com.").as_deref(), Ok("pbx.example.com."));
        // Nor does a scheme of its own hide one.
        assert_eq!(host_of("pbx:pair?url=lines://pbx.ex%D0%B0mple.com").as_deref(), Ok("pbx.xn--exmple-4nf.com"));
        assert_eq!(host_of("pbx:pair?url=lines://PBX.Example.com:5039").as_deref(), Ok("pbx.example.com"));
    }

    #[test]
    fn an_address_that_only_one_kind_takes_says_which_it_is() {
        let kind_and_url = |link: &str| read(link, KINDS).map(|pairing| (pairing.kind, pairing.url));
        let lines = Ok((Some("second".to_owned()), "lines://pbx.example.com:5039".to_owned()));
        assert_eq!(kind_and_url("pbx:pair?url=lines%3A%2F%2FPBX.example.com%3A5039"), lines);
        assert_eq!(kind_and_url("pbx:pair?url=lines%3A%2F%2Fpbx.example.com%3A5039&kind=second"), lines);
        let usual = Ok((None, "https://pbx.example.com/".to_owned()));
        assert_eq!(kind_and_url("pbx:pair?url=https%3A%2F%2Fpbx.example.com"), usual);
    }

    #[test]
    fn only_its_own_links_are_pairings() {
        for link in ["pbx:pair?url=x", "PBX://PAIR", "pbx:pair", "pbx:pair?"] {
            assert!(is_pairing(link), "{link}");
        }
        for link in ["pbx:dial?number=1", "pbx:pairs?url=x", "tel:pair?url=x", "pair?url=x", "", "https://x/pair?url=x"] {
            assert!(!is_pairing(link), "{link}");
        }
    }
}
