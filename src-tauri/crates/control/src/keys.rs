//! Keys of an account: those of the dial plan, and how long any of them may be.
//!
//! What else there is, a kind of PBX knows; the agent asks it before it adds an account.

use phone_core::number::{Plan, PlanError};

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
    let wrong = |error: PlanError| format!("{key} is {}, not `{}`", error.expected, short(value));
    Plan::default().set(key, value).map_err(wrong)
}

fn short(text: &str) -> String {
    phone_core::call::tidy(text).chars().take(40).collect()
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
            ("plan.extensions", "200-299, 7XX"),
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
            ("plan.outside_prefix", "+", "digits"),
            ("plan.send", "+", "national, e164 or 00"),
            ("plan.main_number", "0301234", "+49301234"),
            ("plan.extensions", "2-299", "200-299, 7XX"),
            ("plan.extensions", "299-200", "200-299, 7XX"),
            ("plan.extensions", "two", "200-299, 7XX"),
            ("plan.ask_links", "maybe", "true or false"),
        ] {
            let wrong = check(key, value).expect_err(key);
            assert!(wrong.contains(says), "{key}={value}: {wrong}");
        }
        assert!(check(&"k".repeat(65), "x").is_err() && check("", "x").is_err());
        let long = check("token_url", &"271828".repeat(400)).expect_err("too long");
        assert!(long.contains("2048") && !long.contains("271828"), "{long}");
    }
}
