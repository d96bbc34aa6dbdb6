//! The table of numbers: one line, one text, and what must come of it. All differences are printed at once.
//!
//! The columns of `cases.tsv` are told in `table/mod.rs`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use phone_core as phone;

mod table;

use phone::number::{Candidate, Numbers, Plan};
use phone::request::Source;
use rlibphonenumber::PhoneNumberUtil;
use serde_json::{Value, json};
use table::{Case, judge, read, tell};

/// Plan keys, two spellings, and whether they are the same number.
type Pair = (&'static [(&'static str, &'static str)], &'static str, &'static str, bool);

#[test]
fn the_table_is_large_and_covers_the_regions() {
    let cases = read();
    assert!(cases.len() >= 320, "{}", cases.len());
    for region in ["DE", "AT", "CH", "FR", "IT", "ES", "GB", "US", "NL", "PL", "SE", "JP", "IN", "BR"] {
        let count = cases.iter().filter(|c| c.plan.iter().any(|(k, v)| k == "country" && v == region)).count();
        assert!(count >= 5, "{region} {count}");
    }
}

#[test]
fn every_number_that_the_table_dials_unasked_is_a_good_one() {
    let util = PhoneNumberUtil::new().unwrap();
    for case in read() {
        for item in case.expected.split(" , ").filter(|item| item.ends_with("|dial")) {
            for e164 in item.split('|').nth(1).unwrap().split('/').filter(|e| e.starts_with('+')) {
                let number = util.parse(e164, None).unwrap();
                assert!(util.is_valid_number(&number), "line {} {e164}", case.line);
            }
        }
    }
}

#[test]
fn every_number_of_the_table_comes_out_as_written_there() {
    let mut numbers = Numbers::default();
    let mut wrong = Vec::new();
    let cases = read();
    for case in &cases {
        let found = found(&mut numbers, case, &case.plan);
        if let Err(why) = judge(&case.expected, &found) {
            wrong.push(tell(case, &why, &found));
        }
        // A link that is not good asks even when links are not asked about.
        if case.source == Source::Link && case.expected.starts_with("safe") {
            let mut plan = case.plan.clone();
            plan.push(("ask_links".into(), "false".into()));
            let found = self::found(&mut numbers, case, &plan);
            if let Err(why) = judge(&case.expected, &found) {
                wrong.push(tell(case, &format!("with ask_links=false: {why}"), &found));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_candidate_keeps_the_shape_of_the_contract() {
    let mut numbers = Numbers::default();
    let mut wrong = Vec::new();
    for case in read() {
        let chars: Vec<char> = case.input.chars().collect();
        let mut last = 0;
        for one in &found(&mut numbers, &case, &case.plan) {
            let mut check = |good: bool, what: &str| {
                if !good {
                    wrong.push(tell(&case, what, std::slice::from_ref(one)));
                }
            };
            let (start, end) = (one["start"].as_u64().unwrap() as usize, one["end"].as_u64().unwrap() as usize);
            let text = one["text"].as_str().unwrap();
            check(start < end && end <= chars.len(), "offsets are outside the text");
            let slice: String = chars.iter().skip(start).take(end.saturating_sub(start)).collect();
            check(slice == text, "text is not input[start..end]");
            check(start >= last, "candidates overlap or are out of order");
            last = end;
            let verdict = one["verdict"].as_str().unwrap();
            check(["dial", "ask", "refuse"].contains(&verdict), "no such verdict");
            check((verdict == "dial") == one["why"].is_null(), "why is for ask and refuse, and always there");
            check(verdict == "refuse" || one["dial"].is_string(), "what can be dialled says what is dialled");
            let e164 = one["e164"].as_str();
            let good = |t: &str| t.starts_with('+') && t[1..].bytes().all(|b| b.is_ascii_digit()) && t.len() <= 16;
            check(e164.is_none_or(good), "e164 is no E.164 number");
            let uri = one["kind"] == "uri";
            let wire = |t: &str| uri || t.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
            check(one["dial"].as_str().is_none_or(wire), "dial holds more than + digits * #");
            if case.source == Source::Link && one["kind"] != "not_a_number" {
                check(text.trim() == case.input.trim(), "a link's candidate spans the link");
            }
            let told = format!("{}{}{}", one["why"], one["dial"], one["extension"]);
            check(!told.contains("geheim") && !told.contains("0cc175b9"), "a credential of the link is told");
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_target_is_the_one_candidate_or_nothing() {
    let mut numbers = Numbers::default();
    let mut wrong = Vec::new();
    for case in read() {
        let plan = plan(&case.plan);
        let found = found(&mut numbers, &case, &case.plan);
        let open: Vec<&Value> = found.iter().filter(|c| c["verdict"] != "refuse").collect();
        for yes in [false, true] {
            if open.iter().any(|c| c["kind"] == "panic") {
                wrong.push(tell(&case, "panics", &found));
                continue;
            }
            let target = numbers.target(&case.input, case.source, &yes.into(), &plan);
            let expected = match open.as_slice() {
                [one] if one["kind"] == "uri" => continue,
                [one] if yes || one["verdict"] == "dial" => one["dial"].as_str(),
                _ => None,
            };
            let refused_too = found.iter().any(|c| c["verdict"] == "refuse");
            let got = target.as_ref().ok().map(|t| t.dial.as_str());
            // Beside something refused, both the one good number and a question are right.
            if got != expected && !(refused_too && got.is_none()) {
                wrong.push(tell(&case, &format!("yes={yes}: target {got:?}, candidates say {expected:?}"), &found));
            }
            if let Ok(target) = target {
                let digits = |t: &str| t.chars().filter(char::is_ascii_digit).collect::<String>();
                if target.shown.is_empty() || digits(&target.shown).is_empty() {
                    wrong.push(tell(&case, "the target shows nothing", &found));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_same_number_is_the_same_however_it_is_written() {
    const GERMAN: &[(&str, &str)] = &[("country", "DE"), ("area_code", "30"), ("outside_prefix", "0"), ("send", "national")];
    const OWN: &[(&str, &str)] = &[("country", "DE"), ("main_number", "+49301234"), ("extensions", "200-299")];
    const AMERICAN: &[(&str, &str)] = &[("country", "US"), ("outside_prefix", "9")];
    let cases: &[Pair] = &[
        (GERMAN, "+493023125001", "03023125001", true),
        (GERMAN, "+493023125001", "0049 30 23125001", true),
        (GERMAN, "+493023125001", "+49 (0)30 23125-001", true),
        (GERMAN, "+493023125001", "tel:+49-30-23125001", true),
        (GERMAN, "+493023125001", "003023125001", true), // as the PBX shows what we dialled
        (GERMAN, "+493023125001", "23125001", true),
        (GERMAN, "+493023125001", "+493023125002", false),
        (GERMAN, "+493023125001", "+433023125001", false),
        (GERMAN, "03023125001", "04023125001", false),
        (GERMAN, "204", "204", true),
        (GERMAN, "204", "1204", false),
        (GERMAN, "", "204", false),
        (GERMAN, "", "", false),
        (GERMAN, "anonymous", "204", false),
        (OWN, "+49301234207", "207", true),
        (OWN, "030 1234-207", "207", true),
        (OWN, "+49301234307", "307", false),
        (OWN, "+49401234207", "207", false),
        (AMERICAN, "+12015550123", "2015550123", true),
        (AMERICAN, "+12015550123", "12015550123", true),
        (AMERICAN, "+12015550123", "(201) 555-0123", true),
        (AMERICAN, "+12015550123", "5550123", false),
        (&[("country", "IT")], "+390669812345", "0669812345", true),
        (&[("country", "IT")], "+390669812345", "669812345", false),
        (&[("country", "FR")], "+33199001234", "01 99 00 12 34", true),
        (&[("country", "JP")], "+81312345678", "０３－１２３４－５６７８", true),
        (&[], "+493023125001", "+49 30 23125001", true),
        (&[], "+493023125001", "+12015550123", false),
    ];
    let mut numbers = Numbers::default();
    let mut wrong = Vec::new();
    for (keys, a, b, expected) in cases {
        let keys: Vec<(String, String)> = keys.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let plan = plan(&keys);
        for (a, b) in [(a, b), (b, a)] {
            if numbers.same(a, b, &plan) != *expected {
                wrong.push(format!("{keys:?} {a:?} {b:?} should be {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn resting_changes_nothing_but_memory() {
    let mut numbers = Numbers::default();
    assert!(!numbers.is_loaded());
    for case in read().iter().step_by(7) {
        let before = found(&mut numbers, case, &case.plan);
        numbers.rest();
        assert!(!numbers.is_loaded());
        assert_eq!(before, found(&mut numbers, case, &case.plan), "line {}", case.line);
    }
}

#[test]
fn a_plan_names_the_key_it_does_not_understand() {
    let good = [
        ("country", "DE"),
        ("area_code", "30"),
        ("outside_prefix", "0"),
        ("send", "national"),
        ("send", "e164"),
        ("send", "00"),
        ("main_number", "+49301234"),
        ("extensions", "200-299, 7XX"),
        ("ask_premium", "true"),
        ("ask_links", "false"),
        ("ask_international", "false"),
    ];
    for (key, value) in good {
        assert!(Plan::default().set(key, value).is_ok(), "{key}={value}");
    }
    let bad = [
        ("country", "Germany"),
        ("country", "ZZ"),
        ("area_code", "Berlin"),
        ("outside_prefix", "none"),
        ("send", "pigeon"),
        ("main_number", "Zentrale"),
        ("extensions", "299-200"),
        ("extensions", "two hundred"),
        ("ask_links", "perhaps"),
        ("colour", "blue"),
    ];
    for (key, value) in bad {
        let error = Plan::default().set(key, value);
        assert!(error.is_err(), "{key}={value}");
        assert!(error.unwrap_err().to_string().contains(key), "{key}={value}");
    }
}

fn found(numbers: &mut Numbers, case: &Case, keys: &[(String, String)]) -> Vec<Value> {
    let look = || {
        let found: Vec<Candidate> = numbers.candidates(&case.input, case.source, &plan(keys));
        found.iter().map(|one| serde_json::to_value(one).unwrap()).collect()
    };
    // A panic is a difference like any other, so that the rest of the table is still looked at.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).unwrap_or_else(|_| {
        let count = case.input.chars().count();
        vec![json!({"kind": "panic", "verdict": "dial", "text": case.input, "start": 0, "end": count, "why": null, "dial": "0"})]
    })
}

fn plan(keys: &[(String, String)]) -> Plan {
    let mut plan = Plan::default();
    for (key, value) in keys {
        assert!(plan.set(key, value).is_ok(), "{key}={value}");
    }
    plan
}
