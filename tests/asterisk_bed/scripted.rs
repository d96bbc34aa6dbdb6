//! The scripted phone can what real office phones can and baresip cannot.

use super::talk;
use phone_tests::asterisk_bed::{Bed, Manner, Options};

#[tokio::test]
async fn answers_holds_and_resumes_by_notify() {
    let bed = Bed::start(Options::default()).await;
    let (alice, dave) = (bed.phone("100").await, bed.scripted_phone(Manner::default()).await);
    let out = alice.dial("103").await;
    let call = dave.wait_incoming().await;
    let leg = bed.leg("PJSIP/103-", "Ringing").await;
    let notify = async |event: &str| {
        let variable = format!("Event={event}");
        let answer = bed.admin().ask("PJSIPNotify", &[("Channel", &leg.channel), ("Variable", &variable)]).await;
        assert_eq!(answer.get("Response"), "Success", "{answer:?}");
    };

    notify("talk").await;
    alice.wait_established(&out).await;
    dave.wait_established(&call).await;
    let read = [("Channel", leg.channel.as_str()), ("Variable", "PJSIP_RESPONSE_HEADER(read,Allow-Events)")];
    assert!(bed.admin().ask("Getvar", &read).await.get("Value").contains("talk"));

    let mark = bed.admin().mark();
    notify("hold").await;
    dave.wait_held(&call, true).await;
    bed.admin().event(mark, "Hold", &[("Channel", "PJSIP/103-")]).await;

    notify("talk").await;
    dave.wait_held(&call, false).await;
    bed.admin().event(mark, "Unhold", &[("Channel", "PJSIP/103-")]).await;
    assert_eq!(dave.notified(), ["talk", "hold", "talk"]);
}

#[tokio::test]
async fn answers_by_itself_when_the_call_asks_for_it() {
    let bed = Bed::start(Options::default()).await;
    let (alice, dave) = (bed.phone("100").await, bed.scripted_phone(Manner::default()).await);
    let out = alice.dial("103").await;
    dave.wait_incoming().await;
    let caller = bed.leg("PJSIP/100-", "Ring").await;

    let to = [("Channel", caller.id.as_str()), ("Context", "tray-answer"), ("Exten", "103"), ("Priority", "1")];
    bed.admin().ask("Redirect", &to).await;

    alice.wait_established(&out).await;
    assert_eq!(bed.leg("PJSIP/103-", "Up").await.other, "100");
}

#[tokio::test]
async fn a_phone_that_does_not_know_the_notify_loses_the_call() {
    let bed = Bed::start(Options::default()).await;
    let strict = Manner { obeys_notify: false, ..Manner::default() };
    let (alice, dave) = (bed.phone("100").await, bed.scripted_phone(strict).await);
    let out = alice.dial("103").await;
    let call = dave.wait_incoming().await;
    dave.accept(&call).await;
    alice.wait_established(&out).await;
    let leg = bed.leg("PJSIP/103-", "Up").await;

    bed.admin().ask("PJSIPNotify", &[("Channel", &leg.channel), ("Variable", "Event=hold")]).await;

    dave.wait_closed(&call).await;
    alice.wait_closed(&out).await;
}

#[tokio::test]
async fn baresip_too_loses_the_call_by_a_notify_in_it() {
    let bed = Bed::start(Options::default()).await;
    let (alice, bob) = (bed.phone("100").await, bed.phone("101").await);
    let (out, call) = talk(&bob, &alice).await;
    let leg = bed.leg("PJSIP/100-", "Up").await;

    bed.admin().ask("PJSIPNotify", &[("Channel", &leg.channel), ("Variable", "Event=hold")]).await;

    alice.wait_closed(&call).await;
    bob.wait_closed(&out).await;
}

#[tokio::test]
async fn holds_transfers_and_hangs_up_by_itself() {
    let bed = Bed::start(Options::default()).await;
    let (alice, bob) = (bed.phone("100").await, bed.phone("101").await);
    let dave = bed.scripted_phone(Manner::default()).await;
    let first = dave.dial("100").await;
    let at_alice = alice.wait_incoming().await;
    alice.accept(&at_alice).await;
    dave.wait_established(&first).await;
    let mark = bed.admin().mark();
    dave.hold(&first).await;
    bed.admin().event(mark, "Hold", &[("Channel", "PJSIP/103-")]).await;

    let second = dave.dial("101").await;
    let at_bob = bob.wait_incoming().await;
    bob.accept(&at_bob).await;
    dave.wait_established(&second).await;
    dave.transfer(&first, &second).await;

    bed.admin().event(mark, "AttendedTransfer", &[("Result", "Success")]).await;
    assert_eq!(bed.leg("PJSIP/100-", "Up").await.other, "101");
    dave.wait_closed(&second).await;
    assert!(alice.is_established(&at_alice) && bob.is_established(&at_bob));

    let third = dave.dial("9123").await;
    dave.wait_established(&third).await;
    dave.hang_up(&third).await;
    alice.hang_up(&at_alice).await;
    bob.wait_closed(&at_bob).await;
    bed.quiet().await;
}
