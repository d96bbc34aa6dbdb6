//! JSON-RPC 2.0 envelopes.

use std::borrow::Cow;

use phone_core::{Reason, Trouble};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::protocol::LINE_LIMIT;

/// JSON-RPC's number for what is not JSON.
pub(crate) const PARSE_ERROR: i32 = -32700;
/// JSON-RPC's number for JSON that is no request.
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC's number for a method nobody knows.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC's number for parameters that do not fit.
pub(crate) const INVALID_PARAMS: i32 = -32602;
/// Ours, for everything whose meaning is in the data: the first number JSON-RPC leaves to servers.
pub(crate) const TROUBLE: i32 = -32000;

/// Most entries of one batch.
const MOST_ENTRIES: usize = 64;

/// A request or notification as it stands in a line.
#[derive(Deserialize)]
pub(crate) struct Incoming<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    /// Absent: a notification. A null is an id like any other.
    #[serde(borrow, default, deserialize_with = "also_null")]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) params: Option<&'a RawValue>,
    /// See [`crate::protocol`]: the moment after which the client does not mean it any more.
    #[serde(default)]
    pub(crate) not_after_ms: Option<u64>,
}

fn also_null<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// Why a request gets an error.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: i32,
    pub(crate) trouble: Box<Trouble>,
}

impl Refusal {
    /// A fault of the request itself; the detail must hold nothing of a secret.
    pub(crate) fn of(code: i32, detail: impl Into<String>) -> Self {
        Self { code, trouble: Box::new(Reason::WrongUsage(detail.into()).into()) }
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self { code: TROUBLE, trouble: Box::new(trouble) }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Trouble::from(reason).into()
    }
}

impl<'a> Incoming<'a> {
    /// Reads one request.
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, Refusal> {
        let incoming: Self = serde_json::from_slice(text).map_err(|error| fault(&error))?;
        if incoming.jsonrpc != "2.0" {
            return Err(Refusal::of(INVALID_REQUEST, "jsonrpc must be 2.0"));
        }
        match incoming.id.map(|id| id.get().as_bytes().first().copied()) {
            Some(Some(b'[' | b'{' | b't' | b'f')) => Err(Refusal::of(INVALID_REQUEST, "an id is a text or a number")),
            _ => Ok(incoming),
        }
    }
}

/// Reads the entries of a batch.
pub(crate) fn batch(text: &[u8]) -> Result<Vec<&RawValue>, Refusal> {
    let entries: Vec<&RawValue> = serde_json::from_slice(text).map_err(|error| fault(&error))?;
    match entries.len() {
        0 => Err(Refusal::of(INVALID_REQUEST, "an empty batch")),
        1..=MOST_ENTRIES => Ok(entries),
        _ => Err(Refusal::of(INVALID_REQUEST, format!("a batch has at most {MOST_ENTRIES} entries"))),
    }
}

fn fault(error: &serde_json::Error) -> Refusal {
    // The error's own text may quote the line, and a line may hold a password.
    if error.is_data() {
        Refusal::of(INVALID_REQUEST, "this is not a JSON-RPC request")
    } else {
        Refusal::of(PARSE_ERROR, format!("this is not JSON: line {}, column {}", error.line(), error.column()))
    }
}

#[derive(Serialize)]
struct Envelope<'a, R> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault<'a>>,
}

#[derive(Serialize)]
struct Fault<'a> {
    code: i32,
    message: &'a str,
    data: &'a Trouble,
}

/// Writes an answer, without a line end.
pub(crate) fn answer(id: Option<&RawValue>, result: Result<Box<RawValue>, Refusal>) -> Vec<u8> {
    let line = match &result {
        Ok(result) => write(&Envelope { jsonrpc: "2.0", id, result: Some(result), error: None }),
        Err(refusal) => {
            let Refusal { code, trouble } = refusal;
            let error = Some(Fault { code: *code, message: &trouble.text, data: trouble });
            write(&Envelope::<()> { jsonrpc: "2.0", id, result: None, error })
        }
    };
    if line.len() <= LINE_LIMIT {
        return line;
    }
    too_long(id)
}

/// The answer in place of one that does not fit into a line.
pub(crate) fn too_long(id: Option<&RawValue>) -> Vec<u8> {
    let detail = Some("the answer is longer than a line may be".to_owned());
    answer(id.filter(|id| id.get().len() < 1000), Err(Refusal::from(Trouble { detail, ..Reason::NotAvailable.into() })))
}

#[derive(Serialize)]
struct Notification<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: P,
}

/// Appends a notification with its line end; one that is too long is left out.
pub(crate) fn notify(to: &mut Vec<u8>, method: &str, params: &impl Serialize) {
    let begin = to.len();
    let written = serde_json::to_writer(&mut *to, &Notification { jsonrpc: "2.0", method, params });
    if written.is_err() || to.len() - begin > LINE_LIMIT {
        tracing::warn!(method, "a notification does not fit into a line");
        to.truncate(begin);
        return;
    }
    to.push(b'\n');
}

/// Writes what cannot fail to be written: our own types have text keys and no maps with others.
fn write(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Turns a result into JSON text.
pub(crate) fn result(value: &impl Serialize) -> Result<Box<RawValue>, Refusal> {
    serde_json::value::to_raw_value(value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Refusal::from(Reason::NotAvailable)
    })
}
