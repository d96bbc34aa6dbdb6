//! Calls: shown, placed, acted on, remembered.

use std::path::Path;

use phone_control::protocol::{DialParams, PickUpParams, TransferParams};
use phone_core::call::tidy;
use phone_core::event::CallBrief;
use phone_core::view::{CallView, ParkedView, Relation};
use phone_core::{CallId, CallState, Direction, Party};
use serde::Serialize;

use crate::account::known;
use crate::arguments::{Dial, Dtmf, OneCall, Park, Parked, PickUp, Transfer};
use crate::asking::{connect, done, read};
use crate::failure::Failure;
use crate::output::{Cell, Output, Tone, word};
use crate::times;

#[derive(Serialize)]
struct Calls<'a> {
    revision: u64,
    calls: &'a [CallView],
    parked: &'a [ParkedView],
}

#[derive(Serialize)]
struct Done<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Stand<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
}

#[derive(Serialize)]
struct Stand<'a> {
    id: &'a CallId,
    state: CallState,
}

/// Shows the current calls, and those that wait where they were parked.
///
/// # Errors
/// What the agent says.
pub async fn list(socket: &Path, output: &Output) -> Result<(), Failure> {
    let view = read(connect(socket).await?.view()).await?;
    output.show(&Calls { revision: view.revision, calls: &view.calls, parked: &view.parked }, |to| {
        let live = view.calls.iter().map(|call| live(call, &view.calls));
        let rows: Vec<Vec<Cell>> = live.chain(view.parked.iter().map(waiting)).collect();
        output.table(to, &rows);
    })
}

fn live(call: &CallView, all: &[CallView]) -> Vec<Cell> {
    let tone = match call.state {
        CallState::Ringing | CallState::Dialing | CallState::CallingOwnPhone => Tone::Lively,
        CallState::Connected => Tone::Good,
        CallState::Held | CallState::HeldByOther | CallState::Ended | CallState::Unknown => Tone::Quiet,
    };
    let via = call.via.as_ref().and_then(Party::title).map(|via| format!("via {via}"));
    vec![
        Cell::of(call.id.to_string()),
        Cell::of(arrow(call.direction)),
        Cell::toned(word(&call.state), tone),
        Cell::of(party(&call.remote)),
        Cell::of(via.unwrap_or_default()),
        Cell::of(call.post_dial.as_deref().map(then).unwrap_or_default()),
        Cell::of(format!("since {}", times::local(call.since))),
        Cell::of(belongs(call, all).unwrap_or_default()),
    ]
}

/// What a call that waits has to do with another one; the other one says nothing more.
fn belongs(call: &CallView, all: &[CallView]) -> Option<String> {
    let related = call.related.as_ref().filter(|related| related.waits)?;
    let other = all.iter().find(|other| other.id == related.call)?;
    let number = other.remote.number.as_deref().or(other.remote.name.as_deref()).map_or_else(|| "somebody".to_owned(), tidy);
    Some(match related.how {
        Relation::Consulting => format!("asks {number} about this call"),
        Relation::Joinable => format!("can be joined with {}", other.id),
    })
}

/// A parked call, in the columns of the live ones.
fn waiting(parked: &ParkedView) -> Vec<Cell> {
    let place = parked.place.as_deref().map_or_else(|| "parked".to_owned(), |place| format!("parked at {}", tidy(place)));
    let unknown = parked.unknown_since.map(|at| format!("not known since {}", times::local(at)));
    vec![
        Cell::of(parked.id.to_string()),
        Cell::of(""),
        Cell::toned(place, Tone::Quiet),
        Cell::of(party(&parked.who)),
        Cell::of(""),
        Cell::of(""),
        Cell::of(format!("since {}", times::local(parked.since))),
        Cell::toned(unknown.unwrap_or_default(), Tone::Bad),
    ]
}

pub fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "from",
        Direction::Outgoing => "to",
    }
}

