//! Colleagues, and the own state.

use std::path::Path;

use phone_control::protocol::{PAGE, PeopleParams, SetForwardingParams, SetPresenceParams};
use phone_core::call::tidy;
use phone_core::view::{AccountView, LinkName};
use phone_core::{Ability, AccountName, ForwardWhen, Person, Presence as State, View};
use serde::Serialize;

use crate::account::known;
use crate::arguments::{Forward, Presence, SetPresence};
use crate::asking::{connect, done, read};
use crate::failure::Failure;
use crate::output::{Cell, Output, Tone, word};
use crate::times;

/// The document of a list of people.
#[derive(Serialize)]
pub struct People<'a> {
    /// Revision the list belongs to.
    pub revision: u64,
    /// The people.
    pub people: &'a [Person],
}

/// Shows colleagues.
///
/// # Errors
/// What the agent says.
pub async fn list(wanted: Presence, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    let Presence { all, filter, watch: _ } = wanted;
    let mut people: Vec<Person> = vec![];
    let mut params = PeopleParams { offset: 0, limit: PAGE, all, filter };
    let revision = loop {
        let page = read(client.people(&params)).await?;
        let count = page.people.len();
        people.extend(page.people);
        params.offset += count;
        if count == 0 || params.offset >= page.total {
            break page.revision;
        }
    };
    // Somebody new between two pages moves the others on by one.
    let mut seen = std::collections::HashSet::new();
    people.retain(|person| seen.insert(person.id.clone()));
    output.show(&People { revision, people: &people }, |to| {
        let rows: Vec<Vec<Cell>> = people.iter().map(row).collect();
        output.table(to, &rows);
    })
}

/// One person as a row.
pub fn row(person: &Person) -> Vec<Cell> {
    let mut state = word(&person.presence);
    if person.dnd && person.presence != State::Dnd {
        state.push_str(", dnd");
    }
    let before = person.last_known.map(|known| format!("{} at {}", word(&known.presence), times::local(known.at)));
    vec![
        Cell::of(&person.number),
        Cell::of(person.name.as_deref().unwrap_or_default()),
        Cell::toned(state, tone(person.presence)),
        Cell::of(person.note.as_deref().unwrap_or_default()),
        Cell::toned(before.unwrap_or_default(), Tone::Quiet),
        Cell::toned(person.account.as_str(), Tone::Quiet),
    ]
}

fn tone(presence: State) -> Tone {
    match presence {
        State::Available => Tone::Good,
        State::Ringing | State::Away => Tone::Lively,
        State::InCall | State::Busy | State::Dnd => Tone::Bad,
        State::NotRegistered | State::Unknown => Tone::Quiet,
    }
}

#[derive(Serialize)]
struct Done {
    ok: bool,
}

/// Chooses the own state.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn set_own(wanted: SetPresence, socket: &Path, output: &Output) -> Result<(), Failure> {
    let until = wanted.until.as_deref().map(|text| times::until(text, &times::now())).transpose().map_err(Failure::usage)?;
    let params = SetPresenceParams { account: None, presence: wanted.presence.into(), until, note: wanted.note };
    let client = connect(socket).await?;
    done(client.set_presence(&params)).await?;
    output.confirm(&Done { ok: true }, |to| {
        let end = until.map(|at| format!(" until {}", times::local(at))).unwrap_or_default();
        to.extend(format!("You are {}{end}.\n", word(&params.presence)).bytes());
    })
}

/// Told where the PBX could say where calls go and does not.
pub const FORWARDING_UNKNOWN: &str = "Where your calls go is not known at the moment.";

/// Which calls a forwarding is about, at the beginning of a sentence.
pub fn which(when: ForwardWhen) -> &'static str {
    match when {
        ForwardWhen::Always => "All calls",
        ForwardWhen::Busy => "Calls while you are busy",
        ForwardWhen::NoAnswer => "Calls that nobody answers",
    }
}

/// Sends own calls on, or ends that.
///
/// # Errors
/// What the agent or the PBX says.
pub async fn forward(wanted: Forward, socket: &Path, output: &Output) -> Result<(), Failure> {
    let Forward { to, when, account, yes } = wanted;
    let when = ForwardWhen::from(when);
    let to = (!to.trim().eq_ignore_ascii_case("off")).then_some(to);
    let client = connect(socket).await?;
    if let Some(account) = &account {
        known(&read(client.view()).await?, account)?;
    }
    let named = account.clone();
    let params = SetForwardingParams { account, when, to, yes, choice: None };
    done(client.set_forwarding(&params)).await?;
    // It is done, whether or not anybody can tell the outcome.
    let view = read(client.view()).await.ok();
    output.confirm(&Done { ok: true }, |text| {
        let line = view.as_ref().map_or_else(|| FORWARDING_UNKNOWN.to_owned(), |view| goes(view, named.as_ref(), when));
        text.extend(format!("{line}\n").bytes());
    })
}

/// Where these calls go by now; what was typed may have been sent in another form.
fn goes(view: &View, named: Option<&AccountName>, when: ForwardWhen) -> String {
    let able = |account: &&AccountView| account.link == LinkName::Online && account.abilities.has(Ability::to_forward(when));
    let mut accounts = view.accounts.iter().filter(able).filter(|account| named.is_none_or(|name| account.name == *name));
    let (Some(account), None) = (accounts.next(), accounts.next()) else { return FORWARDING_UNKNOWN.to_owned() };
    match account.forwarding.as_ref().map(|known| known.to(when)) {
        Some(Some(to)) => format!("{} go to {}.", which(when), tidy(to)),
        Some(None) => format!("{} go to your phone again.", which(when)),
        None => FORWARDING_UNKNOWN.to_owned(),
    }
}
