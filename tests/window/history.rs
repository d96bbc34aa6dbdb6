//! What was: missed calls, calls back, and people found as one types.

use phone_core::EventName;
use phone_tests::desktop::PATIENCE;

use crate::support::QUIET;
use crate::{FIELD, MARA, PELL, at_work, desk, modern};

#[tokio::test]
async fn a_missed_call_is_counted_looked_at_and_called_back_once() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;

    let call = pbx.ring(PELL.0, PELL.1, "204");
    page.find("article", PELL.1).await;
    assert!(pbx.answer(call));
    page.press("button", "Hang up").await;
    agent.no_call().await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    page.find("article", MARA.1).await;
    pbx.hang_up_far(call);
    agent.counted(EventName::CallMissed, 1).await;
    page.find("button", "History 1 missed call").await;

    page.press("button", "History 1 missed call").await;
    page.shows("Today").await;
    page.find("button", "Call back: Mara Beispiel").await;
    page.find("button", "Call back: Harriet Pell").await;
    // Whoever looks at the list has seen it.
    page.find("button", "History").await;
    assert_eq!(agent.view().missed, 0);
    page.press("button", "Missed").await;
    page.gone("button", "Call back: Harriet Pell").await;
    page.press("button", "Call back: Mara Beispiel").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, MARA.0);
    page.find("article", MARA.1).await;
    assert!(pbx.wait_for_dial(2, QUIET).await.is_err(), "one press, one call");
    page.press("button", "Hang up").await;
    agent.no_call().await;

    // The same list answers the field.
    page.type_into(FIELD, "pell").await;
    page.find_begins("option", "Harriet Pell").await;
    page.shows("from the history").await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn people_are_found_by_parts_of_names_without_their_accents_and_by_numbers() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;
    page.shows("Noah O'Brien").await;

    for (typed, found) in [("alva", "José Álvarez"), ("lind gr", "Greta Lindqvist"), ("210", "Tomasz Żak"), ("zak", "Tomasz Żak")]
    {
        page.type_into(FIELD, typed).await;
        page.find_begins("option", found).await;
        page.clear(FIELD).await;
        page.gone("listbox", "Results").await;
    }
    page.type_into(FIELD, "nobody is called so").await;
    page.shows("Nobody called “nobody is called so” here.").await;
    session.key("Return").await;
    session.key("Escape").await;
    page.waits("an empty field", async || page.value(FIELD).await.is_empty().then_some(())).await;

    // Arrows choose, and the chosen one is told to a screen reader.
    page.type_into(FIELD, "an").await;
    page.find_begins("option", "Ann Example").await;
    session.key("Down").await;
    let field = page.find("combobox", FIELD).await;
    let active = page.attribute(&field, "aria-activedescendant").await.expect("a chosen row");
    let selected =
        page.script("return document.getElementById(arguments[0])?.getAttribute('aria-selected')", vec![active.into()]).await;
    assert_eq!(selected, serde_json::json!("true"));
    assert!(pbx.dials().is_empty(), "looking for somebody calls nobody");
    agent.ends_well(&pbx).await;
}
