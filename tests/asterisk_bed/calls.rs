//! Phones call each other.

use super::{figure, talk, two_phones};
use phone_tests::asterisk_bed::{Bed, Extension, Options};
use std::time::Instant;

#[tokio::test]
async fn two_phones_talk_and_everybody_agrees_that_they_do() {
    let (bed, alice, bob) = two_phones().await;

    let (out, call) = talk(&alice, &bob).await;

    assert_eq!((out.other.as_str(), call.other.as_str()), ("101", "100"));
    let (left, right) = (bed.leg("PJSIP/100-", "Up").await, bed.leg("PJSIP/101-", "Up").await);
    assert_eq!((left.other.as_str(), right.other.as_str()), ("101", "100"));
    assert!(!left.bridge.is_empty() && left.bridge == right.bridge, "{left:?} {right:?}");

    let since = Instant::now();
    bob.hang_up(&call).await;
    alice.wait_closed(&out).await;
    bed.quiet().await;
    figure("hung up and gone everywhere", since);
    assert!(bob.is_closed(&call));
}

#[tokio::test]
async fn both_phones_of_an_extension_ring_and_one_answers() {
    let (bed, alice, bob) = two_phones().await;
    let second = bed.phone("100").await;
    let mark = bed.admin().mark();

    let out = bob.dial("100").await;
    let (first_rings, second_rings) = (alice.wait_incoming().await, second.wait_incoming().await);
    second.accept(&second_rings).await;
    bob.wait_established(&out).await;

    alice.wait_closed(&first_rings).await;
    let ended = bed.admin().event(mark, "Hangup", &[("Channel", "PJSIP/100-")]).await;
    assert_eq!(ended.get("Cause"), "26", "answered elsewhere: {ended:?}");
    assert!(second.is_established(&second_rings));
}

#[tokio::test]
async fn a_declined_call_is_busy_for_the_caller() {
    let (bed, alice, bob) = two_phones().await;

    let out = alice.dial("101").await;
    let call = bob.wait_incoming().await;
    bob.hang_up(&call).await;

    assert_eq!(alice.wait_closed(&out).await, "486 Busy Here");
    bed.quiet().await;
}

#[tokio::test]
async fn hold_and_resume_at_the_phone_are_seen() {
    let (bed, alice, bob) = two_phones().await;
    let (_out, call) = talk(&bob, &alice).await;
    let mark = bed.admin().mark();

    alice.hold(&call).await;
    bed.admin().event(mark, "Hold", &[("Channel", "PJSIP/100-")]).await;
    bed.admin().event(mark, "DeviceStateChange", &[("Device", "PJSIP/101"), ("State", "ONHOLD")]).await;
    assert!(bed.admin().events(mark, "Unhold", &[]).is_empty());

    alice.resume(&call).await;
    bed.admin().event(mark, "Unhold", &[("Channel", "PJSIP/100-")]).await;
}

#[tokio::test]
async fn digits_arrive_from_the_phone_and_from_the_manager() {
    let (bed, alice, bob) = two_phones().await;
    let (out, call) = talk(&bob, &alice).await;
    let peer = bed.leg("PJSIP/101-", "Up").await;

    bed.send_digits(&peer.id, "12#").await;
    bob.wait_dtmf(&out, "12#").await;
    let mark = bed.admin().mark();
    alice.type_digit(&call, '5').await;
    bed.admin().event(mark, "DTMFEnd", &[("Channel", "PJSIP/100-"), ("Digit", "5")]).await;
}

#[tokio::test]
async fn a_blind_transfer_by_the_phone_leads_to_the_third() {
    let (bed, alice, bob) = two_phones().await;
    let carol = bed.phone("102").await;
    let (out, call) = talk(&bob, &alice).await;

    alice.transfer(&call, "102").await;
    let arrived = carol.wait_incoming().await;
    carol.accept(&arrived).await;
    alice.wait_closed(&call).await;

    let leg = bed.leg("PJSIP/101-", "Up").await;
    assert_eq!(leg.other, "102");
    assert!(bob.is_established(&out) && bed.legs("PJSIP/100-").await.is_empty());
}

