//! Answers of the REST resources, read leniently: their schemas are mostly undocumented.

use phone_core::call::Outcome;
use phone_core::people::PersonSeen;
use phone_core::told::{Contact, PastCall};
use phone_core::{Direction, Presence};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::calls::{OwnNumbers, party};
use super::frame::{Loose, RawCall, list};
use super::people::kind;

/// What a body of a sign-in or command answer says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// `false`, `""` or `null`.
    No,
    /// `true`, or nothing at all.
    Yes,
    /// A text, such as a session id.
    Text(String),
    /// A web page.
    Page,
    /// Other JSON.
    Other,
}

/// Reads a short answer; an object's `session`, `value` or `token` counts as its text.
pub fn said(body: &str) -> Said {
    let body = body.trim();
    if body.is_empty() || body == "true" {
        return Said::Yes;
    }
    if matches!(body, "false" | "null" | "\"\"") {
        return Said::No;
    }
    if body.starts_with('<') {
        return Said::Page;
    }
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(serde_json::Value::String(text)) if text.is_empty() || text == "false" => Said::No,
        Ok(serde_json::Value::String(text)) => Said::Text(text),
        Ok(serde_json::Value::Object(map)) => ["session", "value", "token"]
            .iter()
            .find_map(|key| map.get(*key).and_then(|v| v.as_str()).filter(|t| !t.is_empty()))
            .map_or(Said::Other, |text| Said::Text(text.to_owned())),
        Ok(_) => Said::Other,
        // A bare id without quotes.
        Err(_) if body.len() <= 128 && body.bytes().all(|b| b.is_ascii_graphic()) => Said::Text(body.to_owned()),
        Err(_) => Said::Other,
    }
}

/// Who a session belongs to, where the server tells.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Whoami<'a> {
    /// User of the session.
    #[serde(borrow)]
    pub cuser: Loose<'a>,
    /// Tenant of the session.
    #[serde(borrow)]
    pub cdomain: Loose<'a>,
}

/// What a company's token page answers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TokenPage<'a> {
    /// The single-use token.
    #[serde(borrow)]
    pub session: Loose<'a>,
    /// Extension.
    #[serde(borrow)]
    pub user: Loose<'a>,
    /// Tenant.
    #[serde(borrow)]
    pub domain: Loose<'a>,
}

/// One entry of a list of ended calls.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPast<'a> {
    #[serde(borrow)]
    id: Loose<'a>,
    #[serde(borrow)]
    from: Loose<'a>,
    #[serde(borrow)]
    to: Loose<'a>,
    #[serde(borrow, rename = "from-number")]
    from_number: Loose<'a>,
    #[serde(borrow, rename = "to-number")]
    to_number: Loose<'a>,
    #[serde(borrow, rename = "from-name")]
    from_name: Loose<'a>,
    #[serde(borrow, rename = "to-name")]
    to_name: Loose<'a>,
    #[serde(borrow)]
    start: Loose<'a>,
    #[serde(borrow)]
    connect: Loose<'a>,
    #[serde(borrow)]
    end: Loose<'a>,
    #[serde(borrow)]
    inbound: Loose<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    calls: Option<&'a RawValue>,
    #[serde(borrow)]
    accounts: Option<&'a RawValue>,
}

/// Reads an array, or the array inside an object's `data`, `calls` or `accounts`; none when it is neither.
fn entries<'a, T: Deserialize<'a>>(body: &'a str) -> Option<Vec<T>> {
    let raw: &'a RawValue = serde_json::from_str(body).ok()?;
    if raw.get().starts_with('[') {
        return Some(list(Some(raw)).0);
    }
    let wrapped: Wrapped<'a> = serde_json::from_str(body).ok()?;
    let inner = wrapped.data.or(wrapped.calls).or(wrapped.accounts)?;
    Some(list(Some(inner)).0)
}

/// Reads the live legs of `/calls`.
pub fn legs(body: &str) -> Option<Vec<RawCall<'_>>> {
    entries(body)
}

