//! The figures themselves, one function each.

mod asterisk;
mod calls;
mod idle;
mod links;
mod numbers;
mod people;
mod start;
mod storm;

use anyhow::Result;

use super::pbx::Kind;
use super::table::Row;
use super::{Plan, stage};

/// The figures by name, in the order of the table.
pub const NAMES: [&str; 16] = [
    "size",
    "tray",
    "online",
    "calls",
    "links",
    "key",
    "numbers",
    "memory",
    "overview",
    "flood",
    "idle-200",
    "idle-10000",
    "asterisk-calls",
    "asterisk-dial",
    "asterisk-online",
    "asterisk-others",
];

/// What is signed in to, unless a figure is about something else.
fn usual(plan: &Plan) -> stage::Scene {
    stage::Scene { pbx: Kind::Vodia(plan.generation), colleagues: 200, tls: true, relay: false }
}

/// Measures the figure of one of [`NAMES`].
///
/// # Errors
/// What kept it from being measured.
pub async fn measure(name: &str, plan: &Plan) -> Result<Vec<Row>> {
    match name {
        "size" => start::size(plan),
        "tray" => start::tray(plan).await,
        "online" => start::online(plan).await,
        "calls" => calls::calls(plan).await,
        "links" => links::links(plan).await,
        "key" => numbers::key(plan).await,
        "numbers" => numbers::finding(plan),
        "memory" => numbers::memory(plan).await,
        "overview" => people::overview(plan).await,
        "flood" => match plan.storm {
            None => people::flood(plan).await,
            Some(seconds) => storm::storm(plan, seconds).await,
        },
        "idle-200" => idle::idle(plan, 200, 14.0).await,
        "idle-10000" => idle::idle(plan, 10_000, 30.0).await,
        "asterisk-calls" => asterisk::calls(plan).await,
        "asterisk-dial" => asterisk::dial(plan).await,
        "asterisk-online" => asterisk::online(plan).await,
        "asterisk-others" => asterisk::others(plan).await,
        other => anyhow::bail!("there is no figure {other}; there are {}", NAMES.join(", ")),
    }
}
