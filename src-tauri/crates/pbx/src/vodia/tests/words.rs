//! Puts effects into words. A secret is never among them, only the fact that there is one.

use phone_core::call::{CallSeen, Holder, SeenState};
use phone_core::people::PersonSeen;
use phone_core::told::{PastCall, Told};
use phone_core::{Direction, Party};

use crate::dialect::{Effect, Header, HttpRequest};

/// One effect in words.
pub fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Open { url, headers, .. } => format!("open {url} {}", credentials(headers)),
        Effect::Connect { url, .. } => format!("connect {url}"),
        Effect::Send(_, text) => format!("send {text}"),
        Effect::SendHidden(..) => "send <hidden>".to_owned(),
        Effect::Ping(_) => "ping".to_owned(),
        Effect::Http(request) => http(request),
        Effect::Tell(told) => tell(told),
        Effect::SignedIn => "signed in".to_owned(),
        Effect::Synced => "synced".to_owned(),
        Effect::Alive => "alive".to_owned(),
        Effect::Failed(reason, None) => format!("failed {reason:?}"),
        Effect::Failed(reason, Some(after)) => format!("failed {reason:?} after {} s", after.as_secs()),
        Effect::Learn(_) => "learn".to_owned(),
        Effect::Skipped => "skipped".to_owned(),
    }
}

/// Method, path and query, what identifies us, and the body unless it may hold a credential.
fn http(request: &HttpRequest) -> String {
    let url = &request.url;
    let query = url.query().map(|q| format!("?{q}")).unwrap_or_default();
    let hidden = if request.hidden_query.is_some() { "?<hidden>" } else { "" };
    let body = match &request.body {
        None => String::new(),
        Some(_) if url.path().ends_with("/rest/system/session") => " <hidden>".to_owned(),
        Some(body) => format!(" {}", body.expose()),
    };
    let host = if url.host_str() == Some("pbx.example") { String::new() } else { url.host_str().unwrap_or("").to_owned() };
    format!("{} {host}{}{query}{hidden} {}{body}", request.method, url.path(), credentials(&request.headers))
}

fn credentials(headers: &[(&'static str, Header)]) -> String {
    let kinds: Vec<&str> = headers
        .iter()
        .filter_map(|(name, value)| match (*name, value) {
            ("Cookie", Header::Hidden(_)) => Some("session"),
            ("Authorization", Header::Hidden(_)) => Some("basic"),
            (_, Header::Hidden(_)) => Some("hidden"),
            (_, Header::Plain(_)) => None,
        })
        .collect();
    format!("[{}]", kinds.join("+"))
}

/// What the model is told.
pub fn tell(told: &Told) -> String {
    match told {
        Told::Identity { user, domain, display_name, server, dialect } => {
            let parts = [("user", user), ("domain", domain), ("name", display_name), ("server", server), ("dialect", dialect)];
            let parts: Vec<String> = parts.iter().filter_map(|(k, v)| v.as_ref().map(|v| format!("{k}={v}"))).collect();
            format!("identity {}", parts.join(" "))
        }
        Told::Abilities(abilities) => {
            let list: Vec<String> = abilities.iter().map(|a| format!("{a:?}")).collect();
            format!("abilities {}", list.join(","))
        }
        Told::Calls { calls, verdict_follows } => {
            let mut parts: Vec<String> = calls.iter().map(call).collect();
            parts.extend(verdict_follows.iter().map(|key| format!("asks {key}")));
            format!("calls {}", parts.join(" | ")).trim_end().to_owned()
        }
        Told::Verdict { key, outcome } => match outcome {
            Some(outcome) => format!("verdict {key} {outcome:?}"),
            None => format!("verdict {key} not told"),
        },
        Told::People(people) => {
            format!("people {}", people.iter().map(person).collect::<Vec<_>>().join(" | ")).trim_end().to_owned()
        }
        Told::Person(one) => format!("person {}", person(one)),
        Told::Own { presence, dnd } => {
            let dnd = match dnd {
                Some(true) => "on",
                Some(false) => "off",
                None => "?",
            };
            format!("own {presence:?} dnd={dnd}")
        }
        Told::Forwarding(known) => format!("forwarding {known:?}"),
        Told::History(past) => {
            format!("history {}", past.iter().map(past_call).collect::<Vec<_>>().join(" | ")).trim_end().to_owned()
        }
        Told::Contacts(contacts) => {
            let list: Vec<String> = contacts.iter().map(|c| format!("{:?} {}", c.name, c.numbers.join(","))).collect();
            format!("contacts {}", list.join(" | ")).trim_end().to_owned()
        }
        Told::Parked { request, key, place } => format!("parked {request} {key:?} {place:?}"),
        Told::ParkedCalls(parked) => format!("parked calls {parked:?}"),
        Told::Confirmed(request) => format!("confirmed {request}"),
        Told::Refused(request, reason) => format!("refused {request} {reason:?}"),
        Told::Unclear(request) => format!("unclear {request}"),
    }
}

fn party(party: &Party) -> String {
    let number = party.number.clone().unwrap_or_else(|| "-".to_owned());
    party.name.as_ref().map(|name| format!("{number} {name:?}")).unwrap_or(number)
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "from",
        Direction::Outgoing => "to",
    }
}

/// One call: `5121 Ringing from +4930555001 "Mara Beispiel" via 700 for 7 began 1767225600.25`.
pub fn call(call: &CallSeen) -> String {
    let state = if call.state == SeenState::Held(Holder::NotTold) { "Held".to_owned() } else { format!("{:?}", call.state) };
    let mut text = format!("{} {state} {} {}", call.key, way(call.direction), party(&call.remote));
    if let Some(via) = &call.via {
        text.push_str(&format!(" via {}", party(via)));
    }
    if let Some(request) = call.request {
        text.push_str(&format!(" for {request}"));
    }
    if let Some(at) = call.started_at {
        text.push_str(&format!(" began {}", seconds(at)));
    }
    if let Some(at) = call.connected_at {
        text.push_str(&format!(" answered {}", seconds(at)));
    }
    text
}

/// One person: `207 "Ann Example" Person Available dnd`.
pub fn person(person: &PersonSeen) -> String {
    let name = person.name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
    let dnd = if person.dnd { " dnd" } else { "" };
    format!("{}{name} {:?} {:?}{dnd}", person.number, person.kind, person.presence)
}

/// One ended call: `h1 Missed from +4930555001 "Mara Beispiel" began 1767225600`.
pub fn past_call(call: &PastCall) -> String {
    let mut text = format!("{} {:?} {} {}", call.key, call.outcome, way(call.direction), party(&call.remote));
    text.push_str(&format!(" began {}", seconds(call.started_at)));
    if let Some(at) = call.ended_at {
        text.push_str(&format!(" ended {}", seconds(at)));
    }
    text
}

fn seconds(at: jiff::Timestamp) -> String {
    let millis = at.as_millisecond();
    let (whole, rest) = (millis / 1000, millis % 1000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:03}").trim_end_matches('0').to_owned() }
}
