//! Ended calls: listed, as a table for other programs, removed, and with notes.

use std::path::Path;

use clap::{Args, Subcommand};
use phone_control::protocol::{DeleteCallsParams, HistoryParams, NoteCallParams};
use phone_core::call::Outcome;
use phone_core::view::CallRecord;
use phone_core::{AccountName, CallId};
use serde::Serialize;

use crate::arguments::call_id;
use crate::asking::{connect, done, read};
use crate::calls::{arrow, party};
use crate::failure::Failure;
use crate::output::{Cell, Output, Tone, word};
use crate::times;

/// How many calls are listed when nothing else is said.
const LISTED: usize = 50;
/// Most calls of one page of the agent.
const PAGE: usize = 500;

/// Arguments of `history`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct History {
    /// Only missed ones.
    #[arg(long)]
    pub missed: bool,
    /// At most so many (default: 50; all with --csv).
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only whose name, number or note contains this.
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Only those of this account.
    #[arg(long, value_name = "NAME", value_parser = AccountName::parse)]
    pub account: Option<AccountName>,
    /// Prints a table for other programs: comma-separated, with headings.
    #[arg(long)]
    pub csv: bool,
    /// What else can be done.
    #[command(subcommand)]
    pub change: Option<Change>,
}

/// What can be done to ended calls.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// Removes calls from the history.
    Delete {
        /// The calls, by their ids.
        #[arg(value_name = "ID", value_parser = call_id, required_unless_present = "all", conflicts_with = "all")]
        calls: Vec<CallId>,
        /// All of them.
        #[arg(long)]
        all: bool,
    },
    /// Writes a note on a call; an empty one removes it.
    Note {
        /// The call, by its id.
        #[arg(value_name = "ID", value_parser = call_id)]
        call: CallId,
        /// The note.
        #[arg(value_name = "TEXT")]
        note: String,
    },
}

#[derive(Serialize)]
struct Records<'a> {
    calls: &'a [CallRecord],
}

#[derive(Serialize)]
struct Done {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<usize>,
}

/// Shows ended calls, or changes them.
///
/// # Errors
/// What the agent says.
pub async fn run(wanted: History, socket: &Path, output: &Output) -> Result<(), Failure> {
    let History { missed, limit, filter, account, csv, change } = wanted;
    let params = HistoryParams { missed, filter, account, ..HistoryParams::default() };
    match change {
        Some(Change::Delete { calls, all }) => delete(DeleteCallsParams { calls, all }, socket, output).await,
        Some(Change::Note { call, note }) => self::note(NoteCallParams { call, note: Some(note) }, socket, output).await,
        None if csv => table(params, limit, socket, output).await,
        None => list(params, limit.unwrap_or(LISTED), socket, output).await,
    }
}

async fn list(mut params: HistoryParams, limit: usize, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    let mut calls: Vec<CallRecord> = vec![];
    while calls.len() < limit {
        params.limit = (limit - calls.len()).min(PAGE);
        let page = read(client.history(&params)).await?;
        calls.extend(page.calls);
        params.before = page.next;
        if params.before.is_none() {
            break;
        }
    }
    output.show(&Records { calls: &calls }, |to| {
        let rows: Vec<Vec<Cell>> = calls.iter().map(record).collect();
        output.table(to, &rows);
    })
}

/// Prints the table part by part, so that a long history needs no memory.
async fn table(mut params: HistoryParams, limit: Option<usize>, socket: &Path, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return Err(Failure::usage("a table is no JSON: leave out --csv or --json"));
    }
    let client = connect(socket).await?;
    let mut left = limit.unwrap_or(usize::MAX);
    while left > 0 {
        params.limit = left.min(PAGE);
        left -= params.limit;
        let part = read(client.export_history(&params)).await?;
        if let Err(error) = output.write(part.text.as_bytes()) {
            return crate::output::unwritten(error);
        }
        params.before = part.next;
        if params.before.is_none() {
            break;
        }
    }
    Ok(())
}

async fn delete(params: DeleteCallsParams, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    let deleted = done(client.delete_calls(&params)).await?;
    if deleted == 0 && !params.all {
        return Err(phone_core::Reason::NoEndedCall.into());
    }
    output.confirm(&Done { ok: true, deleted: Some(deleted) }, |to| {
        let text = if deleted == 1 { "1 call removed.\n".to_owned() } else { format!("{deleted} calls removed.\n") };
        to.extend_from_slice(text.as_bytes());
    })
}

async fn note(params: NoteCallParams, socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = connect(socket).await?;
    done(client.note_call(&params)).await?;
    output.confirm(&Done { ok: true, deleted: None }, |to| to.extend_from_slice(b"Done.\n"))
}

fn record(call: &CallRecord) -> Vec<Cell> {
    let tone = match call.outcome {
        Outcome::Missed => Tone::Bad,
        Outcome::Answered => Tone::Plain,
        Outcome::AnsweredElsewhere | Outcome::Declined | Outcome::SentOn | Outcome::NotReached | Outcome::Unknown => Tone::Quiet,
    };
    let lasted = call.connected_at.zip(call.ended_at).map(|(from, to)| times::lasted(from, to));
    vec![
        Cell::of(times::local(call.started_at)),
        Cell::of(arrow(call.direction)),
        Cell::of(party(&call.remote)),
        Cell::toned(word(&call.outcome), tone),
        Cell::of(lasted.unwrap_or_default()),
        Cell::toned(&call.id.0, Tone::Quiet),
        Cell::toned(call.account.as_str(), Tone::Quiet),
        Cell::toned(call.note.as_deref().unwrap_or_default(), Tone::Quiet),
    ]
}
