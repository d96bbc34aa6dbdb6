//! One history of what this agent saw and what the PBX tells.

use std::sync::Arc;

use phone_core::call::Outcome;
use phone_core::history::{CallsWanted, WhichCalls};
use phone_core::request::Reply;
use phone_core::view::RecordSource;
use phone_core::{Ability, CallId, Code, DesktopSettings, Request};
use phone_tests::vodia::{FakeVodia, Generation};

use crate::support::{Desk, SOON, fails, fake};

/// Rings until the caller gives up.
async fn missed(desk: &Desk, pbx: &FakeVodia, from: &str, name: &str) {
    let before = desk.settle().await.missed;
    let call = pbx.ring(from, name, "204");
    desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
    pbx.hang_up_far(call);
    desk.wait_view("missed", |v| v.calls.is_empty() && v.missed == before + 1).await;
}

async fn has_history(desk: &Desk) {
    desk.wait_view("a history", |v| v.accounts.first().is_some_and(|a| a.abilities.has(Ability::History))).await;
}

#[tokio::test]
async fn a_call_missed_while_the_computer_was_off_is_there_and_counted_and_none_stands_twice() {
    let pbx = fake(Generation::G3).await;
    let desk = Desk::signed_in(&pbx).await;
    has_history(&desk).await;
    missed(&desk, &pbx, "+4930555001", "Mara Beispiel").await;
    desk.written();
    let (dir, vault) = (Arc::clone(&desk.dir), Arc::clone(&desk.vault));
    drop(desk);
    pbx.wait_for(|s| s.open_sockets(None) == 0, SOON).await.expect("gone");
    let away = pbx.ring("+4930555002", "Erika Muster", "204");
    pbx.hang_up_far(away);
    let desk = Desk::on(dir, vault);
    desk.wait_view("both counted", |v| v.missed == 2 && v.recent.len() == 2).await;
    for _ in 0..2 {
        let calls = desk.history().await;
        let told: Vec<_> = calls.iter().map(|call| (call.remote.name.as_deref().unwrap_or_default(), call.source)).collect();
        assert_eq!(told, [("Erika Muster", RecordSource::Pbx), ("Mara Beispiel", RecordSource::Both)]);
        assert!(calls.iter().all(|call| call.outcome == Outcome::Missed));
        // The list comes again with every sign-in.
        pbx.kick().await;
        desk.lost().await;
        desk.online().await;
        has_history(&desk).await;
    }
    assert!(desk.engine.ask(Request::MissedSeen).await.is_ok());
    desk.wait_view("seen", |v| v.missed == 0).await;
    let desk = desk.restarted();
    desk.wait_view("the calls", |v| v.recent.len() == 2).await;
    has_history(&desk).await;
    assert_eq!((desk.settle().await.missed, desk.history().await.len()), (0, 2));
}

