//! From the first run to a call that is handed on, without a pointer.

use phone_tests::desktop::{Drive, PATIENCE, Page};
use phone_tests::vodia::Stage;

use crate::support::USER;
use crate::{FIELD, MARA, desk, first_start, modern};

/// So many stops lie between any two things on a page at most.
const STOPS: usize = 40;

#[tokio::test]
async fn a_person_without_a_pointer_signs_in_answers_and_hands_the_call_on() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = first_start(&session, &Drive::new()).await;
    session.window_active("Trayphone").await;

    page.focus_is("Address").await;
    session.type_text(&pbx.url()).await;
    goes_to(&page, "Extension").await;
    session.type_text(USER.0).await;
    goes_to(&page, "Password").await;
    session.type_text(USER.1).await;
    session.key("Return").await;
    agent.online().await;
    page.focus_is(FIELD).await;
    page.shows("Ann Example").await;

    // The pages, the colleagues and the settings have keys, and the field is never far away.
    session.key("ctrl+3").await;
    page.find("searchbox", "Find a setting").await;
    session.key("ctrl+1").await;
    page.find("grid", "Colleagues").await;
    session.key("ctrl+k").await;
    page.focus_is(FIELD).await;

    // A call is answered without the pointer.
    let call = pbx.ring(MARA.0, MARA.1, "204");
    page.find("button", "Answer").await;
    goes_to(&page, "Answer").await;
    page.stands_still("button", "Answer").await;
    session.key("Return").await;
    let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected;
    pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
    page.find("button", "Transfer").await;
    goes_to(&page, "Transfer").await;
    session.key("space").await;
    page.focus_is("Transfer to: name or number").await;
    session.type_text("greta").await;
    page.find_begins("option", "Greta Lindqvist").await;
    session.key("Return").await;
    page.find("button", "Transfer now").await;
    goes_to(&page, "Transfer now").await;
    page.stands_still("button", "Transfer now").await;
    session.key("Return").await;
    pbx.wait_for(|state| state.call(call).is_some_and(|call| call.ringing == ["209"]), PATIENCE).await.expect("209 rings");
    agent.no_call().await;
    page.gone("article", MARA.1).await;
    assert!(pbx.dials().is_empty());

    // Escape closes the window.
    session.key("Escape").await;
    page.waits("the window to be gone", async || session.windows_of_title("Trayphone").await.is_empty().then_some(())).await;
    agent.ends_well(&pbx).await;
}

/// Presses Tab until the thing called so has the keyboard; each stop on the way can be seen to have it.
async fn goes_to(page: &Page<'_>, name: &str) {
    let mut stops = Vec::new();
    for _ in 0..STOPS {
        let (role, at) = page.focused().await;
        if at == name {
            return;
        }
        assert!(is_seen(page).await, "nobody sees that the {role} “{at}” has the keyboard");
        stops.push(at);
        page.session().key("Tab").await;
    }
    panic!("“{name}” is not reached by Tab: {stops:?}");
}

/// Whether what has the keyboard looks so: a ring around it, or a caret in it.
async fn is_seen(page: &Page<'_>) -> bool {
    let script = "const at = document.activeElement;
        if (!at || at === document.body) return true;
        const style = getComputedStyle(at);
        return at.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;";
    page.script(script, vec![]).await == serde_json::json!(true)
}
