//! JSON as the three generations write it (sections 2.5, 4.1, 4.2), with all its unsteadiness.

use serde_json::{Map, Value, json};

use super::call::{Call, Party, Record};
use super::company::{Account, Kind};
use super::options::{Blf, FirstLeg, Generation, Numbers, Options, Spelling};
use super::records::CallId;
use super::state::{State, unix_seconds};

/// Writes a `call-state` frame for one extension, or for the whole tenant as that extension sees it.
pub(super) fn call_state(state: &State, user: &str, tenant: bool, turn: u64, options: &Options) -> String {
    let mut calls: Vec<Value> = state
        .calls
        .values()
        .filter(|call| tenant || call.is_shown_to(user))
        .map(|call| shown_call(call, user, turn, options))
        .collect();
    // Section 2.5: one text of the vendor draws a single call as an object.
    let as_object = varied(options) && options.generation == Generation::G2 && calls.len() == 1 && turn % 5 == 3;
    let calls = if as_object { calls.swap_remove(0) } else { Value::Array(calls) };
    json!({"action": "call-state", "calls": calls}).to_string()
}

/// Writes the overview of all accounts.
pub(super) fn domain_state(state: &State, turn: u64, options: &Options) -> String {
    let accounts: Vec<Value> =
        state.company.accounts.values().map(|account| Value::Object(overview(state, account, turn))).collect();
    let calls: Vec<Value> = state.calls.values().map(|call| shown_call(call, "", turn, options)).collect();
    json!({"action": "domain-state", "messages": 0, "calls": calls, "accounts": accounts}).to_string()
}

/// Writes the change of one account; nothing for an unknown one. Where only its calls have changed, the rest has `settled`.
pub(super) fn user_state(state: &State, number: &str, settled: bool, turn: u64, options: &Options) -> Option<String> {
    let account = state.company.accounts.get(number)?;
    let mut fields = overview(state, account, turn);
    fields.remove("name");
    fields.insert("action".to_owned(), json!("user-state"));
    fields.insert("domain".to_owned(), json!(state.company.tenant));
    if varied(options) && account.kind == Kind::Extension {
        // Absent means cleared for these (merge rule), so they may go only when there is nothing in them.
        if turn % 2 == 1 && fields.get("code").is_some_and(Value::is_null) {
            fields.remove("code");
        }
        if turn % 3 == 1 && !account.chat_online {
            fields.remove("chatstatus");
        }
        // Absent and null mean "as before" for these.
        if settled && turn % 4 == 1 {
            fields.remove("registered");
            fields.insert("dnd".to_owned(), Value::Null);
        } else if settled && turn % 4 == 2 {
            fields.insert("registered".to_owned(), Value::Null);
            fields.remove("dnd");
        }
        // Null means "as before" for this one, and no test may learn it from here alone.
        if turn % 7 == 2 {
            fields.insert("tag".to_owned(), Value::Null);
        }
    }
    Some(Value::Object(fields).to_string())
}

/// Writes a leg for `GET /rest/user/{acc}/calls`. Its field names are not public; these follow the socket's.
pub(super) fn rest_call(call: &Call, user: &str, turn: u64, options: &Options) -> Value {
    let mut fields = third(call, user, turn, options);
    fields.insert("id".to_owned(), json!(rest_id(call, options)));
    fields.insert("from".to_owned(), json!(address(&call.from, options, user)));
    fields.insert("to".to_owned(), json!(address(&call.to, options, user)));
    let seconds = call.connect.map_or(0.0, |since| unix_seconds() - since);
    fields.insert(
        "duration".to_owned(),
        if turn.is_multiple_of(2) { json!(seconds as u64) } else { json!(format!("{seconds:.1}")) },
    );
    Value::Object(fields)
}

/// Returns the id that REST knows a call by.
pub(super) fn rest_id(call: &Call, options: &Options) -> String {
    if options.same_ids { call.id.to_string() } else { call.rest_id.clone() }
}

