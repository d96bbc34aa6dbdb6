//! What only some PBXs can: digits for a voice menu, asking somebody about a call, parking, taking a colleague's call.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use phone_control::client::NewAccount;
use phone_core::{AccountName, Secret};
use phone_tests::asterisk::Release;
use phone_tests::desktop::{Drive, Page, Session};
use phone_tests::office::asterisk::AtAsterisk;
use phone_tests::office::{Account, Office, Who};

use crate::support::AgentUnderTest;
use crate::{FIELD, desk, first_start};

const BOB: &str = "101";
const CAROL: &str = "102";
/// The same number called once more within two seconds counts as a slip of the hand.
const AGAIN: Duration = Duration::from_millis(2200);
const TRANSFER: &str = "Transfer to: name or number";

async fn at_the_office<'a>(session: &'a Session, office: &impl Office) -> (AgentUnderTest<'a>, Page<'a>) {
    let (agent, page) = first_start(session, &Drive::new()).await;
    let Account { kind, url, domain, user, password, certificate_sha256: pin, keys: _ } = office.account();
    let account = NewAccount {
        name: AccountName::parse("office").expect("a plain word"),
        kind: kind.to_owned(),
        url,
        domain,
        user: Some(user),
        pin,
        keys: BTreeMap::new(),
    };
    agent.client.add_account(&account, Some(&Secret::new(password))).await.expect("an account");
    page.find("combobox", FIELD).await;
    page.find("button", "Call 101").await;
    (agent, page)
}

/// What the page calls the other side of the call with this number: by its name as soon as the PBX has told it.
fn title(agent: &AgentUnderTest<'_>, number: &str) -> Option<String> {
    let calls = agent.view().calls;
    let call = calls.into_iter().find(|call| call.remote.number.as_deref() == Some(number))?;
    Some(call.remote.name.unwrap_or_else(|| number.to_owned()))
}

/// Waits until these words stand on the page, made of what Bob and Carol are called now.
async fn shows(agent: &AgentUnderTest<'_>, page: &Page<'_>, words: impl Fn(&str, &str) -> String) {
    let seen = async || {
        let (bob, carol) = (title(agent, BOB)?, title(agent, CAROL)?);
        page.text().await.contains(&words(&bob, &carol)).then_some(())
    };
    page.waits("words about Bob and Carol", seen).await;
}

/// Bob calls, and the own phone is lifted.
async fn talking(agent: &AgentUnderTest<'_>, office: &impl Office, page: &Page<'_>) -> String {
    office.calls(Who::Bob, Who::Me).await;
    agent.wait_view("Bob's call", |_| title(agent, BOB).is_some()).await;
    let bob = title(agent, BOB).expect("Bob calls");
    page.find("article", &bob).await;
    office.answers(Who::Me).await;
    office.talk(Who::Me, Who::Bob).await;
    page.shows("Connected").await;
    bob
}

async fn asks_carol(agent: &AgentUnderTest<'_>, office: &impl Office, page: &Page<'_>) {
    page.press("button", "Transfer").await;
    page.type_into(TRANSFER, CAROL).await;
    // She is listed by her number until a call has told her name.
    let listed = async || page.all("option", CAROL).await.into_iter().find(|row| !row.name.starts_with("Call "));
    let row = page.waits("Carol among the results", listed).await;
    page.press_thing(&row).await;
    page.press("button", "Ask first").await;
    office.rings(Who::Carol).await;
    shows(agent, page, |_, carol| format!("Both can be connected once {carol} has answered.")).await;
    let connect = page.find("button", "Connect both").await;
    assert!(!page.can_press(&connect).await, "nobody is connected with a phone that rings");
    office.answers(Who::Carol).await;
    office.talk(Who::Me, Who::Carol).await;
    shows(agent, page, |bob, carol| format!("Connects {bob} with {carol}; you leave the call.")).await;
}

#[tokio::test]
async fn digits_are_sent_and_somebody_is_asked_before_a_call_is_handed_on() {
    let (session, office) = (desk().await, AtAsterisk::start(Release::V22).await);
    let (agent, page) = at_the_office(&session, &office).await;
    let bob = talking(&agent, &office, &page).await;

    page.press("button", "Keys").await;
    page.find("group", "Keypad").await;
    page.press("button", "Key 4").await;
    page.press("button", "Key 2").await;
    session.key("9").await;
    page.shows("429").await;
    page.shows("Connected").await;
    session.key("Escape").await;
    page.gone("group", "Keypad").await;

    // Carol is asked and says no: Bob is back without a further press.
    asks_carol(&agent, &office, &page).await;
    page.press("button", &format!("Back to {bob}")).await;
    office.talk(Who::Me, Who::Bob).await;
    agent.wait_view("Bob alone", |view| view.calls.len() == 1).await;
    page.shows("Connected").await;
    page.gone("button", "Connect both").await;
    office.hears(Who::Bob, "429").await;

    // Asked again, she wants the call. Nobody calls the same number twice at once, and people take longer than this test.
    let over = Instant::now();
    page.waits("a second call to the same number to be meant", async || (over.elapsed() > AGAIN).then_some(())).await;
    asks_carol(&agent, &office, &page).await;
    page.press("button", "Connect both").await;
    office.talk(Who::Bob, Who::Carol).await;
    agent.no_call().await;
    page.gone("article", &bob).await;
    office.hangs_up(Who::Carol).await;
    assert_eq!((office.dials(), office.complaints()), (Vec::new(), Vec::new()));
    agent.stop().await;
}

#[tokio::test]
async fn a_call_is_parked_and_fetched_and_a_colleagues_call_is_taken() {
    let (session, office) = (desk().await, AtAsterisk::start(Release::V22).await);
    let (agent, page) = at_the_office(&session, &office).await;
    let bob = talking(&agent, &office, &page).await;

    page.press("button", "Park").await;
    page.shows("Parked at ").await;
    page.gone("article", &bob).await;
    let fetch = page.find_begins("button", "Dial ").await;
    page.press("button", &fetch.name).await;
    office.lifts().await;
    office.talk(Who::Me, Who::Bob).await;
    page.hides("Parked at ").await;
    page.press("button", "Hang up").await;
    agent.no_call().await;

    office.calls(Who::Carol, Who::Bob).await;
    let take = page.find_begins("button", "Take the call that rings at ").await;
    page.press("button", &take.name).await;
    office.lifts().await;
    office.talk(Who::Me, Who::Carol).await;
    page.press("button", "Hang up").await;
    office.is_quiet().await;
    assert_eq!(office.complaints(), Vec::<String>::new());
    agent.stop().await;
}
