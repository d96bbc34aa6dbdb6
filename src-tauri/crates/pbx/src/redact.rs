//! Frames and bodies made fit for a report: their shape stays, their people and secrets do not.

use serde_json::Value;

/// Most characters of a frame that a report keeps.
const MOST: usize = 600;

/// Keys whose values are words of the protocol and may stay.
const KEEP: &[&str] = &["action", "type", "state", "callstate", "chatstatus", "method", "connected", "startstop"];

/// Replaces every text by a sketch of itself: digits by `9`, letters by `a`, so that lengths and separators can be seen.
///
/// What is not JSON is told by its length only.
pub fn redact(frame: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(frame) else {
        return format!("<{} bytes that are not JSON>", frame.len());
    };
    walk(&mut value, false);
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain(['…']).collect() }
}

fn walk(value: &mut Value, keep: bool) {
    match value {
        Value::String(text) if !(keep && is_word(text)) => *text = sketch(text),
        Value::Number(number) if !keep && number.as_f64().is_some_and(|n| n.abs() > 999.0) => {
            *value = Value::String("<number>".into())
        }
        Value::Array(list) => list.iter_mut().for_each(|item| walk(item, false)),
        Value::Object(map) => {
            map.iter_mut().for_each(|(key, item)| walk(item, KEEP.contains(&key.as_str())));
            // Some answers use numbers of people as keys.
            if map.keys().any(|key| !is_word(key)) {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(key, item)| if is_word(&key) { (key, item) } else { (sketch(&key), item) })
                    .collect();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Tells whether a text can be a word of the protocol: short, and with at most two digits.
fn is_word(text: &str) -> bool {
    text.len() <= 24
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        && text.bytes().filter(u8::is_ascii_digit).count() <= 2
}

fn sketch(text: &str) -> String {
    if text.len() > 64 {
        return format!("<{} bytes>", text.len());
    }
    text.chars()
        .map(|c| match c {
            c if c.is_numeric() => '9',
            c if c.is_alphabetic() => 'a',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn names_numbers_and_sessions_do_not_survive() {
        let frame = r#"{"action":"call-state","session":"k9Zq","calls":[{"id":5121,"from":"\"Mara\" <sip:+4930555001@t.example>","state":"alerting"}]}"#;
        let shown = redact(frame);
        assert!(shown.contains("call-state") && shown.contains("alerting"));
        for gone in ["Mara", "4930555001", "k9Zq", "5121"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        let shown = redact(r#"{"+4930555001":{"204":1,"Mara@t.example":2},"action":"hello Mara","type":"4930555001"}"#);
        for gone in ["Mara", "4930555001", "204"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        assert_eq!(redact("<html>secret</html>"), "<19 bytes that are not JSON>");
    }
}
