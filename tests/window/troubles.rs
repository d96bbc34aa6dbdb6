//! What stands between a person and a working phone: a password that changed, an agent that is gone, more calls than fit.

use phone_tests::desktop::{Drive, PATIENCE};

use crate::support::{AgentUnderTest, Start, Window};
use crate::{FIELD, MARA, at_work, desk, first_start, modern};

#[tokio::test]
async fn a_password_that_changed_is_asked_for_and_nothing_is_shown_as_if_it_were_known() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;
    page.shows("Available").await;

    pbx.set_password("204", "Another-Pw7");
    pbx.expire_sessions();
    pbx.kick().await;
    page.press("button", "Enter password").await;
    page.type_into("Password for office", "not-this-one").await;
    page.press("button", "Sign in").await;
    page.waits("the refused password to be gone from the page", async || {
        page.value("Password for office").await.is_empty().then_some(())
    })
    .await;
    page.find("button", "Enter password").await;
    let call = page.all("button", "Call Ann Example").await;
    for one in &call {
        assert!(!page.can_press(one).await, "nobody is called while nothing is connected");
    }
    page.type_into("Password for office", "Another-Pw7").await;
    page.press("button", "Sign in").await;
    agent.online().await;
    page.gone("button", "Enter password").await;
    page.find_begins("button", "Your state: Available").await;
    assert!(!page.text().await.contains("Another-Pw7") && !agent.log().contains("Another-Pw7"));
    agent.stop().await;
}

#[tokio::test]
async fn an_agent_that_ends_is_said_to_be_gone_and_comes_back_into_the_open_window() {
    let (session, pbx) = (desk().await, modern().await);
    let drive = Drive::new();
    let (agent, page) = first_start(&session, &drive).await;
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    page.press("button", "Answer").await;
    page.shows("Connected").await;

    // What was true before the end is not shown as true after it, and nothing can be done to the call.
    // Its window is a child of it, and stays.
    let killed = session.run("kill", &["-9", &agent.pid().to_string()]).await;
    assert!(killed.success, "{}", killed.stderr);
    page.shows("Trayphone is not running.").await;
    page.shows("Until the PBX has said where this call stands, use the phone.").await;
    let hang_up = page.find("button", "Hang up").await;
    assert!(!page.can_press(&hang_up).await);
    page.hides("Available").await;

    let start = Start { window: Window::Real, environment: drive.environment(), ..Start::default() };
    let next = AgentUnderTest::start_with(&session, start).await;
    next.online().await;
    page.hides("Trayphone is not running.").await;
    page.find("article", MARA.1).await;
    page.press("button", "Hang up").await;
    pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");
    page.gone("article", MARA.1).await;
    assert!(pbx.dials().is_empty());
    next.ends_well(&pbx).await;
    drop(agent);
}

#[tokio::test]
async fn more_than_a_screen_shows_can_still_be_reached() {
    let session = desk().await;
    let pbx =
        phone_tests::vodia::FakeVodia::start(crate::fake(crate::Generation::G3).company_of(3000)).await.expect("a fake PBX");
    let (agent, page) = at_work(&session, &pbx).await;
    page.find("grid", "Colleagues").await;

    // Only what is in sight is drawn, and the end of the list is one key away.
    let drawn = page.script("return document.querySelectorAll('[role=row]').length", vec![]).await;
    assert!(drawn.as_u64().is_some_and(|rows| rows > 5 && rows < 60), "{drawn}");
    let last = "return document.querySelector('[role=grid]').scrollHeight";
    assert!(page.script(last, vec![]).await.as_u64().is_some_and(|height| height > 100_000));
    page.type_into(FIELD, "10777").await;
    page.find_begins("option", "Hana").await;
    page.clear(FIELD).await;

    // Twelve calls at once leave the field, the pages and each call within reach.
    for at in 0..12 {
        pbx.ring(&format!("+4930231250{at:02}"), &format!("Caller {at}"), "204");
    }
    agent.wait_view("twelve calls", |view| view.calls.len() == 12).await;
    page.find("article", "Caller 11").await;
    for name in ["Caller 0", "Caller 11"] {
        let card = page.find("article", name).await;
        let script = "arguments[0].scrollIntoView({ block: 'center' });
            const { top, bottom } = arguments[0].getBoundingClientRect();
            return top >= 0 && bottom <= innerHeight;";
        assert_eq!(page.script(script, vec![card.argument()]).await, serde_json::json!(true), "{name} cannot be seen whole");
    }
    let field = page.find("combobox", FIELD).await;
    let pages = page.find("navigation", "Pages").await;
    let inside = "const { top, bottom } = arguments[0].getBoundingClientRect(); return top >= 0 && bottom <= innerHeight;";
    for one in [&field, &pages] {
        assert_eq!(page.script(inside, vec![one.argument()]).await, serde_json::json!(true), "{one:?}");
    }
    page.picture("many-calls").await;
    agent.stop().await;
}