pub fn party(party: &Party) -> String {
    match (&party.name, &party.number) {
        (Some(name), Some(number)) => format!("{name} ({number})"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "unknown".to_owned(),
    }
}

/// Digits that wait until somebody has answered.
fn then(digits: &str) -> String {
    format!("then {}", tidy(digits))
}

/// Dials, and waits for the PBX.
///
/// # Errors
/// What the agent, the dial policy or the PBX says.
pub async fn dial(wanted: Dial, socket: &Path, output: &Output) -> Result<(), Failure> {
    let Dial { text, account, yes } = wanted;
    let client = connect(socket).await?;
    if let Some(account) = &account {
        // Without any account at all, the agent's own answer says more.
        let view = read(client.view()).await?;
        if !view.accounts.is_empty() {
            known(&view, account)?;
        }
    }
    let call = done(client.dial(&DialParams { text, account, yes, to: None })).await?;
    let mut after = None;
    if let Some(call) = call.as_ref().filter(|_| !output.is_json()) {
        // The call has begun; that nobody can say what follows must not read as a failure.
        let view = client.view().await.unwrap_or_default();
        after = view.calls.into_iter().find(|one| one.id == call.id).and_then(|one| one.post_dial);
    }
    confirmed(call, after.as_deref(), output)
}

/// Answers, hangs up, holds or resumes.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn act(method: &str, wanted: OneCall, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    confirmed(done(client.act(method, wanted.call)).await?, None, output)
}

/// Sends tones.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn dtmf(wanted: Dtmf, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    confirmed(done(client.dtmf(wanted.call, wanted.digits)).await?, None, output)
}

/// Hands a call on.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn transfer(wanted: Transfer, socket: &Path, output: &Output) -> Result<(), Failure> {
    let Transfer { call, target, to_call, ask } = wanted;
    let client = connect(socket).await?;
    confirmed(done(client.transfer(&TransferParams { call, to_number: target, to_call, ask })).await?, None, output)
}

/// Puts a call where anybody can fetch it, and says where that is.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn park(wanted: Park, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    let call = wanted.call;
    let place = done(client.park(call.clone())).await?;
    output.confirm(&Place { ok: true, place: place.as_deref() }, |to| {
        let text = match &place {
            Some(place) => format!(
                "Parked at {}. Dial that number on any phone, or fetch the call with: trayphonectl fetch-parked {call}\n",
                tidy(place)
            ),
            None => "Parked. The PBX has not said at which number.\n".to_owned(),
        };
        to.extend_from_slice(text.as_bytes());
    })
}

/// Fetches a parked call, and waits for the PBX.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn fetch_parked(wanted: Parked, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    confirmed(done(client.fetch_parked(wanted.call)).await?, None, output)
}

/// Shows a parked call no more.
///
/// # Errors
/// What the agent says.
pub async fn dismiss_parked(wanted: Parked, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    done(client.dismiss_parked(wanted.call)).await?;
    confirmed(None, None, output)
}

/// Takes the call that rings at an extension.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn pick_up(wanted: PickUp, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    let PickUp { from, account } = wanted;
    confirmed(done(client.pick_up(&PickUpParams { from, account })).await?, None, output)
}

/// `after` are digits that wait until somebody has answered.
fn confirmed(call: Option<CallBrief>, after: Option<&str>, output: &Output) -> Result<(), Failure> {
    let stand = call.as_ref().map(|call| Stand { id: &call.id, state: call.state });
    output.confirm(&Done { ok: true, call: stand }, |to| match &call {
        Some(call) => {
            let after = after.map(|digits| format!(", {}", then(digits))).unwrap_or_default();
            let text = format!("{}: {} {} {}{after}\n", call.id, word(&call.state), arrow(call.direction), party(&call.remote));
            to.extend_from_slice(text.as_bytes());
        }
        None => to.extend_from_slice(b"Done.\n"),
    })
}
