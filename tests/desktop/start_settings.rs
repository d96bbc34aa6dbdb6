//! What a start and a registration leave in the home folder, and what they find there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use phone_control::protocol::{Nothing, SetSettingsParams, SettingsReply, method};
use phone_tests::desktop::{Keyring, Options, Session};
use phone_tests::vodia::{FakeVodia, Generation};

use crate::support::{AgentUnderTest, Window, fake, install, picture_of_corner};
use crate::{desk, desktop, is_valid, registers};

#[tokio::test]
async fn registering_and_taking_it_back_leaves_the_home_folder_as_it_was() {
    let session = Session::start(Options::bare()).await;
    let agent = install(&session, Window::Recorded);
    let untouched = snapshot(&session);

    registers(&session, &agent).await;
    unregisters(&session, &agent).await;
    assert_eq!(changes(&untouched, &snapshot(&session)), Vec::<String>::new());

    // Where another program opened such links before, it does so again.
    let recorder = session.record_links("tel").await;
    let with_another = snapshot(&session);
    registers(&session, &agent).await;
    // Twice in a row must not make it forget who was there first.
    registers(&session, &agent).await;
    unregisters(&session, &agent).await;
    unregisters(&session, &agent).await;
    assert_eq!(changes(&with_another, &snapshot(&session)), Vec::<String>::new());
    // The list of one desktop goes before the common one.
    fs::write(
        session.home().join(".config/xfce-mimeapps.list"),
        "[Default Applications]\nx-scheme-handler/tel=recorder-tel.desktop\ntext/html=web.desktop\n",
    )
    .expect("a list of this desktop");
    let with_own_list = snapshot(&session);
    registers(&session, &agent).await;
    unregisters(&session, &agent).await;
    assert_eq!(changes(&with_own_list, &snapshot(&session)), Vec::<String>::new());
    let opened = session.xdg_open("tel:+49301").await;
    assert!(opened.success, "{}", opened.stderr);
    recorder.received("tel:+49301").await;
    let opened = session.gio_open("tel:+49302").await;
    assert!(opened.success, "{}", opened.stderr);
    recorder.received("tel:+49302").await;
}

#[tokio::test]
async fn autostart_is_off_until_chosen() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    let entry = session.home().join(".config/autostart/trayphone.desktop");
    let settings: SettingsReply = agent.client.call(method::GET_SETTINGS, &Nothing {}).await.expect("the settings");
    assert!(!settings.autostart && !entry.exists());

    let on = SetSettingsParams { autostart: Some(true), ..SetSettingsParams::default() };
    let settings: SettingsReply = agent.client.call(method::SET_SETTINGS, &on).await.expect("set");
    assert!(settings.autostart);
    is_valid(&session, &entry).await;
    let program = session.root().join("programs/trayphone");
    let text = fs::read_to_string(&entry).expect("an entry");
    assert!(text.lines().any(|line| line == format!("Exec={}", program.display())), "{text}");

    let off = SetSettingsParams { autostart: Some(false), ..SetSettingsParams::default() };
    let settings: SettingsReply = agent.client.call(method::SET_SETTINGS, &off).await.expect("set");
    assert!(!settings.autostart && !entry.exists());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_broken_settings_file_is_kept_aside_and_told() {
    const BROKEN: &str = "version = 1\n[[account]]\nname = \"office\nkind";
    let session = Session::start(desktop()).await;
    let folder = session.home().join(".config/trayphone");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("settings.toml"), BROKEN).expect("half a file");

    let agent = AgentUnderTest::start(&session).await;

    let aside = folder.join("settings.toml.broken");
    let view = agent.wait_view("a word about it", |view| !view.hints.is_empty()).await;
    let hint = view.hints.iter().find(|hint| hint.about == "settings_broken").expect("a hint about the settings");
    assert!(hint.remedy.as_ref().is_some_and(|remedy| remedy.contains(&aside.display().to_string())), "{hint:?}");
    session.notice("a notice of it", |notice| notice.body.contains("settings.toml.broken")).await;
    assert_eq!(fs::read_to_string(&aside).expect("kept"), BROKEN);
    session.window_of_class("Dunst").await;
    picture_of_corner(&session, "start-broken-settings.png").await;

    // What is set up anew is written, and the broken file stays.
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    assert!(fs::read_to_string(folder.join("settings.toml")).expect("settings").contains("office"));
    assert_eq!(fs::read_to_string(&aside).expect("kept"), BROKEN);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn settings_of_a_newer_program_are_kept_aside() {
    let session = Session::start(Options { keyring: Keyring::Absent, ..desktop() }).await;
    let folder = session.home().join(".config/trayphone");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("settings.toml"), "version = 99\n").expect("a file");

    let agent = AgentUnderTest::start(&session).await;

    let view = agent.wait_view("a word about it", |view| !view.hints.is_empty()).await;
    assert!(view.hints[0].text.contains("newer"), "{:?}", view.hints);
    assert_eq!(fs::read_to_string(folder.join("settings.toml.broken")).expect("kept"), "version = 99\n");
    agent.stop().await;
}

#[tokio::test]
async fn settings_that_cannot_be_written_keep_no_account_and_that_is_told() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    // A file where a folder should be: not even an administrator can write there.
    fs::write(session.home().join(".config/trayphone"), "in the way").expect("a file");

    let agent = AgentUnderTest::start(&session).await;
    let view = agent.wait_view("a word about the settings", |view| !view.hints.is_empty()).await;
    assert!(view.hints[0].text.contains("cannot be used"), "{:?}", view.hints);
    let trouble = agent.add_account("office", &pbx).await.expect_err("an account that is not kept");

    assert!(trouble.text.contains("not added") && trouble.remedy.is_some(), "{trouble:?}");
    agent.wait_view("no account", |view| view.accounts.is_empty()).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_history_that_cannot_be_written_holds_up_no_call() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    fs::write(session.home().join(".local/state/trayphone"), "in the way").expect("a file");

    let agent = AgentUnderTest::start(&session).await;
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("a call", |notice| notice.summary == "Mara Beispiel").await;
    agent.press_menu("Decline").await;
    agent.no_call().await;
    agent.wait_view("a word about it", |view| !view.hints.is_empty()).await;
    agent.ends_well(&pbx).await;
}

async fn unregisters(session: &Session, agent: &Path) {
    let done = session.run(&agent.display().to_string(), &["--unregister"]).await;
    assert!(done.success, "{}", done.stderr);
    let handler = session.run("xdg-mime", &["query", "default", "x-scheme-handler/tel"]).await;
    assert_ne!(handler.stdout.trim(), "trayphone.desktop");
}

/// Every path below the home folder with what is in it; folders have no content.
fn snapshot(session: &Session) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    fn add(folder: &Path, all: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                all.insert(path.clone(), None);
                add(&path, all);
            } else {
                all.insert(path.clone(), Some(fs::read(&path).unwrap_or_default()));
            }
        }
    }
    let mut all = BTreeMap::new();
    add(&session.home(), &mut all);
    all
}

/// What differs between two snapshots, one line a path.
fn changes(before: &BTreeMap<PathBuf, Option<Vec<u8>>>, after: &BTreeMap<PathBuf, Option<Vec<u8>>>) -> Vec<String> {
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| format!("gone: {}", path.display()));
    let other = after.iter().filter_map(|(path, content)| match before.get(path) {
        None => Some(format!("new: {}", path.display())),
        Some(old) if old != content => Some(format!("changed: {}", path.display())),
        Some(_) => None,
    });
    gone.chain(other).collect()
}
