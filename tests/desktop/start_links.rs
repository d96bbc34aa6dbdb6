//! Links: at a cold start, and from other programs.

use std::fs;

use phone_core::view::LinkName;
use phone_tests::desktop::{KEYRING_PASSWORD, PATIENCE, Prompter, Session, wait_until};

use crate::steady::holds_for;
use crate::support::{AgentUnderTest, QUIET, Start, Window, install, picture_of_corner};
use crate::{CALL, agents, desk, desktop, registers};

#[tokio::test]
async fn a_link_starts_the_agent_and_is_asked_about_once_it_is_online() {
    let (session, pbx) = desk().await;

    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    agent.online().await;

    let question = session.notice("the question", |notice| notice.buttons().contains(&CALL)).await;
    assert!(question.summary.replace(" ", "").contains("+493055501"), "{question:?}");
    holds_for(QUIET, "one question and no dial", || session.all_notices().len() == 1 && pbx.dials().is_empty()).await;
    picture_of_corner(&session, "start-link-question.png").await;
    session.press_action(CALL).await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, "+493055501");
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_waits_for_a_pbx_that_comes_a_little_later() {
    let (session, pbx) = desk().await;
    pbx.stop().await;

    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    agent.wait_view("a failed try", |view| view.accounts.first().is_some_and(|account| account.link == LinkName::Waiting)).await;
    pbx.restart().await.expect("its port");

    agent.online().await;
    session.notice("the question", |notice| notice.buttons().contains(&CALL)).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_survives_a_keyring_that_has_to_be_unlocked_first() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    agent.wait_view("a locked keyring", |view| view.accounts.first().is_some_and(|account| account.why.is_some())).await;

    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");

    agent.online().await;
    session.notice("the question", |notice| notice.buttons().contains(&CALL)).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_without_any_account_is_answered_and_the_first_run_opens() {
    let session = Session::start(desktop()).await;

    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;

    session.notice("an answer", |notice| notice.summary.contains("No account")).await;
    wait_until("the window", PATIENCE, || !agent.window_calls().is_empty()).await;
    agent.stop().await;
}

#[tokio::test]
async fn links_that_other_programs_open_reach_the_running_agent() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    registers(&session, &session.root().join("programs/trayphone")).await;

    let opened = session.xdg_open("tel:+493055501").await;
    assert!(opened.success, "{}", opened.stderr);
    session.notice("the question of xdg-open", |notice| notice.summary.replace(" ", "").contains("+493055501")).await;
    session.press_action("Cancel").await;
    let opened = session.gio_open("tel:+493055502").await;
    assert!(opened.success, "{}", opened.stderr);
    session.notice("the question of gio", |notice| notice.summary.replace(" ", "").contains("+493055502")).await;
    session.press_action(CALL).await;

    assert_eq!(pbx.wait_for_dial(1, PATIENCE).await.expect("a dial").number, "+493055502");
    assert_eq!(agents(&session).len(), 1);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_that_another_program_opens_starts_the_agent() {
    let (session, pbx) = desk().await;
    registers(&session, &session.root().join("programs/trayphone")).await;

    // Its outputs go to a file: the agent that it starts keeps them open.
    let mut command = session.command("gio");
    command.args(["open", "tel:+493055501"]);
    let mut opened = session.spawn("gio", command);

    assert!(opened.exited().await.success(), "{}", opened.log());
    session.notice("the question", |notice| notice.summary.replace(" ", "").contains("+493055501")).await;
    assert_eq!((agents(&session).len(), pbx.dials().len()), (1, 0));
}

#[tokio::test]
async fn unregistering_on_another_desktop_gives_everything_back_as_it_was() {
    let session = Session::start(desktop()).await;
    let program = install(&session, Window::Missing);
    let config = session.home().join(".config");
    let lists = [
        ("mimeapps.list", "[Default Applications]\nx-scheme-handler/tel=old.desktop;older.desktop\n"),
        (
            "xfce-mimeapps.list",
            "# mine\n[Default Applications]\nx-scheme-handler/tel = own.desktop;\n\n[Added Associations]\na/b=c.desktop;",
        ),
    ];
    fs::create_dir_all(&config).expect("a folder for settings");
    for (name, text) in lists {
        fs::write(config.join(name), text).expect("a list");
    }

    registers(&session, &program).await;
    let mut command = session.command(&program);
    command.arg("--unregister").env("XDG_CURRENT_DESKTOP", "");
    let mut unregistered = session.spawn("unregister", command);
    assert!(unregistered.exited().await.success(), "{}", unregistered.log());

    for (name, text) in lists {
        assert_eq!(fs::read_to_string(config.join(name)).expect("the list"), text, "{name}");
    }
    assert!(!session.home().join(".local/share/applications/trayphone.desktop").exists());
    assert!(!session.home().join(".local/state/trayphone/links-before").exists());
}
