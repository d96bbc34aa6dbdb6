//! Calls in the window: dialled, answered, declined, held, handed on, and two of them at once.

use phone_core::call::CallState;
use phone_tests::desktop::{PATIENCE, Page};
use phone_tests::vodia::{CallId, FakeVodia, Stage};

use crate::{FIELD, MARA, PELL, at_work, desk, modern};

async fn talks(pbx: &FakeVodia, call: CallId) {
    let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected && !call.is_held();
    pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
}

async fn is_over(pbx: &FakeVodia, call: CallId) {
    pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");
}

/// Rings and answers by the window.
async fn answered(pbx: &FakeVodia, page: &Page<'_>, who: (&str, &str)) -> CallId {
    let call = pbx.ring(who.0, who.1, "204");
    page.press("button", "Answer").await;
    talks(pbx, call).await;
    call
}

#[tokio::test]
async fn names_and_numbers_are_dialled_from_the_field_once_each() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;

    // Part of a name, the row it finds, and Enter.
    page.type_into(FIELD, "ann exa").await;
    page.find_begins("option", "Ann Example").await;
    session.key("Return").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, "207");
    page.find("article", "Ann Example").await;
    assert_eq!(page.value(FIELD).await, "", "what was dialled does not stay in the field");
    page.press("button", "Hang up").await;
    is_over(&pbx, dial.call.expect("a call")).await;
    page.gone("article", "Ann Example").await;

    // A number as somebody writes it, what will be dialled, and Enter of the keypad.
    page.type_into(FIELD, "+49 (30) 23125-117").await;
    page.find_begins("option", "Call ").await;
    page.shows("Germany").await;
    session.key("KP_Enter").await;
    let dial = pbx.wait_for_dial(2, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, MARA.0);
    page.find("article", MARA.1).await;
    page.shows("Ringing there").await;
    pbx.answer_far(dial.call.expect("a call"));
    page.shows("Connected").await;
    page.press("button", "Hang up").await;
    agent.no_call().await;
    page.gone("article", MARA.1).await;

    // Somebody in the list, by the pointer.
    page.press("button", "Call Greta Lindqvist").await;
    let dial = pbx.wait_for_dial(3, PATIENCE).await.expect("a dial");
    assert_eq!((dial.number.as_str(), pbx.dials().len()), ("209", 3));
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_call_is_announced_once_answered_held_taken_back_and_hung_up() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;
    hear(&page).await;

    let call = pbx.ring(MARA.0, MARA.1, "204");
    page.find("article", MARA.1).await;
    page.shows("Calling you").await;
    page.find("button", "Decline").await;
    page.press("button", "Answer").await;
    talks(&pbx, call).await;
    page.shows("Connected").await;
    page.gone("button", "Answer").await;
    let heard = page.script("return window.heard", vec![]).await;
    let named = heard.as_array().into_iter().flatten().filter(|said| said.as_str().is_some_and(|said| said.contains(MARA.1)));
    assert_eq!(named.count(), 1, "a ringing call is announced once, with its name: {heard}");

    page.press("button", "Hold").await;
    pbx.wait_for(|state| state.call(call).is_some_and(|call| call.held_by == ["204"]), PATIENCE).await.expect("on hold");
    page.shows("On hold").await;
    page.press("button", "Resume").await;
    talks(&pbx, call).await;

    page.press("button", "Hang up").await;
    is_over(&pbx, call).await;
    page.gone("article", MARA.1).await;

    let call = pbx.ring(PELL.0, PELL.1, "204");
    page.press("button", "Decline").await;
    is_over(&pbx, call).await;
    page.gone("article", PELL.1).await;
    assert_eq!(agent.view().missed, 0);
    assert!(pbx.dials().is_empty());
    agent.ends_well(&pbx).await;
}

/// Writes down what the page announces politely from now on, one entry each time the words change.
async fn hear(page: &Page<'_>) {
    let script = "window.heard = [];
        const look = (change) => {
          const live = (change.target.nodeType === 1 ? change.target : change.target.parentElement)?.closest('[aria-live], [role=status], [role=alert]');
          const text = live?.textContent.trim();
          if (text && window.heard.at(-1) !== text) window.heard.push(text);
        };
        new MutationObserver((all) => all.forEach(look)).observe(document.body, { subtree: true, childList: true, characterData: true });";
    page.script(script, vec![]).await;
}

#[tokio::test]
async fn a_call_is_handed_on_without_asking() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;
    let call = answered(&pbx, &page, MARA).await;

    page.press("button", "Transfer").await;
    page.focus_is("Transfer to: name or number").await;
    page.type_into("Transfer to: name or number", "greta").await;
    let row = page.find_begins("option", "Greta Lindqvist").await;
    page.press_thing(&row).await;
    page.shows("209").await;
    assert!(pbx.call(call).is_some_and(|call| call.ringing.is_empty()), "a chosen row alone hands nothing on");
    page.press("button", "Transfer now").await;
    pbx.wait_for(|state| state.call(call).is_some_and(|call| call.ringing == ["209"]), PATIENCE).await.expect("209 rings");
    page.gone("article", MARA.1).await;
    agent.no_call().await;
    assert!(pbx.dials().is_empty(), "a transfer is no second call");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn of_two_calls_the_held_one_waits_and_both_are_connected() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;
    let first = answered(&pbx, &page, MARA).await;

    // A second caller knocks; the first one goes on until the second is taken.
    let second = pbx.ring(PELL.0, PELL.1, "204");
    page.find("article", PELL.1).await;
    page.find("article", MARA.1).await;
    page.press("button", "Answer").await;
    talks(&pbx, second).await;
    page.waits("one call on hold", async || {
        let view = agent.view();
        (view.calls.iter().filter(|call| call.state == CallState::Held).count() == 1).then_some(())
    })
    .await;
    page.find("article", MARA.1).await;
    page.shows("Waits").await;
    pbx.hang_up_far(second);
    page.gone("article", PELL.1).await;
    page.press("button", "Resume").await;
    talks(&pbx, first).await;

    // Somebody is spoken to first, and then both are connected.
    page.press("button", "Transfer").await;
    page.type_into("Transfer to: name or number", "207").await;
    page.find_begins("option", "Ann Example").await;
    session.key("Return").await;
    page.press("button", "Speak first").await;
    let asked = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(asked.number, "207");
    let asked = asked.call.expect("a call");
    pbx.wait_for(|state| state.call(asked).is_some_and(|call| call.ringing == ["207"]), PATIENCE).await.expect("207 rings");
    assert!(pbx.answer(asked));
    talks(&pbx, asked).await;
    page.shows("Connects Mara Beispiel with Ann Example; you leave the call.").await;
    page.press("button", "Swap").await;
    talks(&pbx, first).await;
    page.press("button", "Connect both").await;
    agent.no_call().await;
    page.gone("article", MARA.1).await;
    page.gone("article", "Ann Example").await;
    assert_eq!(pbx.dials().len(), 1);
    agent.ends_well(&pbx).await;
}
