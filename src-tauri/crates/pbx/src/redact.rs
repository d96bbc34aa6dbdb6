//! Frames and bodies made fit for a report: their shape stays, their people and secrets do not.

use serde_json::Value;

/// Most characters of a frame that a report keeps.
const MOST: usize = 600;

/// Replaces every text by a sketch of itself: digits by `9`, letters by `a`, so that lengths and separators can be seen.
///
/// `words` are the keys whose values are words of the protocol and may stay; the kind of PBX knows them. In a frame of
/// lines such as `Key: value` they may also be whole lines that say more than a word. `length` is that of the whole frame
/// where only its beginning was kept. What is neither JSON nor such lines is told by its length only, and so is cut JSON.
pub fn redact(frame: &str, length: usize, words: &[&str]) -> String {
    let is_cut = frame.len() < length;
    let text = match serde_json::from_str::<Value>(frame) {
        Ok(mut value) => {
            walk(&mut value, false, words);
            value.to_string()
        }
        Err(_) => match lines(frame, is_cut, words) {
            Some(text) => text,
            None if is_cut => return format!("<{length} bytes, too many to keep>"),
            None => return format!("<{length} bytes that are not JSON>"),
        },
    };
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain(['…']).collect() }
}

/// A frame of lines `Key: value`, in one line; none when it does not begin with such a one.
fn lines(frame: &str, is_cut: bool, words: &[&str]) -> Option<String> {
    // A line that was cut may be a word only because its end is missing.
    let whole = if is_cut { frame.rsplit_once("\r\n")?.0 } else { frame };
    let mut shown = vec![];
    for line in whole.split("\r\n").filter(|line| !line.is_empty()) {
        let parts = line.split_once(':');
        if shown.is_empty() && !parts.is_some_and(|(key, _)| is_name(key)) {
            return None;
        }
        shown.push(match parts {
            Some(_) if words.contains(&line) => line.to_owned(),
            Some((key, value)) => {
                let keep = words.contains(&key) && is_word(value.trim());
                let key = if is_name(key) { key.to_owned() } else { sketch(key) };
                format!("{key}: {}", if keep { value.trim().to_owned() } else { sketch(value.trim()) })
            }
            None => format!("<{} bytes>", line.len()),
        });
    }
    if shown.is_empty() {
        return None;
    }
    shown.extend(is_cut.then(|| "…".to_owned()));
    Some(shown.join(" | "))
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
            // A line of a report is one frame.
            c if c.is_control() => '.',
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

    /// A sign-in and an event of a protocol of lines; its own words are those that a kind would name.
    const LINES: [(&str, &str); 4] = [
        (
            "Action: Login\r\nActionID: 12\r\nUsername: mara204\r\nSecret: k9Zq7\r\nKey: 5f4dcc3b5aa765d61d8327deb882cf99\r\n\r\n",
            "Action: Login | ActionID: 99 | Username: aaaa999 | Secret: a9aa9 | Key: 9a9aaa9a9aa999a99a9999aaa999aa99",
        ),
        (
            "Event: Newchannel\r\nState: 6\r\nCallerIDName: Mara Beispiel\r\nCallerIDNum: +4930555001\r\nAccountCode: \r\nDigit: 7",
            "Event: Newchannel | State: 6 | CallerIDName: aaaa aaaaaaaa | CallerIDNum: +9999999999 | AccountCode:  | Digit: 9",
        ),
        // A value of many words stays only where the kind knows the whole line.
        (
            "Response: Error\r\nMessage: Not allowed here\r\nMessage: Mara has it",
            "Response: Error | Message: Not allowed here | Message: aaaa aaa aa",
        ),
        // A declared key does not make a person's name or number of several digits a word.
        (
            "Event: Mara Beispiel\r\nState: 4930555001\r\n+4930555001: 1\r\nMara Beispiel\r\nOutput: a\nb\tMara",
            "Event: aaaa aaaaaaaa | State: 9999999999 | +9999999999: 9 | <13 bytes> | Output: a.a.aaaa",
        ),
    ];

    #[test]
    fn of_lines_only_the_words_of_the_protocol_stay() {
        let words = &["Action", "Event", "Response", "State", "Message: Not allowed here"];
        for (frame, expected) in LINES {
            assert_eq!(redact(frame, frame.len(), words), expected);
        }
        let (frame, _) = LINES[1];
        assert!(!redact(frame, frame.len(), &[]).contains("Newchannel"), "nothing stays that nobody named");
    }

    #[test]
    fn lines_of_which_only_the_beginning_was_kept_end_with_a_mark() {
        let (words, frame) = (&["Event"], "Event: Newchannel\r\nExten: 204");
        for kept in 0..frame.len() {
            let shown = redact(frame.get(..kept).expect("plain letters"), frame.len(), words);
            let whole = kept >= "Event: Newchannel\r\n".len();
            let expected = if whole { "Event: Newchannel | …" } else { "<29 bytes, too many to keep>" };
            assert_eq!(shown, expected, "{kept}");
        }
    }

    #[test]
    fn what_does_not_begin_with_a_line_is_no_frame_of_lines() {
        for other in ["Some Manager/11.0.0\r\n", "<html>\r\nEvent: Mara", ": Mara", "\r\n\r\n", "", "+4930555001: Mara"] {
            assert_eq!(redact(other, other.len(), &["Event"]), format!("<{} bytes that are not JSON>", other.len()));
        }
    }

    #[test]
    fn a_frame_of_which_only_the_beginning_was_kept_is_told_by_its_whole_length() {
        assert_eq!(redact(r#"{"action":"sta"#, 70_000, &["action"]), "<70000 bytes, too many to keep>");
    }
}
