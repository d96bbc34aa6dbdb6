//! The small window that asks before a dial, beside a notification service whose notices have no buttons.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use phone_control::protocol::{
    AnswerQuestionParams, AskedBy, HandleLinkParams, Nothing, QuestionReply, TakePairingReply, method,
};
use phone_core::view::LinkName;
use phone_tests::desktop::{ActiveWindow, Options, PATIENCE, Place, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};
use zbus::zvariant::OwnedValue;
use zbus::{Connection, connection, interface};

use crate::steady::holds_for;
use crate::stored::stored;
use crate::support::{AgentUnderTest, QUIET, Start, Window, fake, picture_of};

/// Title of the small window.
const TITLE: &str = "Trayphone: call a number?";
/// Where the pointer rests.
const POINTER: (i32, i32) = (640, 150);
/// Nothing of a window is further from the pointer than this, its own size aside.
const NEAR: i32 = 40;

#[tokio::test]
async fn a_links_question_comes_near_the_pointer_without_the_keyboard_and_is_answered_by_it() {
    let (session, pbx, _service) = desk().await;
    let agent = agent(&session, &[]).await;
    let letter = session.xterm("letter").await;
    points(&session, POINTER).await;

    assert!(agent.call_again(&["tel:+4930555001"]).await.success);
    let place = question(&session).await;
    shows(&session, "question-link.png").await;
    assert!((400..=640).contains(&place.width) && place.height < 400, "{place:?}");
    let (right, below) = (place.x - POINTER.0, place.y - POINTER.1);
    assert!((0..NEAR).contains(&right) && (0..NEAR + 40).contains(&below), "{place:?}");
    // Whoever types on types where they were.
    assert_eq!(active(&session).await.title, "letter");
    session.type_text("dear all").await;
    session.key("Return").await;
    session.key("space").await;
    letter.has_typed("dear all\n ").await;
    assert!(pbx.dials().is_empty());

    // No by the keyboard.
    reaches(&session).await;
    session.key("Escape").await;
    no_question(&session).await;
    holds_for(QUIET, "no dial", || pbx.dials().is_empty()).await;
    session.focus("letter").await;

    // Neither Enter by itself nor Enter on the first button calls.
    assert!(agent.call_again(&["tel:+4930555002"]).await.success);
    question(&session).await;
    assert_eq!(active(&session).await.title, "letter");
    reaches(&session).await;
    session.key("Return").await;
    session.key("space").await;
    holds_for(QUIET, "no dial", || pbx.dials().is_empty()).await;
    question(&session).await;
    for _ in 0..3 {
        // The second one lets the number always ring.
        session.key("Tab").await;
    }
    shows(&session, "question-link-keys.png").await;
    enters(&session, &pbx).await;
    assert_eq!(pbx.dials()[0].number, "+4930555002");
    no_question(&session).await;
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_newer_question_takes_the_place_of_the_older_one_and_takes_no_press_meant_for_that() {
    let (session, pbx, _service) = desk().await;
    let agent = agent(&session, &[("GTK_THEME", "Adwaita:dark")]).await;
    let _letter = session.xterm("letter").await;
    // In the lower right corner it turns to the other side.
    points(&session, (1270, 790)).await;

    assert!(agent.call_again(&["tel:+4930555001"]).await.success);
    let place = question(&session).await;
    assert!(place.x + place.width <= 1270 && place.y + place.height <= 800, "{place:?}");
    shows(&session, "question-dark.png").await;
    assert!(agent.call_again(&["tel:+4930555002"]).await.success);
    wait_for("the newer question", PATIENCE, async || {
        let now = session.windows_of_title(TITLE).await;
        (now.len() == 1 && now[0].height > place.height).then_some(())
    })
    .await;
    shows(&session, "question-replaced.png").await;
    reaches(&session).await;
    for _ in 0..3 {
        session.key("Tab").await;
    }
    enters(&session, &pbx).await;
    assert_eq!(pbx.dials()[0].number, "+4930555002", "what stood there last");
    no_question(&session).await;
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_own_hotkeys_choice_has_the_keyboard_and_enter_alone_chooses_nothing() {
    let (session, pbx, _service) = desk().await;
    let agent = agent(&session, &[]).await;
    let _letter = session.xterm("letter").await;
    points(&session, POINTER).await;
    let text = "Office +49 30 23125117\nMobile +43 664 1234567\nFax +1 202 555 0143 or 0900 1234567";
    let _selected = session.offer_selection("primary", text).await;

    assert!(agent.call_again(&["--dial-selection"]).await.success);
    session.window_active(TITLE).await;
    session.key("Return").await;
    session.key("space").await;
    shows(&session, "question-choice.png").await;
    holds_for(QUIET, "no dial", || pbx.dials().is_empty()).await;
    session.key("Down").await;
    session.key("Down").await;
    shows(&session, "question-choice-second.png").await;
    enters(&session, &pbx).await;
    assert_eq!(pbx.dials()[0].number, "+436641234567");
    no_question(&session).await;
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;

    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_that_offers_an_account_fills_in_the_form_and_nothing_else() {
    let (session, pbx, service) = desk().await;
    let secret = "pbx:pair?url=https%3A%2F%2Fpbx.sample.example&user=204&password=geheim";
    let link = "pbx:pair?kind=vodia&url=https%3A%2F%2Fpbx.sample.example%3A8443&user=204&domain=sales.example&name=desk";
    // The link itself starts the agent.
    let start = Start { window: Window::Real, arguments: vec![link.to_owned()], ..Start::default() };
    let letter = session.xterm("letter").await;
    let agent = AgentUnderTest::start_with(&session, start).await;
    wait_for("the window", PATIENCE, async || session.windows_of_title("Trayphone").await.into_iter().next()).await;
    agent.online().await;
    has_words(&session, "Trayphone").await;
    picture_of(&session, "pair-form.png", "1280x800+0+0").await;
    assert_eq!(active(&session).await.title, "letter", "a link takes no keyboard");
    session.type_text("hello").await;
    letter.has_typed("hello").await;
    assert_eq!(agent.view().accounts.len(), 1, "nothing is signed in by a link");
    let taken: TakePairingReply = agent.client.call(method::TAKE_PAIRING, &Nothing {}).await.expect("an answer");
    assert!(taken.pairing.is_none(), "the form has it");

    assert!(agent.call_again(&[secret]).await.success);
    wait_for("the refusal", PATIENCE, async || service.said("holds a password").then_some(())).await;
    let taken: TakePairingReply = agent.client.call(method::TAKE_PAIRING, &Nothing {}).await.expect("an answer");
    assert!(taken.pairing.is_none());
    assert!(!agent.log().contains("geheim") && !agent.log().contains("sample.example"), "{}", agent.log());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn without_any_notices_the_small_window_asks_though_the_large_one_is_open_and_tells_what_went_wrong() {
    let session = Session::start(Options { notices: false, ..Options::default() }).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::start_with(&session, Start { window: Window::Real, ..Start::default() }).await;
    session.window_active("Trayphone").await;
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    points(&session, (700, 400)).await;
    // The first notice that cannot be shown tells the agent so.
    agent.call_again(&["--dial-selection"]).await;
    agent.wait_view("that notices cannot be shown", |view| view.hints.iter().any(|hint| hint.about == "notifications")).await;

    let _selected = session.offer_selection("primary", "Office +49 30 23125117\nMobile +43 664 1234567").await;
    assert!(agent.call_again(&["--dial-selection"]).await.success);
    session.window_active(TITLE).await;
    shows(&session, "question-beside-window.png").await;
    session.key("Escape").await;
    no_question(&session).await;
    session.window_active("Trayphone").await;

    // One that came too late, with a sign-in that is nobody's business.
    let uri = "https://pbx.example/remote_call.htm?user=204&auth=geheim&dest=%2B4930555002".to_owned();
    let late = HandleLinkParams { uri, clicked_ms: Some(phone_control::now_ms() - 15_001) };
    agent.client.call::<Nothing>(method::HANDLE_LINK, &late).await.expect("taken");
    question(&session).await;
    shows(&session, "question-late.png").await;
    assert_eq!(active(&session).await.title, "Trayphone", "a link takes no keyboard");
    let asked: QuestionReply = agent.client.call(method::QUESTION, &Nothing {}).await.expect("what is asked");
    let asked = asked.question.expect("a question");
    assert!(asked.late && asked.alone && asked.by == AskedBy::Link && !format!("{asked:?}").contains("geheim"), "{asked:?}");
    let wrong = AnswerQuestionParams { id: "0".repeat(32), choice: Some(asked.offers[0].choice.clone()), always: true };
    agent.client.call::<Nothing>(method::ANSWER_QUESTION, &wrong).await.expect_err("nobody asked that");
    // The PBX goes while it is asked: the answer says so, and nothing is dialled later.
    pbx.stop().await;
    agent.wait_view("offline", |view| view.accounts[0].link != LinkName::Online).await;
    reaches(&session).await;
    shows(&session, "question-late-keys.png").await;
    for _ in 0..2 {
        session.key("Tab").await;
    }
    let height = question(&session).await.height;
    wait_for("the failure to be told", PATIENCE, async || {
        session.key("Return").await;
        let asked: QuestionReply = agent.client.call(method::QUESTION, &Nothing {}).await.expect("what is asked");
        (asked.question.is_none() && question(&session).await.height != height).then_some(())
    })
    .await;
    shows(&session, "question-failed.png").await;
    session.key("Escape").await;
    no_question(&session).await;
    assert!(pbx.dials().is_empty());
    agent.stop().await;
}

/// A desktop with frames and a service without buttons, on which an agent has been signed in once, and ended.
async fn desk() -> (Session, FakeVodia, Service) {
    let session = Session::start(Options { notices: false, ..Options::default() }).await;
    let address = session.env()["DBUS_SESSION_BUS_ADDRESS"].clone();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let service = connection::Builder::address(address.as_str())
        .and_then(|builder| builder.name("org.freedesktop.Notifications"))
        .and_then(|builder| builder.serve_at("/org/freedesktop/Notifications", Mute { shown: shown.clone() }))
        .expect("a service");
    let service = Service { shown, _connection: service.build().await.expect("a service") };
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::start_with(&session, Start { window: Window::Missing, ..Start::default() }).await;
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    stored(&session).await;
    agent.stop().await;
    (session, pbx, service)
}

async fn agent<'a>(session: &'a Session, environment: &[(&str, &str)]) -> AgentUnderTest<'a> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let agent = AgentUnderTest::start_with(session, Start { window: Window::Real, environment, ..Start::default() }).await;
    agent.online().await;
    agent
}

async fn points(session: &Session, (x, y): (i32, i32)) {
    let moved = session.run("xdotool", &["mousemove", "--sync", &x.to_string(), &y.to_string()]).await;
    assert!(moved.success, "{}", moved.stderr);
}

/// Keeps a picture of the screen once the small window has drawn its words.
async fn shows(session: &Session, name: &str) {
    has_words(session, TITLE).await;
    picture_of(session, name, "1280x800+0+0").await;
}

/// Waits until a window has drawn more than its ground.
async fn has_words(session: &Session, title: &str) {
    wait_for("words in the window", PATIENCE, async || {
        let Place { x, y, width, height } = session.windows_of_title(title).await.into_iter().next()?;
        let crop = format!("import -window root -crop {width}x{height}+{x}+{y} png:- | identify -format %k -");
        let colours: u32 = session.run("sh", &["-c", &crop]).await.stdout.trim().parse().ok()?;
        (colours > 40).then_some(())
    })
    .await;
}

/// Where the small window is.
async fn question(session: &Session) -> Place {
    wait_for("the small window", PATIENCE, async || session.windows_of_title(TITLE).await.into_iter().next()).await
}

async fn no_question(session: &Session) {
    let gone = async || session.windows_of_title(TITLE).await.is_empty().then_some(());
    wait_for("the small window to close", PATIENCE, gone).await;
}

async fn active(session: &Session) -> ActiveWindow {
    wait_for("a window with the keyboard", PATIENCE, async || session.active_window().await).await
}

/// Goes to the small window by the keyboard alone.
async fn reaches(session: &Session) {
    // Keys of the desktop's own that come faster than it switches can leave it in the middle of switching.
    wait_for("the small window to have the keyboard", PATIENCE, async || {
        let has = async || session.active_window().await.is_some_and(|window| window.title == TITLE);
        if !has().await {
            session.hand_keys(TITLE).await;
        }
        has().await.then_some(())
    })
    .await;
}

/// Presses Enter until it counts, which it does not for a moment.
async fn enters(session: &Session, pbx: &FakeVodia) {
    wait_for("a dial", PATIENCE, async || {
        if session.active_window().await.is_some_and(|window| window.title == TITLE) {
            session.key("Return").await;
        }
        (!pbx.dials().is_empty()).then_some(())
    })
    .await;
}

/// A service that shows notices and nothing on them that could be pressed.
struct Service {
    shown: Arc<Mutex<Vec<String>>>,
    _connection: Connection,
}

impl Service {
    /// Whether a notice with these words was shown.
    fn said(&self, words: &str) -> bool {
        self.shown.lock().expect("no panic while held").iter().any(|shown| shown.contains(words))
    }
}

/// What it is on the bus.
struct Mute {
    shown: Arc<Mutex<Vec<String>>>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Mute {
    #[expect(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &self,
        _program: String,
        replaces: u32,
        _icon: String,
        summary: String,
        _body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        self.shown.lock().expect("no panic while held").push(summary);
        replaces.max(1)
    }

    fn close_notification(&self, _number: u32) {}

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".to_owned()]
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let [name, vendor, version, specification] = ["mute", "tests", "1", "1.2"].map(str::to_owned);
        (name, vendor, version, specification)
    }
}
