//! What would be dialled, without dialling.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use phone_control::keys;
use phone_core::Source;
use phone_core::number::{Candidate, LONGEST_TEXT, Numbers as Reader, Plan, Verdict, scheme};
use serde::Serialize;

use crate::arguments::Numbers;
use crate::failure::Failure;
use crate::output::{Cell, Output, Tone, word};

#[derive(Serialize)]
struct Document<'a> {
    input: &'a str,
    candidates: &'a [Candidate],
}

/// Runs the command.
///
/// # Errors
/// Input or plan that cannot be used.
pub fn run(wanted: &Numbers, output: &Output) -> Result<(), Failure> {
    let input = match &wanted.text {
        Some(text) => text.to_str().ok_or_else(|| Failure::usage("the text is not UTF-8"))?.to_owned(),
        None => standard_input()?,
    };
    if input.chars().count() > LONGEST_TEXT {
        return Err(Failure::usage(format!("the text has more than {LONGEST_TEXT} characters")));
    }
    let mut keys = wanted.plan.as_deref().map(plan_file).transpose()?.unwrap_or_default();
    if let Some(region) = &wanted.region {
        keys.insert("plan.country".to_owned(), region.clone());
    }
    let source = wanted.source.map_or_else(|| source_of(&input), Source::from);
    let (plan, wrong) = Plan::of(&keys);
    if let Some(wrong) = wrong.first() {
        return Err(Failure::usage(wrong.to_string()));
    }
    let found = Reader::default().candidates(&input, source, &plan);
    output.show(&Document { input: &input, candidates: &found }, |to| {
        let rows: Vec<Vec<Cell>> = found.iter().map(row).collect();
        output.table(to, &rows);
    })
}

fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    // Four bytes a character at most, and one more to notice that there are too many.
    let most = LONGEST_TEXT as u64 * 4 + 1;
    std::io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    if bytes.len() as u64 == most {
        return Err(Failure::usage(format!("the text has more than {LONGEST_TEXT} characters")));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage("the text is not UTF-8"))
}

fn source_of(text: &str) -> Source {
    if scheme(text.trim_start()).is_some() { Source::Link } else { Source::Text }
}

/// Reads a plan file into the keys that an account would have.
fn plan_file(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let unusable = |what: String| Failure::usage(format!("the plan {} cannot be used: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    plan_keys(&text).map_err(unusable)
}

fn plan_keys(text: &str) -> Result<BTreeMap<String, String>, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    table
        .into_iter()
        .map(|(key, value)| {
            let value = plain(&key, value)?;
            keys::check_plan(&key, &value)?;
            Ok((format!("plan.{key}"), value))
        })
        .collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other kind of value is equally wrong")]
fn plain(key: &str, value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(switch) => Ok(switch.to_string()),
        toml::Value::Array(list) => {
            let words: Result<Vec<String>, String> = list.into_iter().map(|entry| plain(key, entry)).collect();
            Ok(words?.join(","))
        }
        _ => Err(format!("{key} is neither a text nor a list of texts")),
    }
}

fn row(candidate: &Candidate) -> Vec<Cell> {
    let tone = match candidate.verdict {
        Verdict::Dial => Tone::Good,
        Verdict::Ask => Tone::Lively,
        Verdict::Refuse => Tone::Bad,
    };
    vec![
        Cell::toned(word(&candidate.verdict), tone),
        Cell::of(candidate.dial.as_deref().unwrap_or("-")),
        Cell::of(word(&candidate.kind)),
        Cell::of(&candidate.text),
        Cell::of(candidate.why.as_deref().unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_by_its_scheme() {
        assert_eq!(source_of("tel:+4930123456"), Source::Link);
        assert_eq!(source_of(" callto:207"), Source::Link);
        assert_eq!(source_of("Tel.: 207"), Source::Text);
        assert_eq!(source_of("+49 30 123456"), Source::Text);
    }

    #[test]
    fn a_plan_file_has_the_keys_of_an_account() {
        let keys = plan_keys("country = \"DE\"\nextensions = [\"200-299\", \"7XX\"]\nask_premium = true\n").expect("a plan");
        assert_eq!(keys.get("plan.extensions").map(String::as_str), Some("200-299,7XX"));
        assert_eq!(keys.get("plan.ask_premium").map(String::as_str), Some("true"));
        assert!(Plan::of(&keys).0.is_extension("207"));
        assert!(plan_keys("contry = \"DE\"").is_err_and(|wrong| wrong.contains("country")));
        assert!(plan_keys("country = \"Germany\"").is_err_and(|wrong| wrong.contains("two letters")));
        assert!(plan_keys("extensions = [\"2-299\"]").is_err());
        assert!(plan_keys("[plan]\ncountry = \"DE\"").is_err());
        assert!(plan_keys("country = ").is_err());
    }

    #[test]
    fn the_documents_shape_is_that_of_the_contract() {
        let input = "Tel. +49 30 123456";
        let found = Reader::default().candidates(input, Source::Text, &Plan::default());
        let document = serde_json::to_value(Document { input, candidates: &found }).expect("JSON");
        assert_eq!(document["input"], input);
        let first = &document["candidates"][0];
        for key in ["text", "start", "end", "e164", "extension", "kind", "dial", "verdict", "why"] {
            assert!(first.get(key).is_some(), "{key}");
        }
    }
}