/// Writes a history entry (section 4.2).
pub(super) fn history_entry(record: &Record, turn: u64, options: &Options) -> Value {
    let turn = if varied(options) { turn } else { 0 };
    // Section 4: times as number or text.
    let time = |at: f64| if turn % 3 == 1 { json!(format!("{at:.2}")) } else { json!(hundredths(at)) };
    let connect = match (record.connect, turn % 4) {
        (Some(at), _) => time(at),
        (None, 0) => json!(0),
        (None, 1) => json!(""),
        (None, 2) => json!("0"),
        (None, _) => Value::Null,
    };
    json!({
        "id": record.id.to_string(),
        "from": address(&record.from, options, &record.owner),
        "to": address(&record.to, options, &record.owner),
        "from-name": record.from.name,
        "to-name": record.to.name,
        "from-number": field_number(&record.from, options),
        "to-number": field_number(&record.to, options),
        "start": time(record.start),
        "connect": connect,
        "end": time(record.end),
        "inbound": record.inbound,
        "external": record.from.extension.is_none() || record.to.extension.is_none(),
        "queue": record.queue,
    })
}

/// Writes an entry of the first generation's CDR list and of the tenant's CDRs: times as text.
pub(super) fn cdr(record: &Record, options: &Options) -> Value {
    json!({
        "start": format!("{:.2}", record.start),
        "connect": record.connect.map_or(String::new(), |at| format!("{at:.2}")),
        "end": format!("{:.2}", record.end),
        "from": address(&record.from, options, &record.owner),
        "to": address(&record.to, options, &record.owner),
        "trunks": [],
    })
}

/// Writes one account of `GET /rest/user/{acc}/accounts`. The answer's shape is not public.
pub(super) fn directory_entry(account: &Account) -> Value {
    json!({"account": account.number, "name": account.name, "type": account.kind.word()})
}

