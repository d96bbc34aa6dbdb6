//! What the dialect sends, next to the samples of the protocol notes, as files under `fixtures/`.

use phone_core::request::OwnPresence;
use phone_core::told::Command;
use serde::Deserialize;
use serde_json::Value;

use super::fixtures::files;
use super::talk::{PASSWORD_HASH, Talk, account, http};

#[derive(Deserialize)]
struct RequestFile {
    source: String,
    server: String,
    calls: Value,
    legs: Value,
    order: Vec<String>,
    /// As the notes have it.
    sample: Value,
    /// As we send it: the same keys, unless the source says why fewer.
    sent: Value,
}

#[test]
fn every_order_is_sent_as_its_file_says() {
    let all = files::<RequestFile>("requests");
    for (name, file) in &all {
        let sent = sent(file);
        assert_eq!(sent, file.sent, "{name}");
        let keys = |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let differs = file.source.contains("; without");
        assert!(differs || keys(&file.sample) == keys(&file.sent), "{name}: other keys than the sample");
        assert!(keys(&file.sent).iter().all(|key| keys(&file.sample).contains(key)), "{name}: a key of our own");
    }
    let of_section = |section: &str| all.iter().filter(|(_, file)| file.source.contains(&format!("; {section} of"))).count();
    assert_eq!(of_section("4.1"), 4, "each of the four bodies for calls");
}

/// The one body or frame that carrying out a file's order brings.
fn sent(file: &RequestFile) -> Value {
    if file.order == ["sign-in"] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        talk.answer("", http(200, "{}", Some(&file.server)));
        let body = talk.open[0].body.as_ref().expect("a body").expose();
        assert!(body.contains(PASSWORD_HASH), "not the password's hash");
        return serde_json::from_str(body).expect("JSON");
    }
    let mut talk = Talk::online(&file.server, &[]);
    if file.order == ["keepalive"] {
        // Pings go first; one keepalive is due every half minute.
        let said = talk.wait(std::time::Duration::from_secs(31));
        return said.iter().find_map(|line| serde_json::from_str(line.strip_prefix("send ")?).ok()).expect("a keepalive");
    }
    talk.text(&serde_json::json!({ "action": "call-state", "calls": file.calls }).to_string());
    let mut said = talk.command(&command(&file.order));
    if said.iter().any(|line| line.starts_with("GET ") && line.contains("/calls ")) {
        said = talk.reply("calls", 200, &file.legs.to_string());
    }
    let bodies: Vec<&str> = said.iter().filter_map(|line| line.split_once("] ").map(|(_, body)| body)).collect();
    assert_eq!(bodies.len(), 1, "{said:?}");
    serde_json::from_str(bodies[0]).expect("JSON")
}

fn command(order: &[String]) -> Command {
    let request = 7;
    let words: Vec<&str> = order.iter().map(String::as_str).collect();
    let text = |text: &str| text.to_owned();
    match words.as_slice() {
        ["dial", to] => Command::Dial { request, to: text(to) },
        ["hang-up", key] => Command::HangUp { request, key: text(key) },
        ["transfer", key, to] => Command::TransferTo { request, key: text(key), to: text(to) },
        ["join", key, other] => Command::TransferJoin { request, key: text(key), other: text(other) },
        ["dnd"] => Command::SetPresence { request, presence: OwnPresence::Dnd, until: None, note: None },
        other => panic!("nobody carries out {other:?}"),
    }
}