/// Reads a list of ended calls, newest first; a missed call is inbound and has no `connect`.
pub fn history(body: &str, own: &OwnNumbers) -> Option<Vec<PastCall>> {
    let entries: Vec<RawPast<'_>> = entries(body)?;
    let mut past: Vec<PastCall> = entries.iter().filter_map(|entry| past_call(entry, own)).collect();
    past.sort_by_key(|call| std::cmp::Reverse(call.started_at));
    Some(past)
}

fn past_call(entry: &RawPast<'_>, own: &OwnNumbers) -> Option<PastCall> {
    let started_at = entry.start.time()?;
    let from = party(&entry.from, &entry.from_number, &entry.from_name);
    let to = party(&entry.to, &entry.to_number, &entry.to_name);
    let from_own = from.number.as_deref().is_some_and(|n| own.has(n));
    let inbound = entry.inbound.switch().unwrap_or(!from_own);
    let connected_at = entry.connect.time();
    let outcome = match (inbound, connected_at.is_some()) {
        (_, true) => Outcome::Answered,
        (true, false) => Outcome::Missed,
        (false, false) => Outcome::NotReached,
    };
    Some(PastCall {
        key: entry.id.text().unwrap_or_else(|| started_at.as_millisecond().to_string()),
        direction: if inbound { Direction::Incoming } else { Direction::Outgoing },
        outcome,
        remote: if inbound { from } else { to },
        started_at,
        connected_at,
        ended_at: entry.end.time(),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawEntry<'a> {
    #[serde(borrow)]
    account: Loose<'a>,
    #[serde(borrow)]
    extension: Loose<'a>,
    #[serde(borrow)]
    number: Loose<'a>,
    #[serde(borrow)]
    id: Loose<'a>,
    #[serde(borrow)]
    name: Loose<'a>,
    #[serde(borrow)]
    display: Loose<'a>,
    #[serde(borrow)]
    display_name: Loose<'a>,
    #[serde(borrow)]
    first: Loose<'a>,
    #[serde(borrow, alias = "first_name")]
    first_name: Loose<'a>,
    #[serde(borrow)]
    last: Loose<'a>,
    #[serde(borrow)]
    last_name: Loose<'a>,
    #[serde(borrow)]
    company: Loose<'a>,
    #[serde(borrow, rename = "type")]
    kind: Loose<'a>,
    #[serde(borrow)]
    mobile: Loose<'a>,
    #[serde(borrow)]
    fax: Loose<'a>,
}

impl RawEntry<'_> {
    fn person_name(&self) -> Option<String> {
        let first = self.first.text().or_else(|| self.first_name.text());
        let last = self.last.text().or_else(|| self.last_name.text());
        let joined = match (first, last) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (first, last) => first.or(last),
        };
        self.display.text().or_else(|| self.display_name.text()).or(joined)
    }
}

/// Reads the directory: numbers with name and type, presence still unknown.
pub fn directory(body: &str) -> Option<Vec<PersonSeen>> {
    let entries: Vec<RawEntry<'_>> = entries(body)?;
    let is_number = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
    let people = entries.iter().filter_map(|entry| {
        let named = [&entry.account, &entry.extension, &entry.number, &entry.id].iter().find_map(|field| field.text());
        // Some lists put the number into `name`.
        let number = named.or_else(|| entry.name.text().filter(is_number))?;
        let number = number.split('@').next().unwrap_or_default().to_owned();
        let name = entry.person_name().or_else(|| entry.name.text()).filter(|name| *name != number);
        let kind = entry.kind.text().map_or(phone_core::PersonKind::Person, |t| kind(&t));
        Some(PersonSeen { number, name, kind, presence: Presence::Unknown, dnd: false, note: None })
    });
    Some(people.collect())
}

