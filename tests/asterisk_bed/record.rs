//! Writes down what a manager session gets, for the tests of whoever reads it: `ASTERISK_RECORD=FOLDER` says where to.
//! Without that variable the same things happen and nothing is kept.

use phone_tests::asterisk_bed::{Admin, AmiUser, Bed, Manner, Options};
use std::path::PathBuf;

/// Variable that names the folder for the recordings.
const RECORD: &str = "ASTERISK_RECORD";

/// A session with the right to send NOTIFY, of which each part is written to a file of its own.
struct Recorder {
    session: Admin,
    mark: usize,
}

impl Recorder {
    async fn start(bed: &Bed) -> Self {
        let session = bed.session(AmiUser::TraySystem).await;
        let mark = session.mark();
        Self { session, mark }
    }

    /// Ends a part once no call is left, and everything about it has come.
    async fn keep(&mut self, bed: &Bed, name: &str) {
        bed.quiet().await;
        // What is asked after the end of the calls is answered after their last event.
        self.session.ask("Ping", &[]).await;
        let text = self.session.text(self.mark);
        assert!(text.contains("Event: Hangup\r\n"), "{text}");
        if let Some(folder) = std::env::var_os(RECORD) {
            std::fs::write(PathBuf::from(folder).join(format!("{name}.ami")), text).expect("a recording");
        }
        self.mark = self.session.mark();
    }
}

#[tokio::test]
async fn notify_in_and_out_of_a_call() {
    let bed = Bed::start(Options::default()).await;
    let (alice, dave) = (bed.phone("100").await, bed.scripted_phone(Manner::default()).await);
    let mut recorder = Recorder::start(&bed).await;

    for (name, place) in [("notify_in_call", "Channel"), ("notify_by_endpoint", "Endpoint")] {
        let out = alice.dial("103").await;
        let call = dave.wait_incoming().await;
        let leg = bed.leg("PJSIP/103-", "Ringing").await;
        let at = if place == "Channel" { leg.channel.as_str() } else { "103" };
        let session = &recorder.session;
        let notify =
            async |event: &str| session.ask("PJSIPNotify", &[(place, at), ("Variable", &format!("Event={event}"))]).await;
        let mark = session.mark();

        notify("talk").await;
        alice.wait_established(&out).await;
        notify("hold").await;
        session.event(mark, "Hold", &[]).await;
        notify("talk").await;
        session.event(mark, "Unhold", &[]).await;
        dave.hang_up(&call).await;
        alice.wait_closed(&out).await;
        recorder.keep(&bed, name).await;
    }
}

#[tokio::test]
async fn answer_by_a_call_that_asks_for_it() {
    let bed = Bed::start(Options::default()).await;
    let (alice, dave) = (bed.phone("100").await, bed.scripted_phone(Manner::default()).await);
    let mut recorder = Recorder::start(&bed).await;
    let out = alice.dial("103").await;
    dave.wait_incoming().await;
    let caller = bed.leg("PJSIP/100-", "Ring").await;

    let to = [("Channel", caller.id.as_str()), ("Context", "tray-answer"), ("Exten", "103"), ("Priority", "1")];
    recorder.session.ask("Redirect", &to).await;

    alice.wait_established(&out).await;
    alice.hang_up(&out).await;
    recorder.keep(&bed, "answer_by_redirect").await;
}

#[tokio::test]
async fn notify_that_the_phone_does_not_know() {
    let bed = Bed::start(Options::default()).await;
    let strict = Manner { obeys_notify: false, ..Manner::default() };
    let (alice, dave) = (bed.phone("100").await, bed.scripted_phone(strict).await);
    let mut recorder = Recorder::start(&bed).await;
    let out = alice.dial("103").await;
    let call = dave.wait_incoming().await;
    dave.accept(&call).await;
    alice.wait_established(&out).await;

    let leg = bed.leg("PJSIP/103-", "Up").await;
    recorder.session.ask("PJSIPNotify", &[("Channel", &leg.channel), ("Variable", "Event=hold")]).await;

    alice.wait_closed(&out).await;
    recorder.keep(&bed, "notify_refused").await;
}

