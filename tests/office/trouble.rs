//! PBXs that stop, and phones that lose their power.

use phone_core::{CallState, Presence};
use phone_tests::office::{Need, Office, Who};

use crate::conversations::talking;
use crate::desk::Desk;

pub async fn a_pbx_that_stops_in_mid_call_leaves_no_ghost(office: &impl Office) {
    let desk = Desk::at(office).await;
    talking(office, &desk).await;
    office.stop().await;
    desk.lost().await;
    desk.view("nothing stale as true", |view| view.calls.iter().all(|call| call.stale && call.state == CallState::Unknown)).await;
    office.start().await;
    comes_back_clean(office, &desk).await;
}

pub async fn a_pbx_that_is_killed_in_mid_call_leaves_no_ghost(office: &impl Office) {
    if !office.has(Need::Kill) {
        return;
    }
    let desk = Desk::at(office).await;
    talking(office, &desk).await;
    office.kill().await;
    desk.lost().await;
    desk.view("nothing stale as true", |view| view.calls.iter().all(|call| call.stale && call.state == CallState::Unknown)).await;
    office.start().await;
    comes_back_clean(office, &desk).await;
}

/// The link is back, no call of before is shown, and the next one is.
async fn comes_back_clean(office: &impl Office, desk: &Desk) {
    desk.online().await;
    desk.none().await;
    office.calls(Who::Mara, Who::Me).await;
    desk.one(CallState::Ringing).await;
    office.hangs_up(Who::Mara).await;
    desk.none().await;
    assert_eq!(office.complaints(), Vec::<String>::new());
}

pub async fn a_phone_without_power_is_seen(office: &impl Office) {
    if !office.has(Need::Unplug) {
        return;
    }
    let desk = Desk::at(office).await;
    let bob = office.number(Who::Bob);
    desk.sees(&bob, Presence::Available).await;
    office.unplug(Who::Bob).await;
    desk.sees(&bob, Presence::NotRegistered).await;
    desk.closes(office, &[]).await;
}
