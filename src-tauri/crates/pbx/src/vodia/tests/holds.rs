//! The toggle of old servers: only what is known to be ours is taken back.

use std::collections::VecDeque;
use std::time::Duration;

use phone_core::{CallState, Code, Reason};
use proptest::prelude::*;

use super::shown::Shown;

const TOGGLE: &str = r#"send {"action":"hold-call","id":"1"}"#;

fn call(word: &str) -> String {
    format!(r#"{{"id":1,"from-number":"+4930555001","to-number":"204","callstate":"{word}"}}"#)
}

fn talking() -> Shown {
    let mut shown = Shown::online("PBX/67.0", &[]);
    shown.calls(&call("connected"));
    shown
}

fn hold(shown: &mut Shown) -> Result<Vec<String>, Reason> {
    shown.press(|model, request, now| model.hold(request, None, now))
}

fn resume(shown: &mut Shown) -> Result<Vec<String>, Reason> {
    shown.press(|model, request, now| model.resume(request, None, now))
}

/// On hold and back, so that the word for it is known.
fn one_turn(shown: &mut Shown, word: &str) {
    assert_eq!(hold(shown), Ok(vec![TOGGLE.to_owned()]));
    shown.calls(&call(word));
    assert_eq!(resume(shown), Ok(vec![TOGGLE.to_owned()]));
    shown.calls(&call("connected"));
    assert_eq!(shown.last_end(), Some(Ok(())));
}

#[test]
fn a_hold_of_ours_can_be_taken_back_whatever_its_word() {
    for word in ["holding", "onhold"] {
        let mut shown = talking();
        one_turn(&mut shown, word);
        one_turn(&mut shown, word);
    }
}

#[test]
fn where_hold_and_resume_are_two_commands_a_second_hold_is_already_so() {
    let mut shown = Shown::online("PBX/70.1", &[]);
    let call = |state: &str| {
        format!(r#"{{"id":"1","from-number":"+4930555001","to-number":"204","state":"{state}","connect":"1767225607"}}"#)
    };
    let leg = r#"[{"id":"r1@pbx","from-number":"+4930555001","to-number":"204"}]"#;
    shown.calls(&call("connected"));
    assert!(hold(&mut shown).is_ok_and(|said| said.len() == 1));
    assert!(shown.talk.reply("calls", 200, leg)[0].ends_with(r#"{"remote-hold":"r1@pbx"}"#));
    shown.calls(&call("onhold"));
    assert_eq!(shown.last_end(), Some(Ok(())));
    assert_eq!(hold(&mut shown), Ok(vec![]));

    // After a refusal a held call is the other side's work.
    for (status, body) in [(403, ""), (200, "false")] {
        shown.calls(&call("connected"));
        assert!(hold(&mut shown).is_ok_and(|said| said.len() == 1));
        shown.talk.reply("calls", 200, leg);
        shown.talk.reply("", status, body);
        shown.calls(&call("onhold"));
        assert!(hold(&mut shown).is_err(), "{status} {body}");
    }
}

#[test]
fn a_call_that_the_other_side_held_in_the_same_moment_is_not_taken_for_ours_once_the_word_is_known() {
    for (ours, theirs) in [("holding", "onhold"), ("onhold", "holding")] {
        let mut shown = talking();
        one_turn(&mut shown, ours);
        assert!(hold(&mut shown).is_ok());
        shown.calls(&call(theirs));
        assert!(!shown.offers_resume());
        assert_eq!(shown.view()[0].state, CallState::HeldByOther);
        // The server ignored ours, because the call was held already.
        shown.wait(Duration::from_secs(6));
        assert_eq!(shown.last_end(), Some(Err(Code::OutcomeUnknown)));
        assert!(resume(&mut shown).is_err());
        assert!(!shown.offers_resume());

        // The server did what we wanted a moment later.
        let mut shown = talking();
        one_turn(&mut shown, ours);
        assert!(hold(&mut shown).is_ok());
        shown.calls(&call(theirs));
        shown.calls(&call(ours));
        assert_eq!(shown.last_end(), Some(Ok(())));
        assert!(shown.offers_resume());
    }
}

#[test]
fn a_word_that_came_unasked_before_proves_nothing() {
    let mut shown = talking();
    shown.calls(&call("onhold"));
    shown.calls(&call("connected"));
    assert!(hold(&mut shown).is_ok());
    shown.calls(&call("onhold"));
    assert_eq!(shown.last_end(), Some(Err(Code::OutcomeUnknown)), "nobody can say whose hold this is");
    assert!(!shown.offers_resume());
    assert_eq!(resume(&mut shown), Err(Reason::HoldSideUnknown));
}

#[test]
fn a_second_word_means_that_the_other_side_acted_too() {
    let mut shown = talking();
    assert!(hold(&mut shown).is_ok());
    shown.calls(&call("onhold"));
    assert!(shown.offers_resume());
    shown.calls(&call("holding"));
    assert!(!shown.offers_resume());
    assert_eq!(resume(&mut shown), Err(Reason::HoldSideUnknown));
}

#[test]
fn a_toggle_without_a_sign_is_not_undone_by_the_next() {
    let mut shown = talking();
    assert_eq!(hold(&mut shown), Ok(vec![TOGGLE.to_owned()]));
    shown.wait(Duration::from_secs(6));
    assert_eq!(shown.last_end(), Some(Err(Code::OutcomeUnknown)));
    let said = hold(&mut shown).expect("asked");
    assert!(said.iter().all(|line| line.starts_with("refused")), "{said:?}");
    // It had its effect after all; whose it is cannot be known any more.
    shown.calls(&call("holding"));
    assert!(!shown.offers_resume());
    // Connected means that neither side holds.
    shown.calls(&call("connected"));
    assert_eq!(hold(&mut shown), Ok(vec![TOGGLE.to_owned()]));
}

#[test]
fn after_a_gap_nobody_knows_who_holds() {
    let mut shown = talking();
    assert!(hold(&mut shown).is_ok());
    shown.calls(&call("holding"));
    shown.talk.closed();
    shown.talk.start();
    shown.talk.go_live();
    shown.talk.told.clear();
    shown.calls(&call("holding"));
    assert!(!shown.offers_resume());
}

#[derive(Clone, Debug)]
enum Step {
    /// The other side acts so often in the same moment, unseen, before the press.
    Hold(u8),
    Resume(u8),
    FarActs,
    Arrive,
    Show,
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0u8..3).prop_map(Step::Hold),
        2 => (0u8..3).prop_map(Step::Resume),
        2 => Just(Step::FarActs),
        1 => Just(Step::Arrive),
        3 => Just(Step::Show),
        1 => Just(Step::Expire),
    ]
}

/// A server that keeps both sides apart, and what is on its way to it and from it.
struct Server {
    ours: &'static str,
    theirs: &'static str,
    /// A toggle for a call that the other side holds does nothing.
    ignores: bool,
    us: bool,
    far: bool,
    /// Toggles; true for one that was meant to take the call back.
    toggles: VecDeque<bool>,
    frames: VecDeque<&'static str>,
}

impl Server {
    fn changed(&mut self) {
        self.frames.push_back(match (self.us, self.far) {
            (false, false) => "connected",
            (true, _) => self.ours,
            (false, true) => self.theirs,
        });
    }

    fn far_acts(&mut self) {
        self.far = !self.far;
        self.changed();
    }

    fn arrive(&mut self) {
        let Some(resumes) = self.toggles.pop_front() else { return };
        if self.ignores && self.far && !self.us {
            return;
        }
        self.us = !self.us;
        assert!(!(resumes && self.us), "what should take the call back has put it on hold");
        self.changed();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the other side does in whichever moment, taking back never holds, and is offered only for our hold.
    /// The wire is quicker than the next press of a hand; up to then everything on it may cross.
    #[test]
    fn taking_back_never_puts_on_hold(
        holding_is_ours in any::<bool>(),
        ignores in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let (ours, theirs) = if holding_is_ours { ("holding", "onhold") } else { ("onhold", "holding") };
        let mut shown = talking();
        if ignores {
            // Before the first whole turn nobody can tell such a server's words apart.
            one_turn(&mut shown, ours);
        }
        let mut server =
            Server { ours, theirs, ignores, us: false, far: false, toggles: VecDeque::new(), frames: VecDeque::new() };
        for step in steps {
            match step {
                Step::Hold(acts) | Step::Resume(acts) => {
                    while !server.toggles.is_empty() {
                        server.arrive();
                    }
                    while let Some(word) = server.frames.pop_front() {
                        shown.calls(&call(word));
                    }
                    (0..acts).for_each(|_| server.far_acts());
                    let resumes = matches!(step, Step::Resume(_));
                    let said = if resumes { resume(&mut shown) } else { hold(&mut shown) }.unwrap_or_default();
                    let sent = said.iter().filter(|line| *line == TOGGLE).count();
                    prop_assert!(sent <= 1);
                    server.toggles.extend(std::iter::repeat_n(resumes, sent));
                }
                Step::FarActs => server.far_acts(),
                Step::Arrive => server.arrive(),
                Step::Show => {
                    if let Some(word) = server.frames.pop_front() {
                        shown.calls(&call(word));
                    }
                }
                Step::Expire => shown.wait(Duration::from_secs(6)),
            }
            if server.toggles.is_empty() && server.frames.is_empty() && shown.offers_resume() {
                prop_assert!(server.us, "offered for a call that we do not hold");
            }
        }
    }
}
