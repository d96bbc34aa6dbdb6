//! Notices with hostile names, and a notification service that comes and goes.

use std::fs;

use phone_core::call::CallState;
use phone_core::request::CheckResult;
use phone_tests::desktop::{Notice, Options, PATIENCE, Session, wait_for};
use phone_tests::vodia::Stage;

use crate::support::{AgentUnderTest, mark};
use crate::{MARA, PELL, VOGT, desk, dials_are, modern};

/// A name, and a part of it that must still be readable.
const HOSTILE: [(&str, &str); 7] = [
    ("<b>x</b><img src=\"file:///etc/hostname\">Bold", "<b>x</b>"),
    ("&lt;i&gt;Amp & Co", "Amp & Co"),
    ("<a href=\"tel:112\">Click</a>", "Click"),
    ("Mara\n\r\t\u{7}\u{1b}[31mRed\u{0}", "Mara"),
    ("\u{202e}leipsieB\u{202c} \u{2066}x\u{2069}", "leipsieB"),
    ("\"Quote\" \\ 'Single' %s %n {0} `id` $(id)", "Single"),
    ("__under_score & _Access", "under"),
];

#[tokio::test]
async fn hostile_names_are_shown_as_plain_text() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let long = "Endless ".repeat(63);
    let names = HOSTILE.into_iter().chain([(long.as_str(), "Endless")]);
    for (turn, (name, part)) in names.enumerate() {
        let seen = session.all_notices().len();
        let call = pbx.ring(&format!("+4930231250{turn:02}"), name, "204");
        let fresh = |notice: &Notice| {
            !notice.summary.contains("issed call") && session.all_notices().iter().skip(seen).any(|other| other.id == notice.id)
        };
        let notice = session.notice(&format!("a notice of {name:?}"), fresh).await;
        assert!(notice.summary.contains(part), "{name:?} became {:?}", notice.summary);
        assert_harmless(&notice.summary);
        assert_eq!(notice.buttons(), ["Answer", "Decline"]);

        let tray = agent.tray_where("the call", |item| item.tooltip_title.ends_with("is calling")).await;
        assert!(!tray.tooltip_title.contains('<') && !tray.tooltip_text.contains('<'), "{}", tray.tooltip_title);
        assert!(mark(&tray).is_some_and(|mark| mark.starts_with("ringing")));
        let menu = agent.menu_where("the call", |menu| menu.labels().iter().any(|label| label.contains(part))).await;
        menu.labels().iter().for_each(|label| assert_harmless(label));
        if turn == 0 {
            session.screenshot("hostile-name.png").await;
        }
        assert!(pbx.hang_up(call, "204"));
        agent.no_call().await;
        // What the service really drew, as markup: the name must have become plain text in it.
        let drawn = wait_for("the notice among the old ones", PATIENCE, async || {
            let old = session.notice_history().await;
            old.into_iter().find(|old| u32::try_from(old.id).ok() == notice.id).map(|old| old.message)
        })
        .await;
        assert!(["<img", "<a ", "<i>"].iter().all(|markup| !drawn.contains(markup)), "{drawn}");
    }
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}

fn assert_harmless(text: &str) {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    assert!(!text.chars().any(steers), "{text:?}");
    assert!(text.chars().count() <= 120, "{text:?}");
}

#[tokio::test]
async fn without_a_notification_service_the_agent_works_and_shows_calls_when_one_comes() {
    let session = Session::start(Options { notices: false, ..Options::default() }).await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    assert_eq!(agent.check("notifications").await.result, CheckResult::Problem);

    let call = pbx.ring(MARA.0, MARA.1, "204");
    agent.tray_where("who is calling", |item| item.tooltip_title == "Mara Beispiel is calling").await;
    let hinted = agent.wait_view("a hint", |view| view.hints.iter().any(|hint| hint.about == "notifications")).await;
    assert!(hinted.hints.iter().all(|hint| hint.remedy.is_some()));
    let check = agent.check("notifications").await;
    assert!(check.result == CheckResult::Problem && check.remedy.is_some(), "{check:?}");

    session.start_notices().await;
    // The call still rings, so it is worth showing.
    session.notice("the call that still rings", |notice| notice.summary == MARA.1).await;
    agent.wait_view("no hint any more", |view| view.hints.iter().all(|hint| hint.about != "notifications")).await;
    assert_eq!(agent.check("notifications").await.result, CheckResult::Ok);
    assert!(pbx.hang_up(call, "204"));
    agent.no_call().await;
    let next = pbx.ring(PELL.0, PELL.1, "204");
    session.notice("the next call", |notice| notice.summary == PELL.1).await;
    session.press_action("Answer").await;
    let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected;
    pbx.wait_for(|state| state.call(next).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_notification_service_that_dies_takes_nothing_with_it() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring(VOGT.0, VOGT.1, "204");
    session.notice("the caller's name", |notice| notice.summary == VOGT.1).await;

    session.stop_notices().await;
    agent.tray_where("who is calling", |item| item.tooltip_title == "Dr. Ellen Vogt is calling").await;
    let second = pbx.ring(MARA.0, MARA.1, "204");
    agent.wait_view("two calls", |view| view.calls.len() == 2).await;
    pbx.hang_up(second, "204");
    agent.only_call(CallState::Ringing).await;

    session.start_notices().await;
    session.notice("the call that still rings", |notice| notice.summary == VOGT.1).await;
    assert!(session.notices().iter().all(|notice| notice.summary != MARA.1), "the other call is over");
    session.press_action("Answer").await;
    let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected;
    pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_weekend_of_missed_calls_takes_no_more_of_the_machine_than_one() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let held = || ["fd", "task"].map(|what| fs::read_dir(format!("/proc/{}/{what}", agent.pid())).expect("a process").count());
    let mut after_some = [0, 0];
    for turn in 1..=300 {
        let call = pbx.ring(MARA.0, MARA.1, "204");
        agent.only_call(CallState::Ringing).await;
        pbx.hang_up_far(call);
        agent.wait_view("one more missed call", |view| view.missed == turn).await;
        if turn == 20 {
            after_some = held();
        }
    }
    session.notice("all of them", |notice| notice.summary == "300 missed calls").await;

    let [files, threads] = held();
    eprintln!("{files} open files and {threads} threads, after 20 calls {after_some:?}");
    assert!(files <= after_some[0] + 5 && threads <= after_some[1] + 2, "{files} {threads}, after 20 calls {after_some:?}");
    session.press_action("Dismiss").await;
    agent.wait_view("no missed call any more", |view| view.missed == 0).await;
    agent.ends_well(&pbx).await;
}
