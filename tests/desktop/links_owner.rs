//! Who opens links of which scheme: shown, taken one by one, and given back.

use std::fs;

use phone_control::protocol::{Nothing, SetSettingsParams, SettingsReply, TestLinkReply, method};
use phone_core::request::CheckResult;
use phone_tests::desktop::{Options, Session};

use crate::registers;
use crate::support::AgentUnderTest;

#[tokio::test]
async fn each_scheme_shows_its_program_and_is_taken_and_given_back_by_itself() {
    let session = Session::start(Options { frames: false, ..Options::default() }).await;
    let recorder = session.record_links("sip").await;
    let list = session.home().join(".config/mimeapps.list");
    let before = fs::read_to_string(&list).expect("the list");
    let agent = AgentUnderTest::start(&session).await;
    let settings: SettingsReply = agent.client.call(method::GET_SETTINGS, &Nothing {}).await.expect("the settings");
    assert_eq!(settings.owners.get("sip").map(String::as_str), Some("Recorder"), "{:?}", settings.owners);
    assert!(settings.handler.values().all(|ours| !ours) && settings.handler.len() == 5, "{:?}", settings.handler);

    let refused = agent.client.call::<TestLinkReply>(method::TEST_LINK, &Nothing {}).await.expect_err("nothing opens them");
    assert!(refused.text.contains("pbx:"), "{refused:?}");

    // The usual schemes leave those of a SIP phone alone.
    registers(&session, &[]).await;
    let tested = agent.client.call::<TestLinkReply>(method::TEST_LINK, &Nothing {}).await.expect("a link that comes back");
    assert!(tested.arrived);
    assert!(session.all_notices().is_empty(), "a test says nothing on the screen");
    session.xdg_open("sip:204@pbx.example").await;
    recorder.received("sip:204@pbx.example").await;
    let handler = agent.check("url handler").await;
    assert_eq!(handler.result, CheckResult::Ok);
    assert!(
        handler.text.contains("sip: Recorder (recorder-sip.desktop)") && handler.text.contains("tel: Trayphone"),
        "{handler:?}"
    );

    let wanted =
        |scheme: &str, on| SetSettingsParams { handler: Some([(scheme.to_owned(), on)].into()), ..SetSettingsParams::default() };
    let settings: SettingsReply = agent.client.call(method::SET_SETTINGS, &wanted("sip", true)).await.expect("set");
    assert_eq!(settings.owners.get("sip").map(String::as_str), Some("Trayphone"));
    let query = session.run("xdg-mime", &["query", "default", "x-scheme-handler/sip"]).await;
    assert_eq!(query.stdout.trim(), "trayphone.desktop", "{}", query.stderr);
    let settings: SettingsReply = agent.client.call(method::SET_SETTINGS, &wanted("sip", false)).await.expect("set");
    assert_eq!(settings.owners.get("sip").map(String::as_str), Some("Recorder"));
    agent.stop().await;

    let program = session.root().join("programs/trayphone").display().to_string();
    for arguments in [&["--register", "sips", "sip"][..], &["--unregister", "tel"], &["--unregister"]] {
        let done = session.run(&program, arguments).await;
        assert!(done.success, "{arguments:?}: {}", done.stderr);
    }
    assert_eq!(fs::read_to_string(&list).expect("the list"), before, "byte for byte as it was");
    assert!(!session.home().join(".local/share/applications/trayphone.desktop").exists());
    let refused = session.run(&program, &["--register", "mailto"]).await;
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("mailto"), "{}", refused.stderr);
}
