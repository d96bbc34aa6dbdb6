//! One wish is one call: no second press, lost link or answered first call makes another one of the same number.

use super::*;

const MARA: &str = "+4930555001";

fn later(now: Now, millis: u64) -> Now {
    Now { mono: now.mono + Duration::from_millis(millis), ..now }
}

fn leg(request: RequestId, state: SeenState) -> Vec<CallSeen> {
    let mut call = seen("77", Direction::Outgoing, state, MARA);
    call.request = Some(request);
    vec![call]
}

fn dial(model: &mut Model, request: RequestId, source: Source, now: Now) -> Result<Begun, Reason> {
    model.dial(request, MARA, None, source, true, now)
}

#[test]
fn a_number_that_talks_already_is_not_dialled_again() {
    for state in [SeenState::Connected, SeenState::Held(Holder::Us), SeenState::Held(Holder::Them)] {
        let now = now();
        let mut model = online(now);
        assert!(dial(&mut model, 1, Source::Typed, now).is_ok());
        calls(&mut model, leg(1, state), now);
        for (after, source) in [(100, Source::Typed), (60_000, Source::Typed), (60_000, Source::Pressed)] {
            assert_eq!(dial(&mut model, 2, source, later(now, after)), Err(Reason::AlreadyConnected), "{state:?} {after}");
        }
        // In another spelling too, but not another number.
        let at = later(now, 60_000);
        assert_eq!(model.dial(3, "030 555001", None, Source::Typed, true, at), Err(Reason::AlreadyConnected));
        assert!(model.dial(4, "+4930555002", None, Source::Typed, true, at).is_ok());
    }
}

#[test]
fn a_number_is_not_dialled_twice_within_two_seconds_even_if_its_call_is_over() {
    let now = now();
    let mut model = online(now);
    assert!(dial(&mut model, 1, Source::Typed, now).is_ok());
    calls(&mut model, leg(1, SeenState::Ringing), now);
    calls(&mut model, vec![], now);
    assert_eq!(dial(&mut model, 2, Source::Typed, later(now, 1_999)), Err(Reason::DialledJustNow));
    assert!(model.dial(3, "204", None, Source::Typed, true, later(now, 100)).is_ok(), "another number is another wish");
    model.apply(&office(), Told::Refused(3, Reason::Forbidden), now);
    assert!(dial(&mut model, 4, Source::Typed, later(now, 2_000)).is_ok());
    // What the PBX refused did not ring.
    model.apply(&office(), Told::Refused(4, Reason::Forbidden), now);
    assert!(dial(&mut model, 5, Source::Typed, later(now, 2_100)).is_ok());
}

#[test]
fn a_dial_lost_with_the_link_guards_its_number_after_an_empty_picture() {
    let now = now();
    let mut model = online(now);
    assert!(dial(&mut model, 1, Source::Typed, now).is_ok());
    let out = model.link_is(&office(), &Link::new(), None, now);
    assert_eq!(finished(&out), [(1, Err(Code::OutcomeUnknown))]);
    model.link_is(&office(), &online_link(now.mono), None, now);
    calls(&mut model, vec![], now);
    assert!(model.view().calls.is_empty(), "no ghost is shown");
    for (after_s, source) in [(1, Source::Typed), (20, Source::Pressed), (44, Source::Link)] {
        let answer = dial(&mut model, 2, source, later(now, after_s * 1000));
        assert_eq!(answer, Err(Reason::DialUnclear { another_s: 45 - after_s }), "{after_s}");
    }
    let why = Reason::DialUnclear { another_s: 30 };
    assert_eq!((why.code(), why.detail().as_deref()), (Code::RateLimited, Some("for another 30 s")));
    assert!(model.dial(3, "204", None, Source::Typed, true, later(now, 1_000)).is_ok());
    model.apply(&office(), Told::Refused(3, Reason::Forbidden), now);
    assert!(dial(&mut model, 4, Source::Typed, later(now, 45_000)).is_ok());
}

#[test]
fn a_dial_whose_call_shows_up_later_and_ends_guards_its_number_no_longer() {
    let now = now();
    let mut model = online(now);
    assert!(dial(&mut model, 1, Source::Typed, now).is_ok());
    model.link_is(&office(), &Link::new(), None, now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    calls(&mut model, vec![], now);
    calls(&mut model, vec![seen("9", Direction::Outgoing, SeenState::Ringing, "030555001")], now);
    assert_eq!(dial(&mut model, 2, Source::Typed, later(now, 5_000)), Err(Reason::AlreadyCalling));
    calls(&mut model, vec![], now);
    assert!(dial(&mut model, 3, Source::Typed, later(now, 5_000)).is_ok());
}

#[test]
fn an_account_that_is_signed_in_anew_keeps_the_guard() {
    let now = now();
    let mut model = online(now);
    assert!(dial(&mut model, 1, Source::Typed, now).is_ok());
    model.remove_account(&office(), now);
    model.add_account(&config(), now.wall);
    model.apply(&office(), Told::Abilities(everything()), now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    assert_eq!(dial(&mut model, 2, Source::Typed, later(now, 5_000)), Err(Reason::DialUnclear { another_s: 40 }));
}

#[test]
fn a_call_that_nobody_sees_any_more_is_not_dialled_again_by_another_account() {
    for state in [SeenState::CallingOwnPhone, SeenState::Ringing, SeenState::Connected] {
        let now = now();
        let mut model = online(now);
        let lab = AccountName::parse("lab").expect("a plain word");
        model.add_account(&AccountConfig { name: lab.clone(), ..config() }, now.wall);
        model.apply(&lab, Told::Abilities(everything()), now);
        model.link_is(&lab, &online_link(now.mono), None, now);
        assert!(model.dial(1, MARA, Some(&office()), Source::Typed, true, now).is_ok());
        calls(&mut model, leg(1, state), now);
        let lost = later(now, 10_000);
        model.link_is(&office(), &Link::new(), None, lost);

        let soon = model.dial(2, MARA, Some(&lab), Source::Typed, true, later(lost, 3_000));
        assert_eq!(soon, Err(Reason::DialUnclear { another_s: 42 }), "{state:?}");
        assert!(model.dial(3, "+4930555002", Some(&lab), Source::Typed, true, later(lost, 3_000)).is_ok(), "another number");
        model.apply(&lab, Told::Refused(3, Reason::Forbidden), lost);
        // The PBX is back and says that the call is over: then nothing stands in the way.
        model.link_is(&office(), &online_link(now.mono), None, later(lost, 5_000));
        calls(&mut model, vec![], later(lost, 5_000));
        assert!(model.dial(4, MARA, Some(&lab), Source::Typed, true, later(lost, 6_000)).is_ok(), "{state:?}");
    }
}
