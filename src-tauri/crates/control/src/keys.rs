//! Keys of an account: which there are, and what their values look like.

use crate::protocol::{ACCOUNT_KEYS, PLAN_KEYS};

/// Least and most seconds between two signs of life.
const KEEPALIVE: std::ops::RangeInclusive<u32> = 5..=3600;

/// Checks one key of an account, as `--set` and `add_account` take it.
///
/// Values that only a kind of PBX knows are left to it.
///
/// # Errors
/// What is wrong and what is expected, for whoever wrote it.
pub fn check(key: &str, value: &str) -> Result<(), String> {
    if let Some(key) = key.strip_prefix("plan.").filter(|key| PLAN_KEYS.contains(key)) {
        return check_plan(key, value).map_err(|wrong| format!("plan.{wrong}"));
    }
    if !ACCOUNT_KEYS.contains(&key) {
        let plan = PLAN_KEYS.iter().map(|key| format!("plan.{key}"));
        let known: Vec<String> = ACCOUNT_KEYS.iter().map(|key| (*key).to_owned()).chain(plan).collect();
        return Err(format!("there is no key {}; there are: {}", short(key), known.join(", ")));
    }
    match key {
        "dial_path" => one_of(key, value, &["auto", "websocket", "rest", "remote_call"]),
        "allow_plain_http" => one_of(key, value, &["true", "false"]),
        "keepalive_s" => {
            let fits = value.parse().is_ok_and(|seconds| KEEPALIVE.contains(&seconds));
            expect(fits, key, value, &format!("a number of seconds from {} to {}", KEEPALIVE.start(), KEEPALIVE.end()))
        }
        "token_url" => {
            let fits = url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
            // An address may hold a key of the company's page, so it is not repeated.
            expect(fits, key, "that", "an address such as https://intranet.example/token")
        }
        "own_numbers" => {
            let fits = entries(value).all(is_number) && entries(value).next().is_some();
            expect(fits, key, value, "a list of numbers such as 204,+4930555204")
        }
        _ => expect(!value.trim().is_empty(), key, value, "a word"),
    }
}

/// Checks one key of a dial plan, without `plan.`.
///
/// # Errors
/// What is wrong and what is expected, for whoever wrote it.
pub fn check_plan(key: &str, value: &str) -> Result<(), String> {
    if !PLAN_KEYS.contains(&key) {
        return Err(format!("there is no key {}; there are: {}", short(key), PLAN_KEYS.join(", ")));
    }
    let digits = |text: &str, most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    match key {
        "country" => {
            let fits = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
            expect(fits, key, value, "two letters such as DE")
        }
        "area_code" => expect(digits(value, 8), key, value, "digits such as 30"),
        "outside_prefix" => {
            let fits = value.len() <= 4 && value.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte));
            expect(fits, key, value, "at most four digits such as 0")
        }
        "send" => one_of(key, value, &["national", "e164", "00"]),
        "main_number" => {
            let fits = value.is_empty() || value.strip_prefix('+').is_some_and(|rest| rest.len() >= 4 && digits(rest, 15));
            expect(fits, key, value, "a number with its country code such as +49301234")
        }
        "extensions" => {
            let fits = entries(value).all(is_extension_rule);
            expect(fits, key, value, "a list such as 200-299,7XX")
        }
        _ => one_of(key, value, &["true", "false"]),
    }
}

fn short(text: &str) -> String {
    phone_core::call::tidy(text).chars().take(40).collect()
}

fn one_of(key: &str, value: &str, known: &[&str]) -> Result<(), String> {
    expect(known.contains(&value), key, value, &format!("one of {}", known.join(", ")))
}

fn expect(fits: bool, key: &str, value: &str, what: &str) -> Result<(), String> {
    if fits { Ok(()) } else { Err(format!("{key} is {what}, not `{}`", short(value))) }
}

/// The entries of a list; what stands around them in TOML and JSON is left out.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '"')).filter(|entry| !entry.is_empty())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_extension_rule(rule: &str) -> bool {
    let digits = |text: &str| (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match rule.split_once('-') {
        Some((low, high)) => digits(low) && digits(high) && low.len() == high.len() && low <= high,
        None => (1..=10).contains(&rule.len()) && rule.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'X' | b'x')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_contract_are_taken() {
        for (key, value) in [
            ("dialect", "auto"),
            ("dial_path", "remote_call"),
            ("token_url", "https://intranet.example/token"),
            ("own_numbers", "204, +4930555204"),
            ("keepalive_s", "30"),
            ("allow_plain_http", "true"),
            ("remote_call_hash", "old"),
            ("plan.country", "DE"),
            ("plan.area_code", "30"),
            ("plan.outside_prefix", "0"),
            ("plan.outside_prefix", ""),
            ("plan.send", "00"),
            ("plan.main_number", "+49301234"),
            ("plan.extensions", r#"["200-299", "7XX"]"#),
            ("plan.extensions", "200-299,7XX"),
            ("plan.ask_links", "false"),
        ] {
            assert_eq!(check(key, value), Ok(()), "{key}={value}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_expected() {
        for (key, value, says) in [
            ("contry", "DE", "plan.country"),
            ("plan.contry", "DE", "plan.country"),
            ("plan.country", "Germany", "two letters"),
            ("plan.area_code", "zero", "digits"),
            ("plan.outside_prefix", "0 ", "digits"),
            ("plan.send", "+", "national, e164, 00"),
            ("plan.main_number", "0301234", "country code"),
            ("plan.extensions", "2-299", "200-299,7XX"),
            ("plan.extensions", "299-200", "200-299,7XX"),
            ("plan.extensions", "two", "200-299,7XX"),
            ("plan.ask_links", "maybe", "true, false"),
            ("allow_plain_http", "yes", "true, false"),
            ("dial_path", "phone", "websocket"),
            ("keepalive_s", "0", "5 to 3600"),
            ("keepalive_s", "soon", "5 to 3600"),
            ("token_url", "intranet", "https://"),
            ("own_numbers", "", "list of numbers"),
            ("own_numbers", "mara", "list of numbers"),
            ("dialect", "", "a word"),
        ] {
            let wrong = check(key, value).expect_err(key);
            assert!(wrong.contains(says), "{key}={value}: {wrong}");
        }
        let secret = check("token_url", "intranet?key=271828").expect_err("no address");
        assert!(!secret.contains("271828"), "{secret}");
    }
}
