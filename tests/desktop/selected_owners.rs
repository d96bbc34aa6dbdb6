//! Programs that own the selection and hand it over late, in pieces, in an old coding, as no text, or not at all.

use std::time::Instant;

use phone_control::protocol::{Nothing, method};
use phone_core::Code;
use phone_tests::desktop::{Giving, Offers, Options, PATIENCE, Session};
use phone_tests::vodia::FakeVodia;

use crate::support::{AgentUnderTest, PROMPTLY};
use crate::{NUMBER, no_more_dials, pbx};

/// The longest text that is read, in characters.
const LONGEST: usize = 10_000;

/// What cannot be read: what it is, how it is offered, and what is said about it.
type Unreadable = (&'static str, Option<(Offers, Giving)>, &'static str);

#[tokio::test]
async fn every_way_to_hand_a_text_over_is_understood() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let old = |text: &str| text.as_bytes().to_vec();
    // Each its own, so that none can be taken for another.
    let numbers: Vec<_> = (10..18).map(|last| format!("030231251{last}")).collect();
    let mut next = numbers.iter();
    let mut next = || next.next().expect("a number");
    let long = |number: &str| format!("{number}{}", " ".repeat(LONGEST - number.len()));
    let ways: Vec<(&str, Offers, Giving)> = vec![
        ("usual", vec![("UTF8_STRING", old(next()))], Giving::Whole),
        ("by its kind", vec![("text/plain;charset=utf-8", old(next()))], Giving::Whole),
        ("old", vec![("STRING", [b"\xa0", next().as_bytes()].concat())], Giving::Whole),
        ("bad UTF-8 beside it", vec![("UTF8_STRING", vec![0xa0, 0xff]), ("STRING", old(next()))], Giving::Whole),
        ("with its end", vec![("UTF8_STRING", old(&format!("{}\0", next())))], Giving::Whole),
        ("in pieces", vec![("UTF8_STRING", old(next()))], Giving::Pieces(3)),
        ("as long as can be", vec![("UTF8_STRING", old(&long(next())))], Giving::Whole),
        ("as long as can be, in pieces", vec![("UTF8_STRING", old(&long(next())))], Giving::Pieces(4096)),
    ];
    for (place, ((way, offers, giving), number)) in ways.into_iter().zip(&numbers).enumerate() {
        let _owner = session.own_selection("PRIMARY", offers, giving);
        session.key("ctrl+alt+p").await;
        let dial = pbx.wait_for_dial(place + 1, PATIENCE).await.unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!(&dial.number, number, "{way}");
        no_more_dials(&pbx, place + 1).await;
        pbx.hang_up_far(dial.call.expect("a call"));
        agent.no_call().await;
    }
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_at_once_and_hurts_nothing() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let text = |length: usize| vec![("UTF8_STRING", b"1".repeat(length))];
    let number = || vec![("UTF8_STRING", NUMBER.as_bytes().to_vec())];
    let ways: Vec<Unreadable> = vec![
        ("nobody", None, "No text is selected."),
        ("an image", Some((vec![("image/png", b"\x89PNG".to_vec())], Giving::Whole)), "No text is selected."),
        ("blank", Some((vec![("UTF8_STRING", b" \n".to_vec())], Giving::Whole)), "No text is selected."),
        ("too long", Some((text(LONGEST + 1), Giving::Whole)), "The selected text is too long."),
        ("far too long", Some((text(400_000), Giving::Whole)), "The selected text is too long."),
        ("too long, in pieces", Some((text(LONGEST * 5), Giving::Pieces(5000))), "The selected text is too long."),
        ("hangs", Some((number(), Giving::Never)), "does not answer"),
        ("ends halfway", Some((number(), Giving::HalfOfIt)), "does not answer"),
    ];
    for (way, offered, said) in ways {
        let _owner = offered.map(|(offers, giving)| session.own_selection("PRIMARY", offers, giving));
        let pressed = Instant::now();
        session.key("ctrl+alt+p").await;
        let told = session.notice(way, |notice| format!("{} {}", notice.summary, notice.body).contains(said)).await;
        assert!(pressed.elapsed() < PROMPTLY, "{way}: {:?}", pressed.elapsed());
        assert!(told.buttons().is_empty(), "{way}: {:?}", told.buttons());
        session.run("dunstctl", &["close-all"]).await;
        session.notice_gone(&told, PATIENCE).await;
    }
    no_more_dials(&pbx, 0).await;

    // The next good one counts as ever.
    let _owner = session.own_selection("PRIMARY", number(), Giving::Whole);
    session.key("ctrl+alt+p").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, NUMBER);
    assert!(!agent.log().contains(NUMBER.get(3..).expect("digits")), "no selected text in the log");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn no_more_selections_are_read_at_a_time_than_somebody_may_have_asked_for() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let number = || vec![("UTF8_STRING", NUMBER.as_bytes().to_vec())];
    let owner = session.own_selection("PRIMARY", number(), Giving::Never);
    let ask = async || agent.client.call::<Nothing>(method::DIAL_SELECTION, &Nothing {}).await;
    for _ in 0..8 {
        ask().await.expect("taken");
    }
    let refused = ask().await.expect_err("one too many");
    assert_eq!(refused.code, Code::RateLimited, "{refused:?}");
    session.notice("a word about it", |notice| notice.summary.contains("again and again")).await;
    session.notice("an end of the others", |notice| notice.summary.contains("does not answer")).await;
    drop(owner);

    let _owner = session.own_selection("PRIMARY", number(), Giving::Whole);
    session.key("ctrl+alt+p").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, NUMBER);
    no_more_dials(&pbx, 1).await;
    agent.ends_well(&pbx).await;
}

/// A desktop and a PBX; without window frames, as nothing here has a window.
async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(Options { frames: false, ..Options::default() }).await;
    (session, pbx().await)
}
