//! Every recording, and what the user sees while it is played. `recorded/expected.txt` says it; each change of it is read
//! by a person.

use phone_core::request::OwnPresence;
use phone_core::told::Command;

use super::replay::{Step, connected_at_the_beginning, play};
use super::talk::Talk;

/// A recording, how it begins, and what the user does.
pub struct Scene {
    pub name: &'static str,
    pub keys: &'static [(&'static str, &'static str)],
    /// It begins in a connected call.
    pub connected: bool,
    pub steps: &'static [Step],
}

impl Scene {
    const fn of(name: &'static str, steps: &'static [Step]) -> Self {
        Self { name, keys: &[], connected: false, steps }
    }

    const fn connected(name: &'static str, steps: &'static [Step]) -> Self {
        Self { name, keys: &[], connected: true, steps }
    }

    pub fn talk(&self) -> Talk {
        if self.connected {
            Talk::online_with(self.keys, &connected_at_the_beginning(self.name))
        } else {
            Talk::online(self.keys)
        }
    }
}

fn first(talk: &Talk) -> String {
    talk.calls().first().map(|call| call.key.clone()).expect("a call")
}

fn asked(talk: &Talk) -> String {
    format!("{}/consult", first(talk))
}

fn dial(to: &str) -> Command {
    Command::Dial { request: 7, to: to.to_owned() }
}

fn consult(talk: &Talk) -> Command {
    Command::Consult { request: 3, key: first(talk), to: "102".to_owned() }
}

fn hang_up(talk: &Talk) -> Command {
    Command::HangUp { request: 4, key: first(talk) }
}

fn hang_up_asked(talk: &Talk) -> Command {
    Command::HangUp { request: 4, key: asked(talk) }
}

fn hand_over(talk: &Talk) -> Command {
    Command::TransferJoin { request: 5, key: first(talk), other: asked(talk) }
}

fn transfer(talk: &Talk) -> Command {
    Command::TransferTo { request: 6, key: first(talk), to: "102".to_owned() }
}

fn park(talk: &Talk) -> Command {
    Command::Park { request: 8, key: first(talk) }
}

fn pick_up(_: &Talk) -> Command {
    Command::PickUp { request: 7, from: "102".to_owned() }
}

fn tones(talk: &Talk) -> Command {
    Command::Dtmf { request: 9, key: first(talk), digits: "12#".to_owned() }
}

fn dnd(on: bool) -> Command {
    let presence = if on { OwnPresence::Dnd } else { OwnPresence::Available };
    Command::SetPresence { request: 10, presence, until: None, note: None }
}

fn answer(talk: &Talk) -> Command {
    Command::Answer { request: 11, key: first(talk) }
}

/// The bed's own name of the context in which a phone is dialled so that it answers.
const ANSWERING: &[(&str, &str)] = &[("extension", "103"), ("answer", "redirect"), ("answer_context", "tray-answer")];

