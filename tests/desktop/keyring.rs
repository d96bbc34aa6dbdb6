//! The keyring in all its states, as a person at the desktop meets them.

mod steady;
mod stored;
mod support;

use phone_control::client::NewAccount;
use phone_core::view::{AccountView, LinkName};
use phone_core::{AccountName, Code, Secret, View};
use phone_tests::desktop::{Button, KEYRING_PASSWORD, Keyring, Lookup, Options, PATIENCE, Prompter, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation, SignInMethod};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use steady::holds_for;
use stored::{ENTRY, stored};
use support::{AgentUnderTest, PROMPTLY, QUIET, Start, USER, fake, picture_of_corner, trayphonectl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

const LOCKED: &str = "The keyring is locked.";
const NOT_UNLOCKED: &str = "The keyring was not unlocked.";
const ABSENT: &str = "No keyring is running on this system.";
const MISSING: &str = "The password is not in the keyring.";

#[tokio::test]
async fn a_stored_password_is_used_after_a_restart_without_a_question() {
    let (session, pbx) = desk().await;

    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    assert_eq!(session.keyring_prompts(), 0);
    assert!(pbx.sign_ins().iter().all(|attempt| attempt.accepted), "{:?}", pbx.sign_ins());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_locked_keyring_asks_after_a_click_on_the_icon_and_never_before() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let before = pbx.sign_ins().len();

    let agent = AgentUnderTest::start(&session).await;
    let account = account_where(&agent, LOCKED).await;
    assert_eq!((account.link, code(&account)), (LinkName::SignedOut, Some(Code::KeyringLocked)));
    let icon = agent.tray_where("that the keyring is locked", |item| item.tooltip_text.contains(LOCKED)).await;
    assert!(icon.tooltip_text.contains("Unlock it; Trayphone continues by itself."), "{}", icon.tooltip_text);
    agent.tray_shows("signed-out").await;
    holds_for(PROMPTLY, "no question without a click", || session.keyring_prompts() == 0).await;
    assert_eq!(pbx.sign_ins().len(), before);
    let notice = session.notice("a word about the keyring", |notice| notice.body.contains(LOCKED)).await;
    assert_eq!((notice.buttons(), about_keyring(&session)), (vec!["Unlock"], 1));
    picture_of_corner(&session, "keyring-locked.png").await;

    session.click_tray(0, Button::Left).await;
    session.answer_keyring_prompt("wrong").await;
    session.screenshot("keyring-asks.png").await;
    session.answer_keyring_prompt(KEYRING_PASSWORD).await;

    agent.online().await;
    agent.tray_shows("online").await;
    assert_eq!(session.keyring_prompts(), 2);
    session.notice_gone(&notice, PROMPTLY).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_menu_of_the_icon_unlocks_too() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let agent = AgentUnderTest::start(&session).await;
    account_where(&agent, LOCKED).await;

    agent.press_menu("Unlock the keyring").await;
    session.answer_keyring_prompt(KEYRING_PASSWORD).await;

    agent.online().await;
    agent.menu_where("no word of the keyring", |menu| menu.find("Unlock the keyring").is_none()).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_notice_of_a_locked_keyring_unlocks_too() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let agent = AgentUnderTest::start(&session).await;
    account_where(&agent, LOCKED).await;

    session.press_action("Unlock").await;
    session.answer_keyring_prompt(KEYRING_PASSWORD).await;

    agent.online().await;
    wait_for("no word of the keyring", PROMPTLY, async || (about_keyring(&session) == 0).then_some(())).await;
    assert_eq!(session.keyring_prompts(), 1);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_keyring_that_another_program_unlocks_is_enough() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let agent = AgentUnderTest::start(&session).await;
    account_where(&agent, LOCKED).await;

    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");

    agent.online().await;
    assert_eq!(session.keyring_prompts(), 0);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_dismissed_question_is_told_and_a_later_unlock_still_counts() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let agent = AgentUnderTest::start(&session).await;
    account_where(&agent, LOCKED).await;

    session.click_tray(0, Button::Left).await;
    session.dismiss_keyring_prompt().await;
    let account = account_where(&agent, NOT_UNLOCKED).await;
    assert_eq!(code(&account), Some(Code::KeyringLocked));
    agent.tray_where("that nobody unlocked the keyring", |item| item.tooltip_text.contains(NOT_UNLOCKED)).await;
    wait_for("one word about it", PROMPTLY, async || (about_keyring(&session) == 1).then_some(())).await;
    holds_for(QUIET, "one word about it, not two", || about_keyring(&session) == 1).await;

    // The menu asks again, and what another program does counts as well. (The panel swallows a second real click
    // now and then, after a window took the pointer away from it; the first one above is real.)
    agent.press_menu("Unlock the keyring").await;
    session.dismiss_keyring_prompt().await;
    assert_eq!(session.keyring_prompts(), 2);
    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");
    agent.online().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_keyring_that_can_ask_nobody_is_told() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Absent).await;
    let agent = AgentUnderTest::start(&session).await;
    account_where(&agent, LOCKED).await;

    session.click_tray(0, Button::Left).await;

    account_where(&agent, NOT_UNLOCKED).await;
    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");
    agent.online().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_missing_keyring_is_told_and_one_that_appears_is_used() {
    let (session, pbx) = desk().await;
    session.keyring_stop().await;

    let agent = AgentUnderTest::start(&session).await;
    let account = account_where(&agent, ABSENT).await;
    assert_eq!((account.link, code(&account)), (LinkName::SignedOut, Some(Code::KeyringAbsent)));
    agent.tray_where("that there is no keyring", |item| item.tooltip_text.contains(ABSENT)).await;
    session.notice("a word about it", |notice| notice.body.contains(ABSENT)).await;
    session.window_of_class("Dunst").await;
    picture_of_corner(&session, "keyring-absent.png").await;

    // First it appears locked, as at the login of a user without a password, and then somebody unlocks it.
    session.keyring_locked(Prompter::Present).await;
    account_where(&agent, LOCKED).await;
    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");
    agent.online().await;
    assert_eq!(session.keyring_prompts(), 0);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_keyring_that_appears_open_is_used() {
    let (session, pbx) = desk().await;
    session.keyring_stop().await;
    let agent = AgentUnderTest::start(&session).await;
    account_where(&agent, ABSENT).await;

    session.keyring_unlocked().await;

    agent.online().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_keyring_that_locks_or_ends_disturbs_nobody_who_is_online() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    session.keyring_lock().await;
    // The way back needs no second look into the keyring.
    pbx.kick().await;
    agent.wait_view("a lost link", |view| view.accounts[0].link != LinkName::Online).await;
    agent.online().await;
    session.keyring_stop().await;
    pbx.kick().await;
    agent.wait_view("a lost link", |view| view.accounts[0].link != LinkName::Online).await;
    agent.online().await;

    assert_eq!(session.keyring_prompts(), 0);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_lost_entry_is_told_and_a_new_password_is_stored() {
    let (session, pbx) = desk().await;
    session.run("secret-tool", &["clear", "service", "trayphone", "username", "office"]).await;

    let agent = AgentUnderTest::start(&session).await;
    let account = account_where(&agent, MISSING).await;
    assert_eq!((account.link, code(&account)), (LinkName::Stopped, Some(Code::SecretMissing)));
    agent.tray_where("that the password is missing", |item| item.tooltip_text.contains(MISSING)).await;
    let notice = session.notice("a word about the account", |notice| notice.body.contains(MISSING)).await;
    assert!(notice.summary.contains("office") && notice.body.contains("Enter it again."), "{notice:?}");
    picture_of_corner(&session, "keyring-entry-gone.png").await;

    // A wrong one is refused, told, and does not lock the account by being tried again.
    let answer = trayphonectl(&session, &["account", "password", "office", "--password-stdin"], "wrong\n").await;
    assert_eq!(answer.code, Some(1), "{}{}", answer.stdout, answer.stderr);
    account_where(&agent, "The PBX does not accept this user name and password.").await;
    let refused = pbx.sign_ins().len();
    holds_for(PROMPTLY, "no second try of a refused password", || pbx.sign_ins().len() == refused).await;
    let answer = trayphonectl(&session, &["account", "password", "office", "--password-stdin"], &format!("{}\n", USER.1)).await;
    assert_eq!(answer.code, Some(0), "{}{}", answer.stdout, answer.stderr);

    agent.online().await;
    stored(&session).await;
    session.notice_gone(&notice, PROMPTLY).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_password_typed_before_the_keyring_opens_is_stored_later() {
    let session = Session::start(Options { keyring: Keyring::Locked(Prompter::Present), ..Options::default() }).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let told = agent.wait_view("a word that it is not stored", |view| hint(view).is_some()).await;
    let text = hint(&told).unwrap_or_default();
    assert!(text.contains("not stored") && text.contains(LOCKED), "{text}");
    assert_eq!(session.keyring_prompts(), 0);

    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");

    stored(&session).await;
    agent.wait_view("the word to go", |view| hint(view).is_none()).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_removed_account_takes_its_password_along() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    agent.client.remove_account(AccountName::parse("office").expect("a plain word")).await.expect("removed");

    assert_eq!(session.secret_tool_lookup(&ENTRY, PATIENCE).await, Lookup::NotFound);
    pbx.wait_for(|state| state.open_sockets(None) == 0, PROMPTLY).await.expect("nobody is signed in any more");
    agent.ends_well(&pbx).await;
}

#[test]
fn the_four_messages_of_the_keyring_differ() {
    let told = BTreeSet::from([LOCKED, NOT_UNLOCKED, ABSENT, MISSING]);
    assert_eq!(told.len(), 4);
}

#[tokio::test]
async fn no_secret_is_in_any_file_or_visible_to_other_programs() {
    const PASSWORD: &str = "Ebbe+Flut-2047 \"ja\"";
    let session = Session::start(Options::default()).await;
    let environment = vec![("TRAYPHONE_LOG".to_owned(), "trace".to_owned())];
    let start = || Start { environment: environment.clone(), ..Start::default() };
    let mut agent = AgentUnderTest::start_with(&session, start()).await;
    let mut heard = BTreeSet::new();
    let mut kept = Vec::new();
    for (generation, keys) in [
        (Generation::G1, vec![("dial_path", "remote_call")]),
        (Generation::G2, vec![]),
        (Generation::G3, vec![]),
        (Generation::G3, vec![("token_url", "token")]),
    ] {
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        pbx.set_password("204", PASSWORD);
        let wire = Wire::start(&pbx).await;
        let name = format!("account{}", kept.len());
        let keys = keys.into_iter().map(|(key, value)| match key {
            "token_url" => (key.to_owned(), pbx.token_url().replace(&pbx.url(), &wire.url)),
            _ => (key.to_owned(), value.to_owned()),
        });
        let account = NewAccount {
            name: AccountName::parse(&name).expect("a plain word"),
            kind: "vodia".to_owned(),
            url: wire.url.clone(),
            domain: None,
            user: Some(USER.0.to_owned()),
            pin: None,
            keys: keys.collect(),
        };
        agent.client.add_account(&account, Some(&Secret::new(PASSWORD.to_owned()))).await.expect("an account");
        kept.push((name, pbx, wire));
    }
    agent.online().await;
    for (turn, (name, pbx, _)) in kept.iter().enumerate() {
        let params = phone_control::protocol::DialParams {
            // One number is not dialled by several accounts at the same time.
            text: format!("+4930555{turn}01"),
            account: Some(AccountName::parse(name).expect("a plain word")),
            yes: true,
            to: None,
        };
        agent.client.dial(&params).await.unwrap_or_else(|trouble| panic!("{name}: {trouble:?}"));
        pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
        agent.client.diagnosis(AccountName::parse(name).expect("a plain word")).await.expect("a report");
    }
    // A sign-in that is refused, and one from the keyring, say no more than one that succeeds.
    kept[1].1.refuse_with(phone_tests::vodia::What::SignIn, 401);
    kept[1].1.restart().await.expect("its port");
    agent.wait_view("a refused sign-in", |view| view.accounts.iter().any(|account| account.link == LinkName::Stopped)).await;
    let mut outputs = agent.log();
    let visible_now = visible(&session);
    agent.stop().await;
    kept[1].1.behave();
    agent = AgentUnderTest::start_with(&session, start()).await;
    agent.online().await;
    outputs += &agent.log();
    assert!(kept.iter().any(|(_, pbx, _)| pbx.sign_ins().iter().any(|attempt| attempt.method == SignInMethod::Password)));

    for (name, _, wire) in &kept {
        let secrets = wire.secrets();
        assert!(!secrets.is_empty(), "a session or hash of {name} went over the wire");
        heard.extend(secrets);
    }
    heard.insert(PASSWORD.to_owned());
    // As it stands in JSON and in a URL.
    heard.insert("Ebbe+Flut-2047".to_owned());
    heard.insert("Ebbe%2BFlut-2047".to_owned());
    heard.insert(hex_md5(PASSWORD));
    let found = |place: &str, text: &[u8]| -> Vec<String> {
        let is_in = |secret: &&String| text.windows(secret.len()).any(|part| part.eq_ignore_ascii_case(secret.as_bytes()));
        heard.iter().filter(is_in).map(|secret| format!("{place}: {secret}")).collect()
    };
    let mut leaks = found("log and outputs", outputs.as_bytes());
    for file in files(session.root()) {
        leaks.extend(found(&file.display().to_string(), &fs::read(&file).unwrap_or_default()));
    }
    for (place, text) in visible_now.into_iter().chain(visible(&session)) {
        leaks.extend(found(&place, &text));
    }
    assert_eq!(leaks, Vec::<String>::new());
    agent.stop().await;
}

/// A session with an unlocked keyring in which an agent has signed in once, and ended.
async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(Options::default()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    stored(&session).await;
    assert_eq!(session.keyring_prompts(), 0);
    agent.stop().await;
    (session, pbx)
}

/// Waits until the only account says `why`.
async fn account_where(agent: &AgentUnderTest<'_>, why: &str) -> AccountView {
    let says = |view: &View| matches!(view.accounts.as_slice(), [account] if account.why.as_ref().is_some_and(|w| w.text == why));
    agent.wait_view(why, says).await.accounts.remove(0)
}

fn code(account: &AccountView) -> Option<Code> {
    account.why.as_ref().map(|why| why.code)
}

fn hint(view: &View) -> Option<String> {
    let hint = view.hints.iter().find(|hint| hint.about.starts_with("secret_not_stored"))?;
    Some(hint.text.clone())
}

/// How many notices on the screen speak of the keyring or of the account.
fn about_keyring(session: &Session) -> usize {
    let speaks = |text: &str| text.contains("keyring") || text.contains("office");
    session.notices().iter().filter(|notice| speaks(&notice.summary) || speaks(&notice.body)).count()
}

/// Every file below `folder`, except those that a running program keeps open in no readable form.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && entry.file_name() != "programs" {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

/// What every other program of the user can read of the processes of the session.
fn visible(session: &Session) -> BTreeMap<String, Vec<u8>> {
    let mut seen = BTreeMap::new();
    for pid in session.processes() {
        for name in ["cmdline", "environ", "comm"] {
            let path = format!("/proc/{pid}/{name}");
            if let Ok(text) = fs::read(&path) {
                seen.insert(path, text);
            }
        }
    }
    seen
}

fn hex_md5(text: &str) -> String {
    use md5::{Digest, Md5};
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A wire to a PBX that remembers what went over it.
struct Wire {
    url: String,
    carried: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    async fn start(pbx: &FakeVodia) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("the port"));
        let (target, carried) = (pbx.addr(), Arc::<Mutex<Vec<u8>>>::default());
        let keep = Arc::clone(&carried);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(target).await else { continue };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(carry(near_in, far_out, Arc::clone(&keep)));
                tokio::spawn(carry(far_in, near_out, Arc::clone(&keep)));
            }
        });
        Self { url, carried }
    }

    /// The values that must not be seen anywhere else: sessions, tokens, hashes, and what Basic carries.
    fn secrets(&self) -> BTreeSet<String> {
        const BEFORE: [&str; 8] =
            ["session=", "sessId=", "auth=", "token=", "Basic ", "\"session\":\"", "\"token\":\"", "session\": \""];
        let text = String::from_utf8_lossy(&self.carried.lock().expect("no panic while held")).into_owned();
        let mut found = BTreeSet::new();
        for before in BEFORE {
            for (at, _) in text.match_indices(before) {
                let rest = &text[at + before.len()..];
                let value = rest.split(|c: char| !(c.is_ascii_alphanumeric() || "-_+/=%.".contains(c))).next();
                // Shorter ones are words of the protocol.
                found.extend(value.filter(|value| value.len() >= 12).map(str::to_owned));
            }
        }
        found
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, keep: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        keep.lock().expect("no panic while held").extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
