//! Keys of an account: those of the dial plan, and how long any of them may be.
//!
//! What else there is, a kind of PBX knows; the agent asks it before it adds an account.

use crate::protocol::PLAN_KEYS;

/// Longest name of a key, in bytes.
const LONGEST_KEY: usize = 64;
/// Longest value, in bytes; the longest ones are addresses.
const LONGEST_VALUE: usize = 2048;

/// Checks what one key of an account has to be for every kind of PBX, as `--set` and `add_account` take it.
///
/// # Errors
/// What is wrong and what is expected, for whoever wrote it.
pub fn check(key: &str, value: &str) -> Result<(), String> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(format!("a key has 1 to {LONGEST_KEY} characters, unlike {}", short(key)));
    }
    if value.len() > LONGEST_VALUE {
        return Err(format!("{} has at most {LONGEST_VALUE} characters", short(key)));
    }
    match key.strip_prefix("plan.") {
        None => Ok(()),
        Some(plan) if PLAN_KEYS.contains(&plan) => check_plan(plan, value).map_err(|wrong| format!("plan.{wrong}")),
        Some(_) => {
            let known: Vec<String> = PLAN_KEYS.iter().map(|key| format!("plan.{key}")).collect();
            Err(format!("there is no key {}; there are: {}", short(key), known.join(", ")))
        }
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
            ("what_only_a_kind_knows", "old"),
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
        ] {
            let wrong = check(key, value).expect_err(key);
            assert!(wrong.contains(says), "{key}={value}: {wrong}");
        }
        assert!(check(&"k".repeat(65), "x").is_err() && check("", "x").is_err());
        let long = check("token_url", &"271828".repeat(400)).expect_err("too long");
        assert!(long.contains("2048") && !long.contains("271828"), "{long}");
    }
}
