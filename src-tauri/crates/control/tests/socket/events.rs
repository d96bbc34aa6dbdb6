//! Events and a client that does not keep up with them.

use phone_core::EventName;

use crate::support::{Raw, Stage};

#[tokio::test]
async fn who_missed_events_is_told_and_let_go() {
    let stage = Stage::new();
    let mut slow = Raw::connect(&stage).await;
    slow.ask(r#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"streams":["call-event"]}}"#).await;
    // More than may wait, before anybody has a turn to read them.
    for _ in 0..100 {
        stage.phone.tell(EventName::CallRinging);
    }
    let mut last = None;
    while let Some(line) = slow.next().await {
        last = Some(line);
    }
    let told = last.expect("a last word");
    let text = told["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {told}"));
    assert!(text.contains("Events were missed"), "{told}");
    assert!(told["error"]["data"]["remedy"].is_string(), "says what to do: {told}");
}