#[tokio::test]
async fn a_call_from_outside_shows_its_name_and_number() {
    let bed = Bed::start(Options::default()).await;
    let alice = bed.phone("100").await;

    let outside = bed.call_from_outside("+4930555001", "Mara Beispiel", "100").await;
    let call = alice.wait_incoming().await;
    assert_eq!(call.other, "+4930555001");
    assert_eq!(bed.leg("PJSIP/100-", "Ringing").await.other, "+4930555001");
    alice.accept(&call).await;
    alice.wait_established(&call).await;

    bed.outside_hangs_up(&outside).await;
    alice.wait_closed(&call).await;
    bed.quiet().await;
}

#[tokio::test]
async fn do_not_disturb_and_forwarding_follow_their_codes() {
    let (bed, alice, bob) = two_phones().await;
    let carol = bed.phone("102").await;
    let code = async |code: &str| {
        let call = alice.dial(code).await;
        alice.wait_closed(&call).await;
    };

    code("*78").await;
    assert_eq!(bed.database("DND", "100").await.as_deref(), Some("YES"));
    let refused = bob.dial("100").await;
    assert_eq!(bob.wait_closed(&refused).await, "486 Busy Here");
    assert_eq!(alice.incoming(), 0);

    code("*79").await;
    code("*72102").await;
    assert_eq!((bed.database("DND", "100").await, bed.database("CF", "100").await.as_deref()), (None, Some("102")));
    bob.dial("100").await;
    assert_eq!(carol.wait_incoming().await.other, "101");

    code("*73").await;
    assert_eq!(bed.database("CF", "100").await, None);
}

#[tokio::test]
async fn a_group_a_queue_and_a_parked_call_reach_people() {
    let (bed, alice, bob) = two_phones().await;
    let carol = bed.phone("102").await;

    let out = carol.dial("610").await;
    let (at_alice, at_bob) = (alice.wait_incoming().await, bob.wait_incoming().await);
    bob.hang_up(&at_bob).await;
    alice.accept(&at_alice).await;
    carol.wait_established(&out).await;
    let (mark, peer) = (bed.admin().mark(), bed.leg("PJSIP/102-", "Up").await);
    bed.admin().ask("Park", &[("Channel", &peer.id), ("TimeoutChannel", "PJSIP/100"), ("Timeout", "45000")]).await;
    let parked = bed.admin().event(mark, "ParkedCall", &[("ParkeeChannel", "PJSIP/102-")]).await;
    alice.wait_closed(&at_alice).await;
    let back = bob.dial(parked.get("ParkingSpace")).await;
    bob.wait_established(&back).await;
    bob.hang_up(&back).await;
    carol.wait_closed(&out).await;
    bed.quiet().await;

    let waiting = bob.dial("600").await;
    let offered = carol.wait_incoming().await;
    carol.accept(&offered).await;
    carol.wait_established(&offered).await;
    assert!(bob.is_established(&waiting));
}

#[tokio::test]
async fn a_phone_with_two_calls_does_as_told_about_each() {
    let (bed, alice, bob) = two_phones().await;
    let carol = bed.phone("102").await;
    let (from_bob, at_alice) = talk(&bob, &alice).await;
    let (from_carol, second) = talk(&carol, &alice).await;

    alice.hang_up(&at_alice).await;
    bob.wait_closed(&from_bob).await;
    assert!(alice.is_established(&second) && carol.is_established(&from_carol));

    alice.hang_up(&second).await;
    carol.wait_closed(&from_carol).await;
    bed.quiet().await;
}

#[tokio::test]
async fn fifty_calls_in_a_row_leave_nothing() {
    let (bed, alice, bob) = two_phones().await;

    let since = Instant::now();
    for _ in 0..50 {
        let (out, call) = talk(&alice, &bob).await;
        bob.hang_up(&call).await;
        alice.wait_closed(&out).await;
    }
    figure("fifty calls", since);

    bed.quiet().await;
}

#[tokio::test]
async fn five_hundred_people_are_known_by_their_hints() {
    let mut options = Options::default();
    options.people.extend((1000..1500).map(|number| Extension::new(number.to_string(), format!("Person {number}"))));
    let since = Instant::now();
    let bed = Bed::start(options).await;
    figure("Asterisk with five hundred people started", since);

    let since = Instant::now();
    let hints = bed.admin().list("ExtensionStateList", &[]).await;
    figure("five hundred hints", since);

    assert_eq!(hints.len(), 504);
}
