//! Settings and history on disks that are broken, full, slow or silent.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phone_core::request::Reply;
use phone_core::{CallState, Code, DesktopSettings, Request};
use phone_tests::vodia::Generation;
use phone_vault::MemoryVault;
use rustix::fs::{CWD, Mode, mkfifoat};

use crate::support::{Desk, SOON, fails, fake, office};

fn settings_file(desk: &Desk) -> std::path::PathBuf {
    desk.dir.path().join("config/settings.toml")
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_write_loses_nothing() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let half = settings_file(&desk).with_file_name(".settings.toml.new");
    std::fs::write(&half, "version = 1\n[[acc").expect("half a file");
    let desk = desk.restarted();
    let view = desk.online().await;
    assert!(view.hints.is_empty(), "{:?}", view.hints);
    let settings = DesktopSettings { window_warm_s: 7, ..DesktopSettings::default() };
    assert!(desk.engine.set_desktop(settings.clone()).await.is_ok());
    let desk = desk.restarted();
    desk.online().await;
    assert_eq!(*desk.engine.desktop().borrow(), settings);
}

#[tokio::test]
async fn a_broken_settings_file_is_kept_aside_and_told() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let file = settings_file(&desk);
    let good = std::fs::read_to_string(&file).expect("settings");
    for broken in ["version = 1\n[[account]]\nname = 5\n", "\u{0}\u{0}\u{0}", "version = 999\n", "<html>"] {
        std::fs::write(&file, broken).expect("written");
        let desk = Desk::on(Arc::clone(&desk.dir), Arc::clone(&desk.vault));
        let view = desk.settle().await;
        assert!(view.accounts.is_empty());
        let hint = view.hints.iter().find(|h| h.about == "settings_broken").expect("a hint");
        assert!(hint.remedy.as_deref().is_some_and(|r| r.contains("settings.toml.broken")), "{hint:?}");
        assert!(desk.engine.set_desktop(DesktopSettings::default()).await.is_ok());
        let folder = file.parent().expect("a folder");
        let kept = std::fs::read_dir(folder).expect("a folder").flatten().any(|entry| {
            let aside = entry.file_name().to_string_lossy().contains(".broken");
            aside && std::fs::read_to_string(entry.path()).is_ok_and(|text| text == broken)
        });
        assert!(kept, "{broken:?} is still there");
    }
    // The mended file put back works again.
    std::fs::write(&file, good).expect("written");
    let desk = Desk::on(Arc::clone(&desk.dir), Arc::clone(&desk.vault));
    desk.online().await;
}

#[tokio::test]
async fn an_account_that_cannot_be_written_down_is_not_added() {
    let pbx = fake(Generation::G2).await;
    // The test may run as root, whom no permission keeps out; a folder in the way does.
    let desk = Desk::new();
    let new = settings_file(&desk).with_file_name(".settings.toml.new");
    std::fs::create_dir_all(&new).expect("a folder");
    fails(&desk.add(&pbx, &[]).await, Code::NotAvailable, "was not added");
    let view = desk.settle().await;
    assert!(view.accounts.is_empty(), "{:?}", view.accounts);
    assert!(desk.vault.get(&office()).await.is_err(), "nor is its password stored");
    pbx.wait_for(|s| s.open_sockets(None) == 0, SOON).await.expect("it is signed out");
    // Once there is room nothing of it comes back by itself, and it can be added.
    std::fs::remove_dir(&new).expect("removed");
    assert!(desk.engine.set_desktop(warm(7)).await.is_ok());
    desk.wait_view("no hint", |v| v.hints.is_empty()).await;
    assert!(!std::fs::read_to_string(settings_file(&desk)).expect("settings").contains("office"));
    assert!(desk.add(&pbx, &[]).await.is_ok());
    let desk = desk.restarted();
    desk.online().await;
}

#[tokio::test]
async fn a_settings_folder_that_cannot_be_read_is_told_and_left_alone() {
    let pbx = fake(Generation::G2).await;
    let dir = Arc::new(tempfile::tempdir().expect("a folder"));
    // A file stands where the folder should be.
    std::fs::write(dir.path().join("config"), "not a folder").expect("written");
    let desk = Desk::on(Arc::clone(&dir), Arc::new(MemoryVault::default()));
    let view = desk.settle().await;
    let hint = view.hints.iter().find(|h| h.about == "settings_broken").expect("a hint");
    assert!(hint.text.contains("cannot be used") && hint.remedy.is_some(), "{hint:?}");
    fails(&desk.add(&pbx, &[]).await, Code::NotAvailable, "was not added");
    assert_eq!(std::fs::read_to_string(dir.path().join("config")).expect("still there"), "not a folder");
}

fn history_file(desk: &Desk) -> PathBuf {
    desk.dir.path().join("state/history.db")
}

/// Settings that differ from others only by this number.
fn warm(window_warm_s: u32) -> DesktopSettings {
    DesktopSettings { window_warm_s, ..DesktopSettings::default() }
}

/// A file that takes what is written to it only once somebody reads it: a folder on a server that is away.
fn hangs(path: &std::path::Path) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::remove_file(path).ok();
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).expect("a pipe with a name");
}

/// Lets go of those who wait at such a file, and takes it away.
fn lets_go(path: &std::path::Path) {
    let both = std::fs::OpenOptions::new().read(true).write(true).open(path).expect("the pipe");
    std::fs::remove_file(path).expect("removed");
    drop(both);
}