/// Reads an address book.
pub fn contacts(body: &str) -> Option<Vec<Contact>> {
    let entries: Vec<RawEntry<'_>> = entries(body)?;
    let contacts = entries.iter().filter_map(|entry| {
        let name = entry.name.text().or_else(|| entry.person_name()).or_else(|| entry.company.text())?;
        let numbers: Vec<String> = [&entry.number, &entry.mobile, &entry.fax].iter().filter_map(|n| n.text()).collect();
        (!numbers.is_empty()).then_some(Contact { name, numbers })
    });
    Some(contacts.collect())
}

/// Reads do-not-disturb out of `{"state":..}` or out of a settings answer.
pub fn dnd(body: &str) -> Option<bool> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct State<'a> {
        #[serde(borrow)]
        state: Loose<'a>,
        #[serde(borrow)]
        dnd: Loose<'a>,
        #[serde(borrow)]
        settings: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Setting<'a> {
        #[serde(borrow)]
        dnd: Value<'a>,
    }
    #[derive(Deserialize)]
    struct Value<'a> {
        #[serde(borrow)]
        value: Loose<'a>,
    }
    if let Ok(plain) = serde_json::from_str::<Loose<'_>>(body)
        && let Some(on) = plain.switch()
    {
        return Some(on);
    }
    let state: State<'_> = serde_json::from_str(body).ok()?;
    state.state.switch().or_else(|| state.dnd.switch()).or_else(|| {
        let setting: Setting<'_> = serde_json::from_str(state.settings?.get()).ok()?;
        Some(setting.dnd.value.switch().unwrap_or(false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_false_on_status_200_is_a_refusal() {
        for body in ["false", "\"\"", "null", "\"false\"", " false\n"] {
            assert_eq!(said(body), Said::No, "{body}");
        }
        assert_eq!(said("true"), Said::Yes);
        assert_eq!(said("\"abc123\""), Said::Text("abc123".into()));
        assert_eq!(said("abc123"), Said::Text("abc123".into()));
        assert_eq!(said(r#"{"session":"abc"}"#), Said::Text("abc".into()));
        assert_eq!(said("<!DOCTYPE html>"), Said::Page);
    }

    #[test]
    fn missed_is_inbound_without_connect() {
        let body = r#"{"total":2,"missed":"1","categories":"[]","data":[
            {"id":"h1","from":"<sip:+4930555001@t>","from-name":"Mara Beispiel","to":"<sip:204@t>","start":1767225600.5,"connect":0,"end":"1767225620","inbound":true},
            {"id":2,"from-number":"204","to-number":"030555002","start":"1767225700","connect":"1767225705.25","end":1767225710,"inbound":"false"}]}"#;
        let past = history(body, &OwnNumbers(vec!["204".into()])).expect("a list");
        assert_eq!(past.len(), 2);
        assert_eq!((past[0].direction, past[0].outcome), (Direction::Outgoing, Outcome::Answered));
        assert_eq!((past[1].direction, past[1].outcome), (Direction::Incoming, Outcome::Missed));
        assert_eq!(past[1].remote.name.as_deref(), Some("Mara Beispiel"));
    }

    #[test]
    fn directories_are_read_however_they_name_their_fields() {
        for body in [
            r#"[{"account":"207","name":"Ann Example","type":"extensions"}]"#,
            r#"{"accounts":[{"name":"207","first":"Ann","last":"Example"}]}"#,
            r#"{"data":[{"extension":207,"display_name":"Ann Example"}]}"#,
        ] {
            let people = directory(body).expect("a list");
            assert_eq!((people[0].number.as_str(), people[0].name.as_deref()), ("207", Some("Ann Example")), "{body}");
        }
    }

    #[test]
    fn dnd_is_read_from_every_shape() {
        assert_eq!(dnd(r#"{"state":true,"reason":"Lunch"}"#), Some(true));
        assert_eq!(dnd(r#"{"state":"false"}"#), Some(false));
        assert_eq!(dnd(r#"{"settings":{"dnd":{"name":"dnd","value":"true"}}}"#), Some(true));
        assert_eq!(dnd("<html>"), None);
    }
}