/// All of them.
pub const SCENES: &[Scene] = &[
    Scene::of("incoming_one_phone", &[]),
    Scene::of("incoming_other_hangs_up", &[]),
    Scene::of("incoming_two_phones", &[]),
    Scene::of("incoming_from_outside", &[]),
    Scene::of("declined_at_phones", &[]),
    Scene::of("declined_by_us", &[(2, hang_up)]),
    Scene::of("missed_gave_up", &[]),
    Scene::of("missed_rang_out", &[]),
    Scene::of("hang_up_by_us", &[(5, hang_up)]),
    Scene::of("outgoing_at_phone", &[]),
    Scene::of("outgoing_declined", &[]),
    Scene::of("outgoing_no_phone", &[]),
    Scene::of("click_to_dial", &[(6, |_| dial("101"))]),
    Scene::of("click_to_dial_busy_tone", &[(15, |_| dial("8123"))]),
    Scene::of("click_to_dial_declined", &[(7, |_| dial("101"))]),
    Scene::of("click_to_dial_far", &[(17, |_| dial("9030555001"))]),
    Scene { keys: &[("ring", "local")], ..Scene::of("click_to_dial_local", &[(18, |_| dial("101"))]) },
    Scene::of("click_to_dial_no_answer", &[(8, |_| dial("101"))]),
    Scene::of("click_to_dial_remote_declines", &[(16, |_| dial("101"))]),
    Scene::of("click_to_dial_same_id", &[(9, |_| dial("101")), (11, hang_up)]),
    Scene::of("click_to_dial_wrong", &[(12, |_| dial("555"))]),
    Scene::of("blind_transfer", &[(19, transfer)]),
    Scene::of("blind_transfer_at_phone", &[]),
    Scene::of("blind_transfer_of_us", &[]),
    Scene::of("blind_transfer_to_us", &[]),
    Scene::of("attended_cancelled", &[(24, consult), (26, hang_up_asked)]),
    Scene::of("attended_completed", &[(27, consult), (29, hand_over)]),
    Scene::of("attended_completed_ringing", &[(30, consult), (32, hand_over)]),
    Scene::of("attended_declined", &[(33, consult)]),
    Scene::of("attended_first_gone", &[(35, consult)]),
    Scene::of("attended_second_gone", &[(37, consult)]),
    Scene::of("attended_unknown_number", &[(2, consult)]),
    Scene::of("attended_impossible", &[(39, consult)]),
    Scene::of("park_and_pick_up", &[(6, park), (9, |_| dial("71"))]),
    Scene::of("park_timeout", &[(10, park)]),
    Scene::of("pick_up_by_us", &[(11, pick_up)]),
    Scene::of("pick_up_of_ours", &[]),
    Scene::of("second_call", &[]),
    Scene::of("two_calls", &[]),
    Scene::of("deflect", &[(23, transfer)]),
    Scene::of("click_to_dial_by_another", &[]),
    Scene::of("click_to_dial_by_another_declined", &[]),
    Scene::of("colleagues", &[]),
    Scene::of("dnd", &[(15, |_| dnd(true)), (17, |_| dnd(false))]),
    Scene { keys: &[("extension", "102")], ..Scene::of("queue_call", &[]) },
    Scene::of("group_answered", &[]),
    Scene::of("group_answered_elsewhere", &[]),
    Scene { keys: &[("extension", "103")], ..Scene::of("attended_by_phone", &[]) },
    Scene { keys: ANSWERING, ..Scene::of("answer_by_redirect", &[(1, answer)]) },
    Scene { keys: &[("extension", "103")], ..Scene::of("notify_in_call", &[]) },
    Scene { keys: &[("extension", "103")], ..Scene::of("notify_by_endpoint", &[]) },
    Scene { keys: &[("extension", "103")], ..Scene::of("notify_refused", &[]) },
    Scene::connected("hold_resume", &[]),
    Scene::connected("held_by_other", &[]),
    Scene::connected("dtmf", &[(12, tones)]),
    Scene::connected("pbx_stopped", &[]),
];

#[test]
fn each_recording_shows_the_user_what_happened() {
    let mut all = String::new();
    for scene in SCENES {
        let (said, talk) = play(scene.talk(), scene.name, scene.steps);
        all.push_str(&format!("== {}\n", scene.name));
        for line in said {
            all.push_str(&format!("{line}\n"));
        }
        if scene.name != "second_call" {
            assert!(talk.calls().is_empty(), "{}: a call is left: {:?}", scene.name, talk.calls());
            assert!(talk.dialect.channels.len() <= 2, "{}: channels are left", scene.name);
        }
        assert!(talk.said.iter().all(|line| line != "skipped"), "{}: something is not known", scene.name);
    }
    let path = format!("{}/src/asterisk/tests/recorded/expected.txt", env!("CARGO_MANIFEST_DIR"));
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != all {
        let was = format!("{}/asterisk-expected.txt", std::env::temp_dir().display());
        std::fs::write(&was, &all).expect("a folder for what was");
        panic!("{path} says something else than what was seen, which is in {was}");
    }
}
