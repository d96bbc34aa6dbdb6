//! A number in a real browser: clicked as a link, or selected; and links of programs in a sandbox.

use phone_tests::desktop::{PATIENCE, Session, wait_for, wait_until};
use phone_tests::vodia::{Dial, FakeVodia};

use crate::support::{AgentUnderTest, QUIET, picture_of};
use crate::{CALL, asks, desk, dials_are, hang_up, questions, registers};

/// The part of each page whose corner tells whether the browser asks something: it lies in the shade then.
const SHADE: &str = "<div id=shade style='position:absolute;left:20px;top:600px;width:9px;height:9px'></div>";

fn at(top: u32, part: &str) -> String {
    format!("<div style='position:absolute;left:300px;top:{top}px'>{part}</div>")
}

#[tokio::test]
async fn a_click_in_a_browser_rings_exactly_that_number_and_a_selection_there_does_too() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    registers(&session, &[]).await;
    let page = [
        SHADE.to_owned(),
        at(300, "<a id=link href='tel:+49-30-555-0177'>call us</a>"),
        at(380, "<span id=word>03023125117</span>"),
        at(440, "<span id=phrase>+49 (30) 23125-204</span>"),
    ];
    let browser = session.chromium(&page.concat(), &[]).await;

    session.click_in(&browser, "link").await;
    session.confirm_in(&browser).await;
    session.notice("the question", |notice| asks(notice, "+49305550177")).await;
    picture_of(&session, "links-browser.png", "1280x500+0+0").await;
    dials_are(&pbx, &[]).await;
    session.press_action(CALL).await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    dials_are(&pbx, &["+49305550177"]).await;
    assert_eq!(browser.said().iter().filter(|said| *said == "clicked link").count(), 1, "one click, one call");
    hang_up(&agent, &pbx, &dial).await;

    session.double_click_in(&browser, "word", "03023125117").await;
    let dial = presses(&session, &pbx, 2).await;
    assert_eq!(session.selection("primary").await.as_deref(), Some("03023125117"));
    hang_up(&agent, &pbx, &dial).await;

    session.drag_in(&browser, "phrase", "+49 (30) 23125-204").await;
    presses(&session, &pbx, 3).await;
    dials_are(&pbx, &["+49305550177", "03023125117", "+493023125204"]).await;
    assert_eq!(session.selection("primary").await.as_deref(), Some("+49 (30) 23125-204"));
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_click_in_a_browser_starts_the_agent_and_a_page_that_fires_links_rings_nobody() {
    let (session, pbx) = desk().await;
    registers(&session, &[]).await;
    let flood = "<button id=flood>prizes</button><script>
        const fire = (left) => {
          if (left === 0) return say('fired');
          const link = document.createElement('a');
          link.href = 'tel:+4930555' + (1000 + left);
          document.body.append(link);
          link.click();
          setTimeout(fire, 10, left - 1);
        };
        document.getElementById('flood').addEventListener('click', () => fire(100));
    </script>";
    let page = [SHADE.to_owned(), at(300, "<a id=link href='tel:+493055501'>call us</a>"), at(380, flood)];
    // The user has told this browser to always open links of this page.
    let browser = session.chromium(&page.concat(), &["tel"]).await;

    session.click_in(&browser, "link").await;
    session.notice("the question of the agent that was started", |notice| asks(notice, "+493055501")).await;
    session.press_action(CALL).await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");

    session.click_in(&browser, "flood").await;
    browser.hears("fired").await;
    // The browser itself lets one through for each click; whatever comes is asked about.
    wait_until("a question", PATIENCE, || !questions(&session).is_empty()).await;
    for _ in 0..5 {
        session.click_in(&browser, "flood").await;
    }
    dials_are(&pbx, &["+493055501"]).await;
    assert!(questions(&session).len() <= 3, "{:?}", questions(&session));
}

#[tokio::test]
async fn a_program_in_a_sandbox_opens_links_through_the_desktop_portal() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    registers(&session, &[]).await;
    let portal = session.start_open_uri().await;

    session.open_by_portal("tel:+49-30-555-0177").await;

    session.notice("the question", |notice| asks(notice, "+49305550177")).await;
    assert!(portal.offered().is_empty(), "nobody is asked to pick what was chosen already: {:?}", portal.offered());
    session.press_action(CALL).await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    dials_are(&pbx, &["+49305550177"]).await;
    agent.ends_well(&pbx).await;
}

/// Presses the hotkey until the dial with this number of order comes: soon after another one it is refused.
async fn presses(session: &Session, pbx: &FakeVodia, order: usize) -> Dial {
    wait_for("a dial", PATIENCE, async || {
        session.key("ctrl+alt+p").await;
        pbx.wait_for_dial(order, QUIET).await.ok()
    })
    .await
}
