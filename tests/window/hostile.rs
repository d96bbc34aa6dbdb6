//! Names that want to be more than names, in every place where a name stands.

use phone_core::EventName;
use phone_tests::desktop::{PATIENCE, Page};
use phone_tests::vodia::{Account, FakeVodia, Generation};
use serde_json::json;

use crate::support::fake;
use crate::{FIELD, at_work, desk};

/// Four kinds of evil, each with a beginning to find it by.
fn names() -> Vec<(&'static str, String)> {
    vec![
        ("Markup", "Markup<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>".to_owned()),
        ("Endless", format!("Endless{}", "W".repeat(10_000))),
        ("Turned", "Turned \u{202e}moc.live//:sptth\u{2066} \u{200f}name".to_owned()),
        ("Pictures", format!("Pictures {} \u{0300}\u{0301}{}", "👩‍👩‍👧‍👦".repeat(40), "Z\u{0336}\u{0315}\u{031b}".repeat(50))),
    ]
}

#[tokio::test]
async fn hostile_names_stay_names_everywhere() {
    let session = desk().await;
    let company = |options: &mut phone_tests::vodia::Options| {
        for (at, (_, name)) in names().into_iter().enumerate() {
            options.company.add(Account { name, ..Account::extension(&format!("3{at:02}"), "x") });
        }
    };
    let pbx = FakeVodia::start(fake(Generation::G3).with(company)).await.expect("a fake PBX");
    let (agent, page) = at_work(&session, &pbx).await;

    // As colleagues, and as results of the field.
    page.shows("Markup<img").await;
    is_harmless(&page, "people").await;
    for (begin, _) in names() {
        page.type_into(FIELD, begin).await;
        page.find_begins("option", begin).await;
        is_harmless(&page, begin).await;
        page.clear(FIELD).await;
        page.gone("listbox", "Results").await;
    }

    // As callers that ring, as calls, as a name in the button of a pair, and in the history.
    for (at, (begin, name)) in names().into_iter().enumerate() {
        let call = pbx.ring(&format!("+4930231253{at:02}"), &name, "204");
        page.find_begins("article", begin).await;
        is_harmless(&page, begin).await;
        if at == 0 {
            page.picture("hostile-ringing").await;
        }
        page.press("button", "Answer").await;
        page.find("button", "Hang up").await;
        is_harmless(&page, begin).await;
        page.press("button", "Hang up").await;
        pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");
        agent.no_call().await;
        let missed = pbx.ring(&format!("+4930231254{at:02}"), &name, "204");
        agent.wait_view("a call", |view| view.calls.len() == 1).await;
        pbx.hang_up_far(missed);
        agent.counted(EventName::CallMissed, at + 1).await;
    }
    let history = page.find_begins("button", "History").await;
    page.press_thing(&history).await;
    page.find_begins("button", "Call back: Markup").await;
    is_harmless(&page, "history").await;
    page.picture("hostile-history").await;

    // In the field itself.
    page.type_into(FIELD, &"W".repeat(3000)).await;
    is_harmless(&page, "field").await;
    assert!(pbx.dials().is_empty());
    agent.stop().await;
}

/// Nothing of a name has become a part of the page, reads in the wrong direction, or makes the page wider than the window.
async fn is_harmless(page: &Page<'_>, place: &str) {
    let script = "const known = new Set(['svg', 'path']);
        const strange = [...document.body.querySelectorAll('img, script, iframe, object, style')].filter((one) => !one.src?.startsWith(location.origin));
        const text = document.body.innerText;
        const wide = [...document.body.querySelectorAll('*')].filter((one) => {
          const { left, right, width } = one.getBoundingClientRect();
          return width > 1 && !known.has(one.tagName) && (right > innerWidth + 1 || left < -1) && !one.closest('.unseen')
            && !cut(one);
        });
        function cut(one) {
          for (let at = one.parentElement; at && at !== document.body; at = at.parentElement)
            if (getComputedStyle(at).overflowX !== 'visible') return true;
          return false;
        }
        return {
          title: document.title,
          strange: strange.map((one) => one.outerHTML.slice(0, 100)),
          turned: /[\\u202a-\\u202e\\u2066-\\u2069\\u200f]/.test(text),
          scrolls: document.scrollingElement.scrollWidth > innerWidth || [...document.querySelectorAll('.people, .history, .scroll, .settings')].some((one) => one.scrollWidth > one.clientWidth),
          wide: wide.map((one) => one.outerHTML.slice(0, 100)),
        };";
    let found = page.script(script, vec![]).await;
    let title = found["title"].clone();
    assert_eq!(found, json!({"title": title, "strange": [], "turned": false, "scrolls": false, "wide": []}), "{place}");
    assert_ne!(title, json!("broken"), "{place}");
}
