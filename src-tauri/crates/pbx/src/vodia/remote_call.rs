//! Dialling by `remote_call.htm`, for servers that offer nothing else.

use md5::{Digest, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use phone_core::Secret;
use zeroize::Zeroizing;

/// Everything but the unreserved characters is encoded.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes one part of a path or query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// How long a link of the newer edition is valid: it is used at once.
const DURATION_S: u32 = 60;

/// The two editions of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// User, password, destination, time; valid for two hours.
    Old,
    /// The same and a duration.
    New,
}

/// The hex MD5 of a text that may hold a password.
pub fn md5_hex(text: &str) -> String {
    let mut hex = String::with_capacity(32);
    for byte in Md5::digest(text.as_bytes()) {
        for half in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    hex
}

/// The hash over the raw values, without separators.
pub fn hash(edition: Edition, user: &str, password: &Secret, dest: &str, time: i64, duration_s: u32) -> Secret {
    let mut text = Zeroizing::new(format!("{user}{}{dest}{time}", password.expose()));
    if edition == Edition::New {
        text.push_str(&duration_s.to_string());
    }
    Secret::new(md5_hex(&text))
}

/// The query of a click-to-dial request; it can be replayed, so it is a secret.
pub fn query(edition: Edition, user: &str, password: &Secret, dest: &str, time: i64) -> Secret {
    let auth = hash(edition, user, password, dest, time, DURATION_S);
    let mut query = format!("user={}&extension=true&dest={}&time={time}", encode(user), encode(dest));
    if edition == Edition::New {
        query.push_str(&format!("&duration={DURATION_S}"));
    }
    query.push_str("&auth=");
    query.push_str(auth.expose());
    query.push_str("&connect=true");
    Secret::new(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_editions_match_their_vectors() {
        let password = Secret::new("Sample-Pw9".into());
        let old = hash(Edition::Old, "204", &password, "0301234567", 1_767_225_600, 3600);
        assert_eq!(old.expose(), "da5326f94e00bb8975149411a90bf90b");
        let new = hash(Edition::New, "204", &password, "0301234567", 1_767_225_600, 3600);
        assert_eq!(new.expose(), "a4ecfa14f133495bdf780d468e9c9e53");
    }

    #[test]
    fn every_parameter_is_encoded() {
        let query = query(Edition::Old, "204@tenant.example", &Secret::new("p".into()), "+49 30", 1_767_225_600);
        assert!(query.expose().starts_with("user=204%40tenant.example&extension=true&dest=%2B49%2030&time=1767225600&auth="));
        assert!(!query.expose().contains("duration"));
    }
}