/// Writes what comes unasked after a socket opens: names are known, contents are not (section 2.5).
pub(super) fn strays(generation: Generation) -> &'static [&'static str] {
    match generation {
        Generation::G1 => &[],
        Generation::G2 => &[r#"{"action":"user-change"}"#],
        Generation::G3 => {
            &[r#"{"action":"missed-calls","count":"0"}"#, r#"{"action":"messages"}"#, r#"{"ringtones":["default","bell"]}"#]
        }
    }
}

/// Tells whether a lamp subscription is answered.
pub(super) fn lamps_answer(options: &Options) -> bool {
    options.blf == Blf::UserState
}

fn varied(options: &Options) -> bool {
    options.spelling == Spelling::Varied
}

fn shown_call(call: &Call, user: &str, turn: u64, options: &Options) -> Value {
    match options.generation {
        Generation::G1 | Generation::G2 => first(call, user, turn, options),
        Generation::G3 => Value::Object(third(call, user, turn, options)),
    }
}

fn first(call: &Call, user: &str, turn: u64, options: &Options) -> Value {
    let (from, to) = shown_parties(call, options);
    let odd = varied(options) && turn % 2 == 1;
    let mut fields = Map::new();
    fields.insert("id".to_owned(), socket_id(call.id, odd));
    fields.insert("from".to_owned(), json!(address(&from, options, user)));
    fields.insert("to".to_owned(), json!(address(&to, options, user)));
    if options.generation == Generation::G2 {
        fields.insert("from-number".to_owned(), json!(field_number(&from, options)));
        fields.insert("to-number".to_owned(), json!(field_number(&to, options)));
    }
    fields.insert("callstate".to_owned(), json!(call.word(user, options.held_words, true)));
    let start = hundredths(call.start);
    fields.insert("start".to_owned(), if odd { json!(format!("{start:.2}")) } else { json!(start) });
    fields.insert("cmc".to_owned(), json!(""));
    fields.insert("rec".to_owned(), json!(""));
    Value::Object(fields)
}

fn third(call: &Call, user: &str, turn: u64, options: &Options) -> Map<String, Value> {
    let (from, to) = shown_parties(call, options);
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(call.id.to_string()));
    if options.numbers == Numbers::National {
        // Only here the full number survives (section 2.5, caller number form).
        fields.insert("from".to_owned(), json!(address(&from, options, user)));
        fields.insert("to".to_owned(), json!(address(&to, options, user)));
    }
    fields.insert("from-number".to_owned(), json!(field_number(&from, options)));
    fields.insert("to-number".to_owned(), json!(field_number(&to, options)));
    for (key, party) in [("from-name", &from), ("to-name", &to)] {
        if !party.name.is_empty() || !varied(options) {
            fields.insert(key.to_owned(), json!(party.name));
        }
    }
    fields.insert("state".to_owned(), json!(call.word(user, options.held_words, false)));
    let turn = if varied(options) { turn } else { 0 };
    match (call.connect, turn % 3) {
        (Some(at), 1) => drop(fields.insert("connect".to_owned(), json!(hundredths(at)))),
        (Some(at), _) => drop(fields.insert("connect".to_owned(), json!(format!("{at:.2}")))),
        (None, 0) => drop(fields.insert("connect".to_owned(), json!(""))),
        (None, 1) => drop(fields.insert("connect".to_owned(), json!(0))),
        (None, _) => {}
    }
    let marked = |extension: &String| match turn % 4 {
        1 => format!("{extension}*"),
        3 => format!("*{extension}"),
        _ => extension.clone(),
    };
    let extensions: Vec<String> = call.ringing.iter().chain(&call.taking_part).map(marked).collect();
    fields.insert("extension".to_owned(), json!(extensions));
    fields
}

fn overview(state: &State, account: &Account, turn: u64) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("account".to_owned(), json!(account.number));
    fields.insert("name".to_owned(), json!(account.name));
    fields.insert("type".to_owned(), json!(account.kind.word()));
    let own = |call: &&Call| match account.kind {
        Kind::Extension => call.concerns(&account.number),
        Kind::Queue | Kind::Hunt | Kind::Attendant | Kind::Conference => call.group.as_deref() == Some(account.number.as_str()),
    };
    let calls: Vec<&Call> = state.calls.values().filter(own).collect();
    if account.kind == Kind::Extension {
        let derived = calls.iter().map(|call| if call.taking_part.contains(&account.number) { 200 } else { 180 }).max();
        // The value range is not public; anything but null means busy.
        let code = derived.or(account.forced_code).map_or(Value::Null, |code| match turn % 2 {
            0 => json!(code),
            _ => json!(code.to_string()),
        });
        fields.insert("registered".to_owned(), json!(account.registered));
        fields.insert("dnd".to_owned(), json!(account.dnd));
        fields.insert("chatstatus".to_owned(), json!(if account.chat_online { "online" } else { "offline" }));
        fields.insert("code".to_owned(), code);
    }
    if !calls.is_empty() {
        let calls: Vec<Value> =
            calls.iter().map(|call| json!({"from": format!("<sip:{}@{}>", call.from.number, state.company.tenant)})).collect();
        fields.insert("calls".to_owned(), json!(calls));
    }
    fields
}

fn shown_parties(call: &Call, options: &Options) -> (Party, Party) {
    if call.stage == super::call::Stage::OwnPhone && options.first_leg == FirstLeg::OwnExtension {
        (call.from.clone(), call.from.clone())
    } else {
        (call.from.clone(), call.to.clone())
    }
}

fn socket_id(id: CallId, as_text: bool) -> Value {
    if as_text { json!(id.to_string()) } else { json!(id.0) }
}

/// Writes a SIP name-addr with the name quoted.
fn address(party: &Party, options: &Options, user: &str) -> String {
    let parameters = if party.extension.is_none() && party.number.starts_with('+') { ";user=phone" } else { "" };
    let uri = format!("<sip:{}@{}{parameters}>", party.number, options.company.tenant);
    let own = party.extension.as_deref() == Some(user);
    if party.name.is_empty() || own {
        uri
    } else {
        format!("\"{}\" {uri}", party.name.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Returns the number as the `…-number` fields write it.
pub(super) fn field_number(party: &Party, options: &Options) -> String {
    match (options.numbers, party.number.strip_prefix("+49"), party.number.strip_prefix('+')) {
        (Numbers::National, Some(rest), _) => format!("0{rest}"),
        (Numbers::National, None, Some(rest)) => format!("00{rest}"),
        _ => party.number.clone(),
    }
}

fn hundredths(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
