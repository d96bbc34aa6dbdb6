//! Servers that never answer a ping are asked something that they have to answer.

use std::time::Duration;

use phone_core::link::{Link, LinkInput, SILENCE_LIMIT};

use super::talk::{Talk, account, only};
use crate::dialect::Input;

const CALL: &str = r#"{"id":"5","from-number":"+4930555001","to-number":"204","state":"connected"}"#;
const LEG: &str = r#"{"id":"r1@pbx","from-number":"030555001","to-number":"204","state":"connected"}"#;

/// Online at a server that has never answered a ping.
fn deaf(version: &str) -> Talk {
    let mut talk = Talk::new(account(&[]));
    talk.answers_pings = false;
    talk.sign_in(version);
    talk.go_live();
    talk
}

/// How many seconds a link beside the dialect stands from now on, while only REST answers; at most a minute.
fn stands_for(talk: &mut Talk) -> u32 {
    let mut link = Link::new();
    for input in [LinkInput::SignIn, LinkInput::SignedIn, LinkInput::Synced] {
        link.step(input, talk.now.mono, 0.5);
    }
    for second in 0..60 {
        let mut said = talk.wait(Duration::from_secs(1));
        while talk.open.iter().any(|r| r.url.path().ends_with("/calls")) {
            said.extend(talk.reply("/calls", 200, "[]"));
        }
        if !only(&said, "alive").is_empty() {
            link.step(LinkInput::Heard, talk.now.mono, 0.5);
        }
        link.step(LinkInput::Tick, talk.now.mono, 0.5);
        if !link.is_online() {
            return second;
        }
    }
    60
}

#[test]
fn an_answered_ping_asks_for_nothing_more() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    assert!(only(&talk.wait_ms(120_000), "get-calls").is_empty());
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut talk = deaf("PBX/67.0");
    for _ in 0..20 {
        let said = talk.wait_ms(3_000);
        assert!(only(&said, "get-calls").is_empty(), "{said:?}");
        talk.text(r#"{"action":"callerid"}"#);
    }
}

#[test]
fn an_old_server_is_asked_for_its_calls() {
    for version in ["PBX/5.1", "PBX/67.0"] {
        let mut talk = deaf(version);
        assert!(only(&talk.wait_ms(18_900), "get-calls").is_empty());
        let said = talk.wait_ms(200);
        assert_eq!(only(&said, "get-calls").len(), 1);
        assert!(only(&said, "GET").is_empty(), "the socket answers that itself: {said:?}");
        // Answered: no more until the next ping stays unanswered.
        talk.calls("");
        assert!(only(&talk.wait_ms(10_000), "get-calls").is_empty());
    }
}

#[test]
fn a_new_server_is_asked_by_rest_too_and_counts_while_it_shows_the_same_calls() {
    for (frames, legs, alive) in [
        ("", "", true),
        (CALL, LEG, true),
        (CALL, r#"{"id":"x"}"#, true),
        // A call that the socket did not tell, one that is over, one that was answered.
        ("", LEG, false),
        (CALL, "", false),
        (CALL, r#"{"id":"x","from-number":"+4930555009","to-number":"204","state":"connected"}"#, false),
        (CALL, r#"{"id":"x","from-number":"+4930555001","to-number":"204","state":"alerting"}"#, false),
    ] {
        let mut talk = deaf("PBX/70.1");
        talk.calls(frames);
        assert_eq!(only(&talk.wait_ms(19_100), "/calls [basic]").len(), 1);
        let said = talk.reply("calls", 200, &format!("[{legs}]"));
        assert_eq!(only(&said, "alive").len(), usize::from(alive), "{frames} {legs}: {said:?}");
        assert!(only(&said, "calls ").is_empty(), "it is no picture: {said:?}");
        // Where it is none, it is asked again before the link gives up.
        assert_eq!(only(&talk.wait_ms(2_100), "/calls [basic]").len(), usize::from(!alive));
    }
}

#[test]
fn questions_do_not_pile_up() {
    let mut talk = deaf("PBX/70.1");
    talk.wait_ms(10_000);
    talk.settle();
    talk.wait_ms(14_000);
    assert_eq!(talk.open.len(), 1);
    talk.lose("calls");
    talk.wait_ms(2_100);
    assert_eq!(talk.open.len(), 1);
}

/// Plays a link beside the dialect: a server that answers the question lives, a dead one is noticed in time.
#[test]
fn a_server_without_pongs_is_kept_and_a_dead_one_noticed_in_less_than_35_seconds() {
    for version in ["PBX/5.1", "PBX/67.0", "PBX/70.1"] {
        let mut talk = deaf(version);
        let mut link = Link::new();
        for input in [LinkInput::SignIn, LinkInput::SignedIn, LinkInput::Synced] {
            link.step(input, talk.now.mono, 0.5);
        }
        for second in 0..300 {
            let said = talk.wait(Duration::from_secs(1));
            link.step(LinkInput::Tick, talk.now.mono, 0.5);
            assert!(link.is_online(), "{version}: dropped after {second} s");
            let heard = if version == "PBX/70.1" {
                only(&said, "/calls").iter().any(|_| only(&talk.reply("calls", 200, "[]"), "alive").len() == 1)
            } else {
                only(&said, "get-calls").iter().any(|_| !talk.calls("").is_empty())
            };
            if heard {
                link.step(LinkInput::Heard, talk.now.mono, 0.5);
            }
        }
        let dead = link.deadline().expect("an online link watches for silence");
        assert!(dead - talk.now.mono <= SILENCE_LIMIT);
    }
}

/// Presence comes by the socket alone, so nothing that works beside it can vouch for it.
#[test]
fn a_socket_that_answered_pings_is_dead_when_it_does_not_any_more_whatever_rest_says() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.answers_pings = false;
    assert!(stands_for(&mut talk) < 35);
    assert!(talk.all("alive").is_empty() && talk.all("GET /rest/user/204%40tenant.example/calls").is_empty());
    // One that never did is as dead, once it has answered a question.
    for answer in [r#"{"action":"call-state","calls":[]}"#, r#"{"ringtones":["default"]}"#] {
        let mut talk = deaf("PBX/70.1");
        let said = talk.wait_ms(19_100);
        for question in ["get-calls", "own-calls", "ringtones"] {
            assert_eq!(only(&said, question).len(), 1, "{said:?}");
        }
        talk.text(answer);
        assert!(stands_for(&mut talk) < 35, "{answer}");
    }
    // A frame that comes by itself answers nothing, and a ping of the server's own neither.
    let mut talk = deaf("PBX/70.1");
    talk.text(r#"{"action":"callerid"}"#);
    let wire = talk.wire.expect("a socket");
    talk.feed(Input::Pinged(wire));
    assert_eq!(stands_for(&mut talk), 60);
    // The next socket is another one.
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.closed();
    talk.answers_pings = false;
    talk.sign_in("PBX/70.1");
    talk.go_live();
    assert_eq!(stands_for(&mut talk), 60);
}
