//! Commands that go on until they are interrupted.

use std::io;
use std::path::Path;

use phone_control::Client;
use phone_control::client::{Notices, Told};
use phone_control::protocol::{PresencePart, Stream, method};
use phone_core::{Person, PersonKind, Reason};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Presence;
use crate::asking::read;
use crate::failure::Failure;
use crate::output::{Cell, Output, Tone, unwritten};
use crate::people::{People, row};
use crate::times;

/// Prints every event as a JSON line.
///
/// # Errors
/// `no_agent` when none runs, or when it ends; what the agent says when events were missed.
pub async fn events(socket: &Path, output: &Output) -> Result<(), Failure> {
    let (client, notices) = follow(socket, Stream::CallEvent).await?;
    let ended = until_interrupted(&client, notices, |notice| match notice.method.as_str() {
        // As it came, so that what a newer agent tells is not lost.
        method::CALL_EVENT => output.line(notice.params.get()),
        _ => Ok(()),
    });
    ended.await
}

/// Prints colleagues, then every change.
///
/// # Errors
/// `no_agent` when none runs, or when it ends.
pub async fn presence(wanted: Presence, socket: &Path, output: &Output) -> Result<(), Failure> {
    let (client, notices) = follow(socket, Stream::Presence).await?;
    let mut gathered: Vec<Person> = vec![];
    let ended = until_interrupted(&client, notices, |notice| {
        let Told::Presence(part) = notice.told() else { return Ok(()) };
        let PresencePart { revision, whole, part, last, mut people } = part;
        people.retain(|person| is_wanted(person, &wanted));
        if !whole {
            return if people.is_empty() { Ok(()) } else { changed(revision, &people, output) };
        }
        if part == 0 {
            gathered.clear();
        }
        gathered.append(&mut people);
        if last { everybody(revision, &std::mem::take(&mut gathered), output) } else { Ok(()) }
    });
    ended.await
}

async fn follow(socket: &Path, stream: Stream) -> Result<(Client, Notices), Failure> {
    let (client, notices) = read(Client::connect(socket, "trayphonectl")).await?;
    read(client.subscribe(&[stream])).await?;
    Ok((client, notices))
}

/// Hands every notice on until a signal comes, the reader goes away, or the agent ends or hangs up.
async fn until_interrupted(
    client: &Client,
    mut notices: Notices,
    mut hand_on: impl FnMut(phone_control::client::Notice) -> io::Result<()>,
) -> Result<(), Failure> {
    let listening = |kind| signal(kind).map_err(|error| Failure::from(Reason::NotAvailable).because(error));
    let mut interrupted = listening(SignalKind::interrupt())?;
    let mut ended = listening(SignalKind::terminate())?;
    loop {
        let notice = tokio::select! {
            notice = notices.recv() => notice,
            _ = interrupted.recv() => return Ok(()),
            _ = ended.recv() => return Ok(()),
        };
        let Some(notice) = notice else {
            // What was missed is said, so that nobody takes the lines for complete.
            let gone = || Failure::from(Reason::NoAgent).because("it ended, or closed the connection");
            return Err(client.farewell().map_or_else(gone, Failure::from));
        };
        if let Err(error) = hand_on(notice) {
            return unwritten(error);
        }
    }
}

fn everybody(revision: u64, people: &[Person], output: &Output) -> io::Result<()> {
    if output.is_json() {
        return json(revision, people, output);
    }
    let mut text = Vec::new();
    let rows: Vec<Vec<Cell>> = people.iter().map(row).collect();
    output.table(&mut text, &rows);
    output.write(&text)
}

fn changed(revision: u64, people: &[Person], output: &Output) -> io::Result<()> {
    if output.is_json() {
        return json(revision, people, output);
    }
    let mut text = Vec::new();
    let at = times::local(jiff::Timestamp::now());
    let with_time = |person: &Person| {
        let mut cells = row(person);
        cells.insert(0, Cell::toned(&at, Tone::Quiet));
        cells
    };
    let rows: Vec<Vec<Cell>> = people.iter().map(with_time).collect();
    output.table(&mut text, &rows);
    output.write(&text)
}

fn json(revision: u64, people: &[Person], output: &Output) -> io::Result<()> {
    let line = serde_json::to_string(&People { revision, people }).map_err(io::Error::other)?;
    output.line(&line)
}

/// The same choice that the agent makes for lists.
fn is_wanted(person: &Person, wanted: &Presence) -> bool {
    let fits = |text: &str| {
        let Some(filter) = wanted.filter.as_deref() else { return true };
        text.to_lowercase().contains(&filter.to_lowercase())
    };
    (wanted.all || person.kind == PersonKind::Person) && (fits(&person.number) || person.name.as_deref().is_some_and(fits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phone_core::{AccountName, Presence as State};

    #[test]
    fn only_who_is_asked_for_is_shown() {
        let person = Person {
            id: "office/207".into(),
            account: AccountName::parse("office").expect("a plain word"),
            kind: PersonKind::Person,
            number: "207".into(),
            name: Some("Ann Example".into()),
            presence: State::Available,
            dnd: false,
            note: None,
            since: None,
            last_known: None,
        };
        let wanted = |all: bool, filter: Option<&str>| Presence { watch: true, all, filter: filter.map(str::to_owned) };
        assert!(is_wanted(&person, &wanted(false, None)));
        assert!(is_wanted(&person, &wanted(false, Some("ann"))));
        assert!(is_wanted(&person, &wanted(false, Some("20"))));
        assert!(!is_wanted(&person, &wanted(false, Some("mara"))));
        let queue = Person { kind: PersonKind::Queue, ..person };
        assert!(!is_wanted(&queue, &wanted(false, None)));
        assert!(is_wanted(&queue, &wanted(true, None)));
    }
}
