//! Ids that a PBX gives to another call: the old one ends, the new one is a call of its own.

use super::*;

const MARA: &str = "+4930555001";

fn one(state: SeenState, number: &str) -> CallSeen {
    seen("1", Direction::Incoming, state, number)
}

fn relink(model: &mut Model, now: Now) {
    model.link_is(&office(), &Link::new(), None, now);
    model.link_is(&office(), &online_link(now.mono), None, now);
}

fn ids(model: &mut Model) -> Vec<String> {
    model.view().calls.into_iter().map(|call| call.id.0).collect()
}

fn after(now: Now, seconds: i64) -> Timestamp {
    now.wall.checked_add(jiff::SignedDuration::from_secs(seconds)).expect("a time")
}

#[test]
fn the_same_caller_under_an_old_id_after_a_restart_is_another_call() {
    // Missed while nobody watched; the next call of the same caller was answered.
    let at = now();
    let mut model = online(at);
    calls(&mut model, vec![one(SeenState::Ringing, MARA)], at);
    relink(&mut model, at);
    let mut next = one(SeenState::Connected, MARA);
    next.started_at = Some(after(at, 30));
    let out = calls(&mut model, vec![next], at);
    assert_eq!(ids(&mut model), ["office/c2"]);
    let kept: Vec<Outcome> = out.iter().filter_map(|o| if let Output::Record(r) = o { Some(r.outcome) } else { None }).collect();
    assert_eq!(kept, [Outcome::Unknown], "nobody knows how the first one ended");
    // Who has talked and rings now has called again.
    let mut model = online(at);
    calls(&mut model, vec![one(SeenState::Connected, MARA)], at);
    relink(&mut model, at);
    calls(&mut model, vec![one(SeenState::Ringing, MARA)], at);
    assert_eq!(ids(&mut model), ["office/c2"]);
    // The same call, told by a PBX whose clock is far ahead of ours.
    let mut model = online(at);
    let mut ahead = one(SeenState::Connected, MARA);
    ahead.started_at = Some(after(at, 600));
    calls(&mut model, vec![ahead.clone()], at);
    relink(&mut model, at);
    calls(&mut model, vec![ahead], at);
    assert_eq!(ids(&mut model), ["office/c1"]);
}

#[test]
fn an_id_that_another_call_gets_on_a_live_link_is_another_call() {
    let at = now();
    let out = |state, number: &str| seen("1", Direction::Outgoing, state, number);
    let other = "+442079460001";
    for (first, then) in [
        (one(SeenState::Ringing, MARA), one(SeenState::Ringing, other)),
        (one(SeenState::Ringing, MARA), one(SeenState::Connected, other)),
        (one(SeenState::Connected, MARA), one(SeenState::Ringing, MARA)),
        (one(SeenState::Connected, MARA), one(SeenState::Ringing, other)),
        (one(SeenState::Connected, MARA), out(SeenState::Connected, "207")),
        (out(SeenState::Ringing, MARA), out(SeenState::Ringing, other)),
    ] {
        let mut model = online(at);
        calls(&mut model, vec![first.clone()], at);
        let out = calls(&mut model, vec![then.clone()], at);
        assert!(events(&out).contains(&EventName::CallEnded), "{first:?} {then:?}");
        assert_eq!(ids(&mut model), ["office/c2"], "{first:?} {then:?}");
        assert_eq!(model.view().calls[0].remote.number, then.remote.number);
    }
}

#[test]
fn what_may_change_in_one_call_on_a_live_link_stays_one_call() {
    let at = now();
    let out = |state, number: &str| seen("1", Direction::Outgoing, state, number);
    for pictures in [
        // Handed on to us or to somebody else by the other side.
        vec![one(SeenState::Connected, MARA), one(SeenState::Connected, "207")],
        vec![one(SeenState::Connected, MARA), one(SeenState::Held(Holder::Them), "207"), one(SeenState::Connected, "208")],
        // Another spelling, and a number that was not told at first.
        vec![one(SeenState::Ringing, MARA), one(SeenState::Ringing, "030555001"), one(SeenState::Connected, MARA)],
        vec![one(SeenState::Ringing, "anonymous"), one(SeenState::Connected, MARA)],
        // Taken by another phone than the one that was called, and the own phone first.
        vec![out(SeenState::Ringing, "700"), out(SeenState::Connected, "207")],
        vec![out(SeenState::CallingOwnPhone, "204"), out(SeenState::Ringing, MARA), out(SeenState::Connected, MARA)],
    ] {
        let mut model = online(at);
        for picture in &pictures {
            calls(&mut model, vec![picture.clone()], at);
            assert_eq!(ids(&mut model), ["office/c1"], "{pictures:?}");
        }
    }
}