#[tokio::test]
async fn calls_are_found_noted_removed_and_printed_as_a_table() {
    let pbx = fake(Generation::G3).await;
    let desk = Desk::signed_in(&pbx).await;
    has_history(&desk).await;
    for (from, name) in [("+4930555001", "Mara Beispiel"), ("+4930555002", "Erika Muster"), ("+4930555003", "=1+1")] {
        missed(&desk, &pbx, from, name).await;
    }
    let find = async |text: &str| {
        let wanted = CallsWanted { text: Some(text.into()), limit: 10, ..CallsWanted::default() };
        match desk.engine.ask(Request::History(wanted)).await {
            Ok(Reply::History(page)) => page.calls,
            other => panic!("{other:?}"),
        }
    };
    let mara = find("030 555 001").await;
    assert_eq!(mara.len(), 1);
    let mut events = desk.engine.events();
    assert!(desk.engine.ask(Request::NoteCall(mara[0].id.clone(), Some("wants an offer".into()))).await.is_ok());
    Desk::event(&mut events, phone_core::EventName::History).await;
    assert_eq!(find("OFFER").await.first().and_then(|call| call.note.clone()).as_deref(), Some("wants an offer"));
    let none = CallId("office/c99999".into());
    fails(&desk.engine.ask(Request::NoteCall(none, None)).await, Code::NoSuchCall, "not in the history");
    let table = desk.engine.ask(Request::ExportHistory(CallsWanted { limit: 500, ..CallsWanted::default() })).await;
    let Ok(Reply::Table { text, next: None }) = table else { panic!("{table:?}") };
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("+4930555001,Mara Beispiel,office") && text.contains(",'=1+1,"), "{text}");
    // Removed, it stays away, although the PBX goes on listing it.
    let one = WhichCalls::These(vec![mara[0].id.clone()]);
    assert_eq!(desk.engine.ask(Request::DeleteCalls(one)).await.ok(), Some(Reply::Deleted(1)));
    desk.wait_view("out of the tray", |v| v.recent.len() == 2 && v.missed == 2).await;
    let desk = desk.restarted();
    has_history(&desk).await;
    assert_eq!(desk.history().await.len(), 2);
    assert_eq!(desk.engine.ask(Request::DeleteCalls(WhichCalls::All)).await.ok(), Some(Reply::Deleted(2)));
    desk.wait_view("nothing in the tray", |v| v.recent.is_empty() && v.missed == 0).await;
    let desk = desk.restarted();
    has_history(&desk).await;
    assert!(desk.history().await.is_empty());
    // A page that nobody gave is refused.
    let made_up = CallsWanted { before: Some("x".into()), limit: 10, ..CallsWanted::default() };
    fails(&desk.engine.ask(Request::History(made_up)).await, Code::WrongUsage, "");
}

#[tokio::test]
async fn nothing_is_kept_when_nothing_is_to_be_kept() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    missed(&desk, &pbx, "+4930555001", "Mara Beispiel").await;
    desk.written();
    let file = desk.dir.path().join("state/history.db");
    assert!(file.exists());
    assert!(desk.engine.set_desktop(DesktopSettings { history_days: 0, ..DesktopSettings::default() }).await.is_ok());
    desk.wait_view("the tray forgets", |v| v.recent.is_empty() && v.missed == 0).await;
    assert!(!file.exists());
    missed(&desk, &pbx, "+4930555002", "Erika Muster").await;
    assert_eq!(desk.history().await.len(), 1, "until the end of the program");
    let desk = desk.restarted();
    desk.online().await;
    assert!(!file.exists());
    assert!(desk.history().await.iter().all(|call| call.source == RecordSource::Pbx));
}

#[tokio::test]
async fn a_broken_history_is_put_aside_and_told() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    missed(&desk, &pbx, "+4930555001", "Mara Beispiel").await;
    desk.written();
    let file = desk.dir.path().join("state/history.db");
    std::fs::write(&file, "not a database, and longer than its head would be".repeat(40)).expect("written");
    let desk = desk.restarted();
    let view = desk.wait_view("told", |v| v.hints.iter().any(|h| h.about == "history_broken")).await;
    let hint = view.hints.iter().find(|h| h.about == "history_broken").expect("just seen");
    assert!(hint.remedy.as_deref().is_some_and(|remedy| remedy.contains("history.db.broken")), "{hint:?}");
    desk.online().await;
    missed(&desk, &pbx, "+4930555002", "Erika Muster").await;
    assert!(!desk.history().await.is_empty());
}

#[tokio::test]
async fn a_history_that_cannot_be_opened_is_told_before_any_call_ends_and_comes_back_by_itself() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    missed(&desk, &pbx, "+4930555001", "Mara Beispiel").await;
    desk.written();
    let (file, away) = (desk.dir.path().join("state/history.db"), desk.dir.path().join("away"));
    std::fs::rename(&file, &away).expect("moved");
    std::fs::create_dir(&file).expect("in the way");
    let (dir, vault) = (Arc::clone(&desk.dir), Arc::clone(&desk.vault));
    drop(desk);
    let desk = Desk::on(dir, vault);
    desk.wait_view("told", |v| v.hints.iter().any(|h| h.about == "history_not_written")).await;
    std::fs::remove_dir(&file).expect("removed");
    std::fs::rename(&away, &file).expect("moved");
    assert!(desk.engine.disk().finish(SOON), "it is tried again");
    desk.wait_view("all is well", |v| v.hints.is_empty() && v.missed == 1 && v.recent.len() == 1).await;
}
