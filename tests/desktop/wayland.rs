//! The selection under Wayland: the real agent beside a real compositor, and no X server that it knows of.

mod support;

use std::time::{Duration, Instant};

use phone_tests::desktop::{Compositor, Knows, Notice, Options, PATIENCE, Running, Session, Wayland};
use phone_tests::vodia::{FakeVodia, Generation};
use support::{AgentUnderTest, PROMPTLY, Start, fake};

/// Two, so that one cannot be taken for the other.
const NUMBER: &str = "03023125117";
const OTHER: &str = "03023125802";

/// After a dial nobody means the next one so soon, and none is made.
const BETWEEN: Duration = Duration::from_millis(2500);

/// The longest text that is read, in characters.
const LONGEST: usize = 10_000;

/// The usual name of text.
const TEXT: &str = "text/plain;charset=utf-8";

/// What cannot be read: what it is, how it is offered, and what is said about it.
type Unreadable<'a> = (&'a str, Option<(&'a str, &'a [u8])>, &'a str);

#[tokio::test]
async fn the_primary_selection_of_a_compositor_is_dialled_and_left_alone() {
    let (session, pbx) = desk().await;
    let wayland = session.start_wayland().await;
    let agent = agent(&session, &pbx).await;
    let long = format!("{OTHER}{}", "\u{a0}".repeat(LONGEST - OTHER.len()));
    for (place, (text, number)) in [(NUMBER, NUMBER), (&long, OTHER)].into_iter().enumerate() {
        let _copied = wayland.offer("clipboard", "image/png", b"\x89PNG\0\xff").await;
        let _marked = wayland.offer("primary", TEXT, text.as_bytes()).await;
        let before = (wayland.whole("clipboard").await, wayland.whole("primary").await);

        dial_selection(&session).await;

        let dial = pbx.wait_for_dial(place + 1, PATIENCE).await.expect("a dial");
        assert_eq!((dial.by.as_str(), dial.number.as_str()), ("204", number));
        no_more_dials(&pbx, place + 1).await;
        assert_eq!((wayland.whole("clipboard").await, wayland.whole("primary").await), before);
        pbx.hang_up_far(dial.call.expect("a call"));
        agent.no_call().await;
    }
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn what_cannot_be_read_under_wayland_is_told_at_once() {
    let (session, pbx) = desk().await;
    let wayland = session.start_wayland().await;
    let agent = agent(&session, &pbx).await;
    let too_long = "1".repeat(LONGEST + 1);
    let far_too_long = "1".repeat(1 << 20);
    let ways: [Unreadable<'_>; 5] = [
        ("nothing", None, "No text is selected."),
        ("an image", Some(("image/png", b"\x89PNG\0\xff")), "No text is selected."),
        ("too long", Some((TEXT, too_long.as_bytes())), "The selected text is too long."),
        ("far too long", Some((TEXT, far_too_long.as_bytes())), "The selected text is too long."),
        ("hangs", Some((TEXT, NUMBER.as_bytes())), "does not answer"),
    ];
    for (way, offered, words) in ways {
        let marked: Option<Running> = match offered {
            Some((kind, bytes)) => Some(wayland.offer("primary", kind, bytes).await),
            None => {
                wayland.clear_primary().await;
                None
            }
        };
        let before = wayland.whole("primary").await;
        let hangs = marked.as_ref().filter(|_| way == "hangs");
        hangs.inspect(|owner| owner.freeze());
        let asked = Instant::now();

        dial_selection(&session).await;

        let told = session.notice(way, |notice| said(notice, words)).await;
        assert!(asked.elapsed() < PROMPTLY, "{way}: {:?}", asked.elapsed());
        hangs.inspect(|owner| owner.thaw());
        assert!(wayland.whole("primary").await == before, "{way}: the selection is as it was");
        session.run("dunstctl", &["close-all"]).await;
        session.notice_gone(&told, PATIENCE).await;
    }
    no_more_dials(&pbx, 0).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_standard_protocol_comes_before_the_older_one() {
    let (session, pbx) = desk().await;
    let compositor = session.start_compositor(Knows::Both, NUMBER);
    let within = Compositor::within(false);
    let agent = agent_within(&session, &pbx, &within).await;

    dial_selection_within(&session, &within).await;

    assert_eq!(pbx.wait_for_dial(1, PATIENCE).await.expect("a dial").number, NUMBER);
    let devices: Vec<_> = compositor.bound().into_iter().filter(|name| name.starts_with("device of ")).collect();
    assert_eq!(devices, ["device of ext_data_control_manager_v1"]);
    no_more_dials(&pbx, 1).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_compositor_that_shows_nothing_has_its_x_server_asked() {
    for knows in [Knows::Neither, Knows::Old] {
        let (session, pbx) = desk().await;
        let _compositor = session.start_compositor(knows, "nobody asks for this");
        let within = Compositor::within(true);
        let agent = agent_within(&session, &pbx, &within).await;

        dial_selection_within(&session, &within).await;
        session.notice("nothing seen", |notice| said(notice, "Trayphone sees no selected text.")).await;
        let _marked = session.offer_selection("primary", NUMBER).await;
        dial_selection_within(&session, &within).await;

        assert_eq!(pbx.wait_for_dial(1, PATIENCE).await.expect("a dial").number, NUMBER);
        no_more_dials(&pbx, 1).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn a_desktop_that_shows_nothing_or_hangs_is_told_at_once() {
    for (knows, words) in [(Knows::Neither, "does not let Trayphone see"), (Knows::NoAnswer, "does not answer")] {
        let (session, pbx) = desk().await;
        let _compositor = session.start_compositor(knows, "nobody asks for this");
        let within = Compositor::within(false);
        let agent = agent_within(&session, &pbx, &within).await;
        let asked = Instant::now();

        dial_selection_within(&session, &within).await;

        session.notice("a refusal", |notice| said(notice, words)).await;
        assert!(asked.elapsed() < PROMPTLY, "{knows:?}: {:?}", asked.elapsed());
        no_more_dials(&pbx, 0).await;
        agent.ends_well(&pbx).await;
    }
}

/// Notices on the X screen of the session, which the agent does not know.
async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(Options { frames: false, panel: false, ..Options::default() }).await;
    (session, FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX"))
}

async fn agent<'a>(session: &'a Session, pbx: &FakeVodia) -> AgentUnderTest<'a> {
    agent_within(session, pbx, &Wayland::within()).await
}

async fn agent_within<'a>(session: &'a Session, pbx: &FakeVodia, within: &[String]) -> AgentUnderTest<'a> {
    let agent = AgentUnderTest::start_with(session, Start { within: within.to_vec(), ..Start::default() }).await;
    agent.add_account("office", pbx).await.expect("an account");
    agent.online().await;
    agent
}

/// What a shortcut of the desktop runs.
async fn dial_selection(session: &Session) {
    dial_selection_within(session, &Wayland::within()).await;
}

async fn dial_selection_within(session: &Session, within: &[String]) {
    let program = session.root().join("programs/trayphone").display().to_string();
    let words: Vec<_> = within.iter().map(String::as_str).chain([program.as_str(), "--dial-selection"]).collect();
    let done = session.run(words[0], &words[1..]).await;
    assert!(done.success, "{}", done.stderr);
}

fn said(notice: &Notice, words: &str) -> bool {
    notice.summary.contains(words) || notice.body.contains(words)
}

/// Checks that there were so many dials, and that none follows.
async fn no_more_dials(pbx: &FakeVodia, dials: usize) {
    let more = pbx.wait_for_dial(dials + 1, BETWEEN).await;
    assert!(more.is_err(), "one dial too many: {:?}", pbx.dials());
    assert_eq!(pbx.dials().len(), dials);
}
