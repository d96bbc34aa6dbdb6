//! Frames and bodies made fit for a report: their shape stays, their people and secrets do not.

use serde_json::Value;

/// Most characters of a frame that a report keeps.
const MOST: usize = 600;

/// Replaces every text by a sketch of itself: digits by `9`, letters by `a`, so that lengths and separators can be seen.
///
/// `words` are the keys whose values are words of the protocol and may stay; the kind of PBX knows them. `length` is that
/// of the whole frame where only its beginning was kept. What is not JSON, cut or not, is told by its length only.
pub fn redact(frame: &str, length: usize, words: &[&str]) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(frame) else {
        return if frame.len() < length {
            format!("<{length} bytes, too many to keep>")
        } else {
            format!("<{length} bytes that are not JSON>")
        };
    };
    walk(&mut value, false, words);
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain(['…']).collect() }
}

fn walk(value: &mut Value, keep: bool, words: &[&str]) {
    match value {
        Value::String(text) if !(keep && is_word(text)) => *text = sketch(text),
        // One digit is a switch or a count; an extension has two at least.
        Value::Number(number) if number.as_f64().is_none_or(|n| n.abs() > 9.0) => *value = Value::String("<number>".into()),
        Value::Array(list) => list.iter_mut().for_each(|item| walk(item, false, words)),
        Value::Object(map) => {
            map.iter_mut().for_each(|(key, item)| walk(item, words.contains(&key.as_str()), words));
            // Some answers use numbers of people as keys.
            if map.keys().any(|key| !is_name(key)) {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(key, item)| if is_name(&key) { (key, item) } else { (sketch(&key), item) })
                    .collect();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Tells whether a key can be a name of the protocol: a word that is no number of somebody.
fn is_name(key: &str) -> bool {
    is_word(key) && !key.bytes().all(|b| b.is_ascii_digit())
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
        let words = &["action", "type", "state"];
        let redact = |frame: &str| redact(frame, frame.len(), words);
        let shown = redact(frame);
        assert!(shown.contains("call-state") && shown.contains("alerting"));
        for gone in ["Mara", "4930555001", "k9Zq", "5121"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        let shown = redact(r#"{"+4930555001":{"204":1,"Mara@t.example":2},"action":"hello Mara","type":"4930555001"}"#);
        for gone in ["Mara", "4930555001", "204"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        let shown = redact(r#"{"account":204,"12":1,"registered":1,"list":[98,-17,2.5]}"#);
        for gone in ["204", "12", "98", "17"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        assert!(shown.contains(r#""registered":1"#), "{shown}");
        assert_eq!(redact("<html>secret</html>"), "<19 bytes that are not JSON>");
    }

    #[test]
    fn a_frame_of_which_only_the_beginning_was_kept_is_told_by_its_whole_length() {
        assert_eq!(redact(r#"{"action":"sta"#, 70_000, &["action"]), "<70000 bytes, too many to keep>");
    }
}
