//! The table of numbers, read and judged.
//!
//! `cases.tsv` has five columns: source, plan (`key=value` joined by `;`), input (`\n \r \t \\ \u{..}` escaped),
//! what is expected, and where the case comes from. What is expected is a list of candidates joined by ` , `, each
//! `kind|e164|dial|extension|verdict`. In a field `-` is null, `?` anything, and `/` separates what is equally right.
//! `maybe ` before a candidate: it may be missing. `none`: nothing but things that are not a number. `safe`: nothing
//! with the verdict `dial` (for a link not even with `ask_links=false`). `never NUMBER`: nothing that is dialled or
//! asked about has it. As the contract says, `not_a_number` with `refuse` may be listed or left out everywhere.

use phone_core::Source;
use serde_json::Value;

const TABLE: &str = include_str!("../cases.tsv");

/// One line of the table.
pub struct Case {
    pub line: usize,
    pub source: Source,
    pub plan: Vec<(String, String)>,
    pub input: String,
    pub expected: String,
    pub from: String,
}

pub fn judge(expected: &str, found: &[Value]) -> Result<(), String> {
    let real: Vec<&Value> = found.iter().filter(|c| !(c["kind"] == "not_a_number" && c["verdict"] == "refuse")).collect();
    if expected == "none" {
        return if real.is_empty() { Ok(()) } else { Err("found something".into()) };
    }
    if let Some(rest) = expected.strip_prefix("safe") {
        if real.iter().any(|c| c["verdict"] == "dial") {
            return Err("would be dialled unasked".into());
        }
        return if rest.is_empty() { Ok(()) } else { judge(rest.trim(), found) };
    }
    if let Some(number) = expected.strip_prefix("never ") {
        // An e164 alone does no harm when something else is dialled, as with one's own main number.
        let bare = number.trim_start_matches('+');
        let harm = |c: &&Value| c["verdict"] != "refuse" && (c["dial"] == number || c["dial"] == bare);
        return if real.iter().any(harm) { Err("the wrong number".into()) } else { Ok(()) };
    }
    let mut real = real.into_iter().peekable();
    for item in expected.split(" , ") {
        let (item, optional) = item.strip_prefix("maybe ").map_or((item, item.contains("not_a_number")), |i| (i, true));
        let fields: Vec<&str> = item.split('|').collect();
        assert_eq!(fields.len(), 5, "{expected}");
        let Some(one) = real.peek() else {
            if optional {
                continue;
            }
            return Err("not found".into());
        };
        let differs = ["kind", "e164", "dial", "extension", "verdict"].iter().zip(fields).find(|(key, wanted)| {
            let is = one[*key].as_str().unwrap_or("-");
            !wanted.split('/').any(|w| w == "?" || w == is)
        });
        match differs {
            None => drop(real.next()),
            Some(_) if optional && item.starts_with("emergency") => {}
            Some((key, wanted)) => return Err(format!("{key} should be {wanted}")),
        }
    }
    if real.next().is_some() { Err("found too much".into()) } else { Ok(()) }
}

pub fn tell(case: &Case, why: &str, found: &[Value]) -> String {
    let show = |c: &Value| {
        let field = |key: &str| c[key].as_str().unwrap_or("-").to_owned();
        format!("{}|{}|{}|{}|{}", field("kind"), field("e164"), field("dial"), field("extension"), field("verdict"))
    };
    let plan: Vec<String> = case.plan.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let found: Vec<String> = found.iter().map(show).collect();
    format!(
        "line {} [{}]\n  {:?} {} {:?}: {why}\n    expected {}\n    found    {}",
        case.line,
        case.from,
        case.source,
        plan.join(";"),
        case.input,
        case.expected,
        if found.is_empty() { "nothing".to_owned() } else { found.join(" , ") }
    )
}

pub fn read() -> Vec<Case> {
    let lines = TABLE.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    lines.map(|(index, line)| case(index + 1, line)).collect()
}

fn case(line: usize, text: &str) -> Case {
    let fields: Vec<&str> = text.split('\t').collect();
    assert_eq!(fields.len(), 5, "line {line}");
    let source = match fields[0] {
        "link" => Source::Link,
        "text" => Source::Text,
        "typed" => Source::Typed,
        other => panic!("line {line}: {other}"),
    };
    let pair = |p: &str| p.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
    Case {
        line,
        source,
        plan: fields[1].split(';').filter(|p| !p.is_empty()).map(pair).collect(),
        input: unescape(fields[2]),
        expected: fields[3].to_owned(),
        from: fields[4].to_owned(),
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('\\') => out.push('\\'),
            Some('u') => {
                let (hex, tail) = after[2..].split_once('}').unwrap();
                out.push(char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap());
                rest = tail;
                continue;
            }
            other => panic!("{other:?} in {text}"),
        }
        rest = chars.as_str();
    }
    out + rest
}