#[tokio::test]
async fn attended_transfer_by_the_phone_itself() {
    let bed = Bed::start(Options::default()).await;
    let (alice, bob) = (bed.phone("100").await, bed.phone("101").await);
    let dave = bed.scripted_phone(Manner::default()).await;
    let mut recorder = Recorder::start(&bed).await;
    let first = dave.dial("100").await;
    let at_alice = alice.wait_incoming().await;
    alice.accept(&at_alice).await;
    dave.wait_established(&first).await;
    dave.hold(&first).await;
    let second = dave.dial("101").await;
    let at_bob = bob.wait_incoming().await;
    bob.accept(&at_bob).await;
    dave.wait_established(&second).await;

    dave.transfer(&first, &second).await;

    dave.wait_closed(&second).await;
    alice.hang_up(&at_alice).await;
    bob.wait_closed(&at_bob).await;
    recorder.keep(&bed, "attended_by_phone").await;
}

#[tokio::test]
async fn a_group_rings() {
    let bed = Bed::start(Options::default()).await;
    let (alice, bob, carol) = (bed.phone("100").await, bed.phone("101").await, bed.phone("102").await);
    let mut recorder = Recorder::start(&bed).await;
    for (name, taken_by, left) in [("group_answered", &alice, &bob), ("group_answered_elsewhere", &bob, &alice)] {
        let out = carol.dial("610").await;
        let (call, other) = (taken_by.wait_incoming().await, left.wait_incoming().await);
        taken_by.accept(&call).await;
        carol.wait_established(&out).await;
        left.wait_closed(&other).await;
        carol.hang_up(&out).await;
        recorder.keep(&bed, name).await;
    }
}

#[tokio::test]
async fn another_program_dials_for_the_user() {
    let bed = Bed::start(Options::default()).await;
    let (alice, bob) = (bed.phone("100").await, bed.phone("101").await);
    let mut recorder = Recorder::start(&bed).await;
    // As a web page of the PBX does it: all phones of the user ring by the dialplan, and then the number is dialled.
    let own = [("Channel", "Local/100@from-internal"), ("CallerID", "\"Web page\" <100>"), ("Async", "true")];
    let there = [("Context", "from-internal"), ("Exten", "101"), ("Priority", "1")];
    for (name, both_talk) in [("click_to_dial_by_another", true), ("click_to_dial_by_another_declined", false)] {
        let answer = bed.admin().ask("Originate", &[own.as_slice(), &there].concat()).await;
        assert_eq!(answer.get("Response"), "Success", "{answer:?}");
        let first = alice.wait_incoming().await;
        if both_talk {
            alice.accept(&first).await;
            let second = bob.wait_incoming().await;
            bob.accept(&second).await;
            bob.wait_established(&second).await;
            bob.hang_up(&second).await;
        } else {
            alice.hang_up(&first).await;
        }
        alice.wait_closed(&first).await;
        recorder.keep(&bed, name).await;
    }
}

#[tokio::test]
async fn what_a_caller_runs_tells_a_call_to_one_person_from_one_to_several() {
    let bed = Bed::start(Options::default()).await;
    let (alice, bob, carol) = (bed.phone("100").await, bed.phone("101").await, bed.phone("102").await);
    let session = bed.session(AmiUser::Tray).await;
    for (number, rings, runs) in [("102", &carol, "Dial"), ("600", &carol, "Queue"), ("610", &bob, "Dial")] {
        let caller = &alice;
        let out = caller.dial(number).await;
        let call = rings.wait_incoming().await;
        let leg = bed.legs("PJSIP/100-").await.into_iter().find(|leg| leg.state != "Ringing").expect("the caller");
        let answer = session.ask("Getvar", &[("Channel", leg.channel.as_str()), ("Variable", "CHANNEL(appname)")]).await;
        assert_eq!(answer.get("Value"), runs, "{number}: {answer:?}");
        caller.hang_up(&out).await;
        rings.wait_closed(&call).await;
        bed.quiet().await;
    }
}
