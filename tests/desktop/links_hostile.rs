//! Links that try to be something else than a number.

use crate::support::AgentUnderTest;
use crate::{desk, dials_are, questions, registers};
use std::os::unix::ffi::OsStringExt as _;

#[tokio::test]
async fn a_hostile_link_is_no_option_no_second_link_and_no_silence() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    registers(&session, &[]).await;
    let windows = agent.window_calls().len();
    let long = format!("tel:{}", "1".repeat(2_000));
    let links = [
        "tel:--window",
        "tel:+4930 --unregister",
        "tel:+493055501%0Atel:+493055502",
        "tel:$(touch${IFS}/tmp/x)",
        "tel:'+4930;xterm'",
        "tel:%s%u%n",
        long.as_str(),
        "tel:%1B%5D0;x%07",
    ];
    // By the desktop's own way, as a real click goes.
    let opened = session.gio_open(links[0]).await;
    assert!(opened.success, "{}", opened.stderr);
    session.notice("a word about it", |notice| notice.body.contains("--window")).await;
    for link in links {
        let taken = agent.call_again(&[link]).await;
        assert_eq!(taken.code, Some(if link.len() > 2_000 { 2 } else { 0 }), "{link}: {}", taken.stderr);
    }
    session.notice("a word about what is no link", |notice| notice.summary == "This link cannot be opened.").await;
    dials_are(&pbx, &[]).await;
    assert_eq!(agent.window_calls().len(), windows, "no link opens the window");
    assert!(questions(&session).iter().all(|asked| !asked.contains("3055501") && !asked.contains('\u{1b}')));
    let handler = session.run("gio", &["mime", "x-scheme-handler/tel"]).await;
    assert!(handler.stdout.contains("trayphone.desktop"), "no link takes the registration back");

    // What is no text at all cannot come from a browser, but from any program.
    let before = session.all_notices().len();
    let mut command = session.command(session.root().join("programs/trayphone"));
    command.arg(std::ffi::OsString::from_vec(b"tel:+4930\xff12".to_vec()));
    let mut started = session.spawn("bytes", command);
    assert_eq!(started.exited().await.code(), Some(2), "{}", started.log());
    session.notice("a word about it", |_| session.all_notices().len() > before).await;
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}
