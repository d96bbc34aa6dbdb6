//! Which account keys are taken, and what is said about the others.

use super::talk::account;
use crate::vodia::check;
use crate::vodia::keys::KEYS;

#[test]
fn values_that_are_understood_are_taken() {
    for (key, value) in [
        ("dialect", "auto"),
        ("dial_path", "remote_call"),
        ("token_url", "https://intranet.example/token"),
        ("own_numbers", "204, +4930555204"),
        ("keepalive_s", "30"),
        ("allow_plain_http", "true"),
        ("remote_call_hash", "old"),
        ("plan.country", "DE"),
    ] {
        assert_eq!(check(&account(&[(key, value)])), Ok(()), "{key}={value}");
    }
    assert!(KEYS.iter().all(|key| !check(&account(&[(key, "\u{0}")])).is_err_and(|wrong| wrong.contains("no key"))));
}

#[test]
fn what_is_wrong_is_told_with_what_is_expected() {
    for (key, value, says) in [
        ("contry", "DE", "plan.country"),
        ("dialpath", "rest", "dial_path"),
        ("dialect", "", "legacy"),
        ("allow_plain_http", "yes", "true, false"),
        ("dial_path", "phone", "websocket"),
        ("keepalive_s", "0", "5 to 600"),
        ("keepalive_s", "3600", "5 to 600"),
        ("keepalive_s", "soon", "5 to 600"),
        ("token_url", "intranet", "https://"),
        ("token_url", "https://mara@intranet.example/token", "https://"),
        ("token_url", "https://:271828@intranet.example/token", "https://"),
        ("own_numbers", "", "list of numbers"),
        ("own_numbers", "mara", "list of numbers"),
    ] {
        let wrong = check(&account(&[(key, value)])).expect_err(key);
        assert!(wrong.contains(says), "{key}={value}: {wrong}");
    }
    let secret = check(&account(&[("token_url", "intranet?key=271828")])).expect_err("no address");
    assert!(!secret.contains("271828"), "{secret}");
}
