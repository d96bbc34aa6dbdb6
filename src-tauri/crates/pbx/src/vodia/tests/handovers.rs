//! Transfers: handed on only where something shows it, and never because a call merely ended.

use phone_core::request::TransferTarget;
use phone_core::{CallId, Code, EventName};
use std::time::Duration;

use super::shown::Shown;

const MARA: &str = r#"{"id":1,"from-number":"+4930555001","to-number":"204","state":"connected"}"#;
const TOM: &str = r#"{"id":2,"from-number":"204","to-number":"+4930555002","state":"connected"}"#;
const LEGS: &str = r#"[{"id":"r1@pbx","from-number":"030555001","to-number":"204"},{"id":"r2@pbx","from-number":"204","to-number":"+4930555002"}]"#;

fn talking(version: &str, calls: &str) -> (Shown, Vec<CallId>) {
    let mut shown = Shown::online(version, &[]);
    shown.says(r#"{"action":"user-state","account":"207","type":"extensions","registered":true}"#);
    shown.calls(calls);
    let mut ids: Vec<CallId> = shown.view().into_iter().map(|call| call.id).collect();
    ids.sort();
    (shown, ids)
}

fn transfer(shown: &mut Shown, id: &CallId, target: &TransferTarget) {
    let said = shown.press(|model, request, now| model.transfer(request, id, target, now)).expect("begun");
    assert_eq!(said.len(), 1, "{said:?}");
}

fn to(number: &str) -> TransferTarget {
    TransferTarget::Number(number.to_owned())
}

fn is_unknown(shown: &mut Shown) {
    assert_eq!(shown.last_end(), None);
    shown.wait(Duration::from_secs(6));
    assert_eq!(shown.last_end(), Some(Err(Code::OutcomeUnknown)));
    assert_eq!(shown.count(EventName::CallTransferred), 0);
}

fn is_done(shown: &Shown) {
    assert_eq!(shown.last_end(), Some(Ok(())));
    assert_eq!(shown.count(EventName::CallTransferred), 1);
}

#[test]
fn a_new_server_says_yes_and_the_call_leaves_in_either_order() {
    for yes_first in [true, false] {
        let (mut shown, ids) = talking("PBX/70.1", MARA);
        transfer(&mut shown, &ids[0], &to("+4930555009"));
        shown.replies(200, LEGS);
        if yes_first {
            shown.replies(200, "true");
            assert_eq!(shown.last_end(), None, "a yes alone is no transfer yet");
            shown.calls("");
        } else {
            shown.calls("");
            assert_eq!(shown.last_end(), None);
            shown.replies(200, "true");
        }
        is_done(&shown);
    }
}

#[test]
fn a_new_server_that_says_no_or_nothing_hands_nothing_on() {
    let (mut shown, ids) = talking("PBX/70.1", MARA);
    transfer(&mut shown, &ids[0], &to("+4930555009"));
    shown.replies(200, LEGS);
    shown.replies(200, "false");
    assert_eq!(shown.last_end(), Some(Err(Code::RefusedByPbx)));
    shown.calls("");
    assert_eq!(shown.count(EventName::CallTransferred), 0);

    let (mut shown, ids) = talking("PBX/70.1", MARA);
    transfer(&mut shown, &ids[0], &to("+4930555009"));
    shown.replies(200, LEGS);
    shown.calls("");
    is_unknown(&mut shown);
}

#[test]
fn an_old_server_shows_it_by_the_target_that_becomes_busy() {
    let busy = r#"{"action":"user-state","account":"207","type":"extensions","registered":true,"code":"1"}"#;
    let (mut shown, ids) = talking("PBX/67.0", MARA);
    transfer(&mut shown, &ids[0], &to("207"));
    shown.calls("");
    assert_eq!(shown.last_end(), None);
    shown.says(busy);
    is_done(&shown);

    // One that was in a call before proves nothing, and an outside number never shows anything.
    let (mut shown, ids) = talking("PBX/67.0", MARA);
    shown.says(busy);
    transfer(&mut shown, &ids[0], &to("207"));
    shown.calls("");
    shown.says(busy);
    is_unknown(&mut shown);
    let (mut shown, ids) = talking("PBX/67.0", MARA);
    transfer(&mut shown, &ids[0], &to("+4930555009"));
    shown.calls("");
    is_unknown(&mut shown);
}

#[test]
fn the_far_side_that_hangs_up_meanwhile_is_no_transfer() {
    for version in ["PBX/5.1", "PBX/67.0"] {
        let (mut shown, ids) = talking(version, MARA);
        transfer(&mut shown, &ids[0], &to("207"));
        shown.calls("");
        is_unknown(&mut shown);
    }
}

#[test]
fn a_join_is_seen_by_both_calls_leaving_together() {
    let both = format!("{MARA},{TOM}");
    let (mut shown, ids) = talking("PBX/67.0", &both);
    transfer(&mut shown, &ids[0], &TransferTarget::Call(ids[1].clone()));
    shown.calls("");
    is_done(&shown);

    let (mut shown, ids) = talking("PBX/67.0", &both);
    transfer(&mut shown, &ids[0], &TransferTarget::Call(ids[1].clone()));
    shown.calls(TOM);
    shown.calls("");
    is_unknown(&mut shown);
}

#[test]
fn only_a_yes_of_the_pbx_is_one() {
    for body in ["<html>", "<!DOCTYPE html><title>Guest WiFi</title>", "{}", r#"{"error":"x"}"#, "\"queued\"", "error", "7"] {
        let (mut shown, ids) = talking("PBX/70.1", MARA);
        transfer(&mut shown, &ids[0], &to("+4930555009"));
        shown.replies(200, LEGS);
        shown.replies(200, body);
        // The other side hangs up, and nobody was asked to take the call.
        shown.calls("");
        is_unknown(&mut shown);
    }
}
