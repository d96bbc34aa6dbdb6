//! Text that is selected in real programs, by difficult ones, or by none; the real hotkey; and everything as it was.

mod selected_copy;
mod selected_owners;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use phone_core::request::CheckResult;
use phone_tests::desktop::{Button, Giving, Offers, Options, PATIENCE, Session, XOwner, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};
use support::{AgentUnderTest, fake};

/// Numbers in one word, as a double click selects them.
const NUMBER: &str = "03023125117";
const OTHER: &str = "03023125802";

/// After a dial nobody means the next one so soon, and none is made.
const BETWEEN: Duration = Duration::from_millis(2500);

/// What was copied before, under another name each time.
const COPIED: &[(&str, &[u8])] = &[
    ("UTF8_STRING", "kopiert: 030 999 ü\n".as_bytes()),
    ("STRING", b"kopiert: 030 999 \xfc\n"),
    ("text/html", b"<b>kopiert</b>\0"),
    ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe"),
];

/// Lines of each number in a letter.
const LINES: usize = 10;

#[tokio::test]
async fn a_double_click_and_a_drag_in_a_terminal_dial() {
    let session = desk().await;
    let letter = letter(&session);
    // A drag soon after a click would count on from it, and mark more, so for the drag no click counts on.
    let terminal = |clicks_count_for: &str| {
        let mut command = session.command("xterm");
        command.args(["-xrm", &format!("XTerm*multiClickTime: {clicks_count_for}"), "-geometry", "60x21+60+300"]);
        command.args(["-e", "sh", "-c", "cat \"$0\"; exec sleep 600"]).arg(&letter);
        session.spawn("xterm-letter", command)
    };
    let desk = Desk::new(&session).await;
    let first = terminal("250");
    desk.select_and_dial("XTerm", Hand::DoubleClicks).await;
    drop(first);
    let _second = terminal("0");
    desk.select_and_dial("XTerm", Hand::Drags).await;
    desk.ends_well().await;
}

#[tokio::test]
async fn a_double_click_and_a_drag_in_an_editor_dial() {
    let session = desk().await;
    let letter = letter(&session);
    let mut command = session.command("mousepad");
    command.arg("--disable-server").arg(&letter);
    let _editor = session.spawn("mousepad", command);
    let desk = Desk::new(&session).await;
    desk.select_and_dial("Mousepad", Hand::DoubleClicks).await;
    desk.select_and_dial("Mousepad", Hand::Drags).await;
    desk.ends_well().await;
}

/// A letter of lines that hold nothing but a number.
fn letter(session: &Session) -> PathBuf {
    let letter = session.root().join("letter.txt");
    fs::write(&letter, format!("{NUMBER}\n").repeat(LINES) + &format!("{OTHER}\n").repeat(LINES)).expect("a letter");
    letter
}

/// What the hand at the mouse does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    DoubleClicks,
    Drags,
}

/// A signed-in agent on a desktop where something was copied before.
struct Desk<'a> {
    session: &'a Session,
    pbx: FakeVodia,
    agent: AgentUnderTest<'a>,
    copied: BTreeMap<String, Vec<u8>>,
    _owner: XOwner,
}

impl<'a> Desk<'a> {
    async fn new(session: &'a Session) -> Self {
        let pbx = pbx().await;
        let agent = AgentUnderTest::signed_in(session, &pbx).await;
        assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);
        let owner = session.own_selection("CLIPBOARD", offers(COPIED), Giving::Whole);
        let copied = session.whole_selection("clipboard").await;
        assert_eq!(copied.len(), COPIED.len(), "{copied:?}");
        Self { session, pbx, agent, copied, _owner: owner }
    }

    /// Selects a number in the window of `class`, presses the hotkey, and looks at everything afterwards.
    async fn select_and_dial(&self, class: &str, hand: Hand) {
        let Self { session, pbx, agent, .. } = self;
        let number = if hand == Hand::DoubleClicks { NUMBER } else { OTHER };
        let dials = pbx.dials().len() + 1;
        let active = async || session.active_window().await.filter(|window| window.class == class);
        let focused = wait_for("the window to have the keys", PATIENCE, active).await;
        // Where its lines are is found by trying: the window may be on its way, and its frame counts in part.
        let mut tries = 0..;
        wait_for("the number to be selected", PATIENCE, async || {
            let window = session.windows_of_class(class).await.into_iter().next()?;
            // Far from its frame, by which it could be moved.
            let y = window.y + 40 + tries.next()? * 7 % (window.height - 80);
            if hand == Hand::DoubleClicks {
                session.double_click(window.x + 40, y).await;
            } else {
                // What is marked would be carried away instead.
                session.click(window.x + window.width - 60, y, Button::Left).await;
                drag(session, (window.x - 1, window.x + window.width - 40), y).await;
            }
            (session.selection("primary").await?.trim() == number).then_some(())
        })
        .await;
        let marked = session.whole_selection("primary").await;

        session.key("ctrl+alt+p").await;

        let dial = pbx.wait_for_dial(dials, PATIENCE).await.expect("a dial");
        assert_eq!((dial.by.as_str(), dial.number.as_str()), ("204", number));
        no_more_dials(pbx, dials).await;
        assert_eq!(session.whole_selection("primary").await, marked, "PRIMARY is as it was");
        assert_eq!(session.whole_selection("clipboard").await, self.copied, "CLIPBOARD is as it was");
        assert_eq!(session.active_window().await.as_ref(), Some(&focused), "the focus stays");
        pbx.hang_up_far(dial.call.expect("a call"));
        agent.no_call().await;
    }

    async fn ends_well(self) {
        let Self { agent, pbx, .. } = self;
        agent.ends_well(&pbx).await;
    }
}

/// Marks a line with the mouse: from its left edge beyond its end.
async fn drag(session: &Session, (start, end): (i32, i32), y: i32) {
    let [start, middle, end, y] = [start, start.midpoint(end), end, y].map(|place| place.to_string());
    for words in [
        ["mousemove", "--sync", &start, &y].as_slice(),
        &["mousedown", "1"],
        &["mousemove", "--sync", &middle, &y],
        &["mousemove", "--sync", &end, &y],
        &["mouseup", "1"],
    ] {
        assert!(session.run("xdotool", words).await.success);
    }
}

fn offers(formats: &[(&'static str, &[u8])]) -> Offers {
    formats.iter().map(|(target, bytes)| (*target, bytes.to_vec())).collect()
}

async fn desk() -> Session {
    Session::start(Options::default()).await
}

async fn pbx() -> FakeVodia {
    FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX")
}

/// Checks that there were so many dials, and that none follows.
async fn no_more_dials(pbx: &FakeVodia, dials: usize) {
    let more = pbx.wait_for_dial(dials + 1, BETWEEN).await;
    assert!(more.is_err(), "one dial too many: {:?}", pbx.dials());
    assert_eq!(pbx.dials().len(), dials);
}
