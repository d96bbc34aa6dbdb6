//! Pure dialects: what a PBX sends becomes our words, what we want becomes its frames and requests.
//!
//! A dialect has no clock, no socket and no random source of its own; see [`Dialect`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod asterisk;
pub mod dialect;
mod keys;
mod open;
mod questions;
pub mod redact;
mod tell;
pub mod vodia;

use phone_core::AccountConfig;
use phone_core::pairing::KnownKind;

pub use dialect::{Dialect, Effect, Effects, Findings, Framing, Header, HttpAnswer, HttpRequest, Input, Setup, Wire};

/// What a kind is made and checked with.
struct Kind {
    name: &'static str,
    make: fn(Setup) -> Box<dyn Dialect>,
    /// Schemes of the addresses it can be reached at, the usual one first; which of them need a consent is up to its dialect.
    schemes: &'static [&'static str],
    /// Those of them that always encrypt.
    encrypted: &'static [&'static str],
    /// Says what is wrong with an account's keys.
    check: fn(&AccountConfig) -> Result<(), String>,
    /// Says whether an account signs in with a secret; without one it does so by a page of its company.
    needs_secret: fn(&AccountConfig) -> bool,
    /// Keys of its frames whose values are words of the protocol, never about people; also whole lines `Key: value` of that kind.
    words: &'static [&'static str],
}

/// Every kind, by the name that accounts use; the one place outside its module that names it.
const REGISTRY: &[Kind] = &[vodia::KIND, asterisk::KIND];

/// Makes the dialect of a kind; none when the kind is not known here.
pub fn create(kind: &str, setup: Setup) -> Option<Box<dyn Dialect>> {
    REGISTRY.iter().find(|known| known.name == kind).map(|known| (known.make)(setup))
}

/// The kinds that [`create`] knows.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|known| known.name)
}

/// The kinds that a link may offer an account of, the usual one first.
pub fn offered_kinds() -> Vec<KnownKind<'static>> {
    REGISTRY.iter().map(|known| KnownKind { name: known.name, encrypted: known.encrypted }).collect()
}

/// Looks at the address and the keys of an account before it is added; the one place that knows what a kind takes.
///
/// # Errors
/// One sentence on an address that its kind cannot be reached at, on the first key that its kind does not know, or whose
/// value nobody understands, with what is expected.
pub fn check(config: &AccountConfig) -> Result<(), String> {
    REGISTRY.iter().find(|known| known.name == config.kind).map_or(Ok(()), |known| {
        if !known.schemes.contains(&config.url.scheme()) || !config.url.has_host() {
            return Err(format!("the address begins with {}://", known.schemes.join(":// or ")));
        }
        (known.check)(config)
    })
}

/// Tells whether an account cannot sign in without a secret; one of a kind nobody knows cannot.
pub fn needs_secret(config: &AccountConfig) -> bool {
    REGISTRY.iter().find(|known| known.name == config.kind).is_none_or(|known| (known.needs_secret)(config))
}

/// The keys of a kind's frames whose values may stand in a report; none for a kind nobody knows.
pub fn words(kind: &str) -> &'static [&'static str] {
    REGISTRY.iter().find(|known| known.name == kind).map_or(&[], |known| known.words)
}

#[cfg(test)]
mod tests {
    use super::{REGISTRY, check};

    #[test]
    fn an_address_is_one_of_the_schemes_of_its_kind() {
        for kind in REGISTRY {
            let account = |url: &str| phone_core::AccountConfig {
                name: phone_core::AccountName::parse("office").expect("a plain word"),
                kind: kind.name.to_owned(),
                url: url.parse().expect("an address"),
                domain: None,
                user: None,
                pin: None,
                learnt: None,
                keys: Default::default(),
            };
            let usual = kind.schemes.first().expect("one scheme at least");
            for wrong in [account("gopher://pbx.example/"), account(&format!("{}x:pbx", usual))] {
                let said = check(&wrong).expect_err("of another kind");
                assert!(said.contains(&format!("begins with {usual}://")), "{said}");
            }
            for scheme in kind.schemes {
                let said = check(&account(&format!("{scheme}://pbx.example/"))).err().unwrap_or_default();
                assert!(!said.contains("begins with"), "{scheme}: {said}");
            }
            assert!(!kind.encrypted.is_empty(), "{}: a link can offer it", kind.name);
            assert!(kind.encrypted.iter().all(|scheme| kind.schemes.contains(scheme)), "{}", kind.name);
        }
    }
}