#[tokio::test]
async fn a_folder_that_hangs_holds_up_no_call_and_is_told() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let new = settings_file(&desk).with_file_name(".settings.toml.new");
    desk.written();
    // What is done on the disk is done one after the other: the history waits for it too.
    hangs(&new);
    let engine = desk.engine.clone();
    let stored = tokio::spawn(async move { engine.set_desktop(warm(7)).await });
    // It counts at once, and calls come, are answered and end while the folder does not answer.
    let mut shown = desk.engine.desktop();
    tokio::time::timeout(SOON, shown.wait_for(|d| *d == warm(7))).await.expect("in time").expect("it runs");
    for _ in 0..2 {
        let since = Instant::now();
        pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| v.calls.iter().any(|c| c.state == CallState::Ringing)).await;
        assert!(desk.engine.ask(Request::Answer(None)).await.is_ok());
        desk.wait_view("connected", |v| v.calls.iter().any(|c| c.state == CallState::Connected)).await;
        assert!(desk.engine.ask(Request::HangUp(None)).await.is_ok());
        desk.wait_view("over", |v| v.calls.is_empty()).await;
        assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    }
    assert!(!stored.is_finished(), "nobody is told that it is stored");
    // Whoever waits is told in time, and so is the user.
    let answer = tokio::time::timeout(SOON, stored).await.expect("in time").expect("whole");
    fails(&answer, Code::NotAvailable, "could not be written");
    let told = |v: &phone_core::View| v.hints.iter().any(|h| h.about == "settings_not_written");
    let view = desk.wait_view("told", told).await;
    assert!(view.hints[0].text.contains("does not answer") && view.hints[0].remedy.is_some(), "{:?}", view.hints);
    let Ok(Reply::Checks(checks)) = desk.engine.ask(Request::Checks).await else { panic!("no checks") };
    assert!(checks.iter().any(|c| c.name == "settings" && c.remedy.is_some()), "{checks:?}");
    assert!(!desk.engine.disk().finish(Duration::ZERO), "an end does not wait for ever");
    // The folder is back: what is newest is stored, and both calls in their order.
    lets_go(&new);
    let released = async {
        loop {
            if desk.engine.set_desktop(warm(8)).await.is_ok() && desk.engine.disk().finish(Duration::ZERO) {
                return;
            }
        }
    };
    tokio::time::timeout(SOON, released).await.expect("written");
    desk.wait_view("no hint", |v| v.hints.is_empty()).await;
    let desk = desk.restarted();
    assert_eq!(*desk.engine.desktop().borrow(), warm(8));
    desk.wait_view("both calls", |v| v.recent.len() == 2).await;
    assert_eq!(desk.history().await.len(), 2);
}

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_passes() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let old = std::fs::read_to_string(settings_file(&desk)).expect("settings");
    let new = settings_file(&desk).with_file_name(".settings.toml.new");
    desk.written();
    // Whatever is written there meets a full disk, and no database can be opened where a folder stands.
    symlink("/dev/full", &new).expect("a link");
    std::fs::remove_file(history_file(&desk)).expect("removed");
    std::fs::create_dir_all(history_file(&desk)).expect("a folder");
    fails(&desk.engine.set_desktop(warm(7)).await, Code::NotAvailable, "could not be written");
    assert_eq!(*desk.engine.desktop().borrow(), warm(7), "it counts for now");
    assert_eq!(std::fs::read_to_string(settings_file(&desk)).expect("settings"), old, "the old ones are whole");
    let (call, first) = desk.talking(&pbx).await;
    pbx.hang_up_far(call);
    for (about, why) in [("settings_not_written", "o space"), ("history_not_written", "directory")] {
        let told = |v: &phone_core::View| v.hints.iter().any(|h| h.about == about && h.text.contains(why));
        let view = desk.wait_view(about, told).await;
        let hint = view.hints.iter().find(|h| h.about == about).expect("just seen");
        assert!(hint.remedy.as_deref().is_some_and(|r| r.contains("Make room") && r.contains("by itself")), "{hint:?}");
    }
    let Ok(Reply::Checks(checks)) = desk.engine.ask(Request::Checks).await else { panic!("no checks") };
    for name in ["settings", "history"] {
        assert!(checks.iter().any(|c| c.name == name && c.remedy.is_some()), "{checks:?}");
    }
    // The call itself is in the list all the same.
    assert_eq!(desk.history().await.len(), 1);
    // There is room again: the next call takes the first along.
    std::fs::remove_file(&new).expect("removed");
    std::fs::remove_dir(history_file(&desk)).expect("removed");
    let (call, second) = desk.talking(&pbx).await;
    pbx.hang_up_far(call);
    assert!(desk.engine.set_desktop(warm(8)).await.is_ok());
    desk.wait_view("no hint", |v| v.calls.is_empty() && v.hints.is_empty()).await;
    let desk = desk.restarted();
    let view = desk.wait_view("both calls", |v| v.recent.len() == 2).await;
    let ids: Vec<_> = view.recent.iter().map(|r| r.id.clone()).collect();
    assert_eq!(ids, [second, first], "both were written, in their order");
    assert_eq!(*desk.engine.desktop().borrow(), warm(8));
}

#[tokio::test]
async fn nothing_is_lost_at_a_clean_end() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    for _ in 0..20 {
        let (call, _) = desk.talking(&pbx).await;
        pbx.hang_up_far(call);
        desk.wait_view("over", |v| v.calls.is_empty()).await;
    }
    for number in 0..20 {
        let (engine, settings) = (desk.engine.clone(), warm(number));
        tokio::spawn(async move { engine.set_desktop(settings).await });
    }
    let mut shown = desk.engine.desktop();
    tokio::time::timeout(SOON, shown.wait_for(|d| *d == warm(19))).await.expect("in time").expect("it runs");
    let desk = desk.restarted();
    assert_eq!(*desk.engine.desktop().borrow(), warm(19), "the newest settings won");
    assert_eq!(desk.history().await.len(), 20);
}
