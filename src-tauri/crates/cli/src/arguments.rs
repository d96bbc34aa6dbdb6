//! Every command with its arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use phone_core::call::tones;
use phone_core::request::OwnPresence;
use phone_core::{AccountName, CallId, ForwardWhen, Source};

use crate::history::History;

/// Asks and drives the Trayphone agent of this user.
#[derive(Debug, Parser)]
#[command(name = "trayphonectl", version, arg_required_else_help = false)]
#[command(after_help = "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no agent running, 4 sent but outcome unknown,\n\
                        5 not signed in or offline, 6 the dial policy wants a yes, 7 the dial policy refuses.")]
pub struct Arguments {
    /// The agent's socket (default: $TRAYPHONE_SOCKET, else trayphone/control.sock in the runtime folder).
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Prints one JSON document (watching commands: one a line).
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the engine in the foreground, without any desktop.
    Agent(Agent),
    /// Adds, lists, tests and removes accounts.
    #[command(subcommand)]
    Account(Account),
    /// Shows for each account where its link stands.
    Status,
    /// Shows the current calls.
    Calls,
    /// Dials what a person would mean by TEXT.
    Dial(Dial),
    /// Answers a ringing call.
    Answer(OneCall),
    /// Hangs up or declines a call.
    Hangup(OneCall),
    /// Puts a call on hold.
    Hold(OneCall),
    /// Takes a call back from hold.
    Resume(OneCall),
    /// Sends keypad tones.
    Dtmf(Dtmf),
    /// Hands a call on, to a number or to another call.
    Transfer(Transfer),
    /// Puts a call where anybody can fetch it, and says where that is.
    Park(Park),
    /// Fetches a call that you parked: your phone rings, then the call is on it.
    FetchParked(Parked),
    /// Shows a parked call no more; it waits on where it is.
    DismissParked(Parked),
    /// Takes the call that rings at a colleague.
    PickUp(PickUp),
    /// Shows colleagues.
    Presence(Presence),
    /// Chooses the own state.
    SetPresence(SetPresence),
    /// Sends your calls on to another number, or ends that; status shows where they go.
    Forward(Forward),
    /// Shows ended calls, removes them, writes notes on them.
    History(History),
    /// Shows what would be dialled, without dialling and without an agent.
    Numbers(Numbers),
    /// Prints every event as a JSON line, until interrupted.
    Watch,
    /// Checks what Trayphone needs.
    Doctor,
}

/// Arguments of `agent`.
#[derive(Debug, Args)]
pub struct Agent {
    /// Folder of the settings.
    #[arg(long, value_name = "D")]
    pub config_dir: Option<PathBuf>,
    /// Folder of the history.
    #[arg(long, value_name = "D")]
    pub state_dir: Option<PathBuf>,
    /// Where passwords are kept; `memory` forgets them at the end.
    #[arg(long, value_enum, default_value = "keyring")]
    pub vault: VaultKind,
}

/// Where passwords are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VaultKind {
    /// The keyring of the session.
    Keyring,
    /// Memory.
    Memory,
}

/// Commands about accounts.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Adds an account and signs in.
    Add(Add),
    /// Lists the accounts.
    List,
    /// Says whether an account works: one that is online does; any other signs in now and says how it went.
    Test {
        /// The account.
        #[arg(value_parser = account_name)]
        name: AccountName,
    },
    /// Replaces the password and signs in.
    Password {
        /// The account.
        #[arg(value_parser = account_name)]
        name: AccountName,
        /// Reads the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Forgets an account and its password.
    Remove {
        /// The account.
        #[arg(value_parser = account_name)]
        name: AccountName,
    },
}

/// Arguments of `account add`.
#[derive(Debug, Args)]
pub struct Add {
    /// Your name for it.
    #[arg(value_parser = account_name)]
    pub name: AccountName,
    /// Kind of PBX.
    #[arg(long)]
    pub kind: String,
    /// Address of the PBX.
    #[arg(long)]
    pub url: String,
    /// Tenant, unless the user is written user@tenant.
    #[arg(long, value_name = "D")]
    pub domain: Option<String>,
    /// User or extension that signs in.
    #[arg(long, value_name = "U")]
    pub user: Option<String>,
    /// A further key; may be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub set: Vec<(String, String)>,
    /// Reads the password from standard input.
    #[arg(long)]
    pub password_stdin: bool,
    /// SHA-256 of the one certificate that is accepted, hex, colons allowed.
    #[arg(long, value_name = "SHA256")]
    pub pin: Option<String>,
}

/// Arguments of `dial`.
#[derive(Debug, Args)]
pub struct Dial {
    /// A number as a person writes it.
    pub text: String,
    /// By which account; needed when several could.
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<AccountName>,
    /// Answers the question that the dial policy would ask.
    #[arg(long)]
    pub yes: bool,
}

/// Arguments of commands about one call.
#[derive(Debug, Args)]
pub struct OneCall {
    /// The call; may be left out when only one fits.
    #[arg(value_parser = call_id)]
    pub call: Option<CallId>,
}

/// Arguments of `dtmf`.
#[derive(Debug, Args)]
pub struct Dtmf {
    /// The call.
    #[arg(value_parser = call_id)]
    pub call: CallId,
    /// 1 to 32 of 0-9, *, # and A-D.
    #[arg(value_parser = tones)]
    pub digits: String,
}

/// Arguments of `transfer`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("goal").required(true).args(["target", "to_call"]))]
pub struct Transfer {
    /// The call.
    #[arg(value_parser = call_id)]
    pub call: CallId,
    /// The number it is handed on to, without asking first.
    pub target: Option<String>,
    /// The call it is joined with.
    #[arg(long, value_name = "CALL2", value_parser = call_id)]
    pub to_call: Option<CallId>,
    /// Asks the number first: its call comes as a second one, to be joined with --to-call or hung up.
    #[arg(long, requires = "target")]
    pub ask: bool,
}

/// Arguments of `park`.
#[derive(Debug, Args)]
pub struct Park {
    /// The call.
    #[arg(value_parser = call_id)]
    pub call: CallId,
}

/// Arguments of `fetch-parked` and `dismiss-parked`.
#[derive(Debug, Args)]
pub struct Parked {
    /// The parked call, as `park` and `calls` name it.
    #[arg(value_parser = call_id)]
    pub call: CallId,
}

/// Arguments of `pick-up`.
#[derive(Debug, Args)]
pub struct PickUp {
    /// The extension it rings at.
    pub from: String,
    /// By which account.
    #[arg(long, value_name = "A", value_parser = account_name)]
    pub account: Option<AccountName>,
}

/// Arguments of `presence`.
#[derive(Debug, Args)]
pub struct Presence {
    /// Goes on with every change, until interrupted.
    #[arg(long)]
    pub watch: bool,
    /// Queues, groups, park places and services too.
    #[arg(long)]
    pub all: bool,
    /// Only whose name or number contains this.
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
}

/// Arguments of `set-presence`.
#[derive(Debug, Args)]
pub struct SetPresence {
    /// The state.
    #[arg(value_enum)]
    pub presence: Own,
    /// Until when: RFC 3339, 17:30, or 2h.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// A note for colleagues.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Arguments of `forward`.
#[derive(Debug, Args)]
pub struct Forward {
    /// A number as a person writes it, or off.
    pub to: String,
    /// Which calls.
    #[arg(long, value_enum, default_value = "always")]
    pub when: When,
    /// By which account; needed when several could.
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<AccountName>,
    /// Answers the question that the dial policy would ask.
    #[arg(long)]
    pub yes: bool,
}

/// Which calls are sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// All of them; your phone does not ring.
    Always,
    /// Those that come while you are in a call.
    Busy,
    /// Those that you do not answer.
    NoAnswer,
}

impl From<When> for ForwardWhen {
    fn from(when: When) -> Self {
        match when {
            When::Always => Self::Always,
            When::Busy => Self::Busy,
            When::NoAnswer => Self::NoAnswer,
        }
    }
}

/// Own states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Own {
    /// Reachable.
    Available,
    /// Away.
    Away,
    /// Busy.
    Busy,
    /// Do not disturb.
    Dnd,
}

impl From<Own> for OwnPresence {
    fn from(own: Own) -> Self {
        match own {
            Own::Available => Self::Available,
            Own::Away => Self::Away,
            Own::Busy => Self::Busy,
            Own::Dnd => Self::Dnd,
        }
    }
}

/// Arguments of `numbers`.
#[derive(Debug, Args)]
pub struct Numbers {
    /// Region of numbers without a country code, such as DE.
    #[arg(long, value_name = "CC", value_parser = region)]
    pub region: Option<String>,
    /// A dial plan in TOML.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Where TEXT comes from (default: link when it begins with a scheme we handle, else text).
    #[arg(long, value_enum)]
    pub source: Option<Origin>,
    /// The text; standard input when it is left out.
    pub text: Option<OsString>,
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    /// Selected text.
    Text,
    /// A link from another program.
    Link,
    /// Typed by a person.
    Typed,
}

impl From<Origin> for Source {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Text => Self::Text,
            Origin::Link => Self::Link,
            Origin::Typed => Self::Typed,
        }
    }
}

fn account_name(text: &str) -> Result<AccountName, String> {
    AccountName::parse(text).map_err(|error| error.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "the shape that clap wants")]
/// Takes any text as the id of a call.
pub fn call_id(text: &str) -> Result<CallId, std::convert::Infallible> {
    Ok(CallId(text.to_owned()))
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is wanted")?;
    if key.is_empty() { Err("KEY=VALUE is wanted".to_owned()) } else { Ok((key.to_owned(), value.to_owned())) }
}

fn region(text: &str) -> Result<String, String> {
    let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if fits { Ok(text.to_ascii_uppercase()) } else { Err("a region has two letters, such as DE".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("trayphonectl").chain(line.split_whitespace()))
    }

    #[test]
    fn the_definition_holds_together() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn every_line_of_the_contract_is_understood() {
        for line in [
            "agent",
            "agent --config-dir /c --state-dir /s --vault memory --socket /x",
            "account add office --kind k --url https://pbx.example --domain d --user u --set plan.country=DE --set a=b=c --password-stdin --pin ab",
            "account list",
            "account test office",
            "account password office --password-stdin",
            "account remove office",
            "status --json",
            "--socket /x --json calls",
            "dial +4930123456 --account office --yes",
            "answer",
            "answer office/c1",
            "hangup",
            "hold office/c1",
            "resume",
            "dtmf office/c1 12*#ad,7",
            "transfer office/c1 207",
            "transfer office/c1 --to-call office/c2",
            "presence --watch --all --filter ann",
            "set-presence dnd --until 2h --note lunch",
            "forward 207",
            "forward +4930555001 --when no-answer --account office --yes",
            "forward off --when busy",
            "history --missed --limit 5 --filter mara --account office",
            "history --csv",
            "history delete office/c1 office/p2",
            "history delete --all",
            "history note office/c1 later",
            "numbers --region DE --plan f --source typed 207",
            "numbers",
            "watch",
            "doctor",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "",
            "sing",
            "dial",
            "dial 1 2",
            "account add a/b --kind k --url u",
            "account add office --url u",
            "account password office",
            "transfer office/c1",
            "transfer office/c1 207 --to-call office/c2",
            "dtmf office/c1 x",
            "dtmf office/c1 ",
            "set-presence sleeping",
            "forward",
            "forward 207 --when sometimes",
            "history --limit many",
            "history delete",
            "history delete --all office/c1",
            "history note office/c1",
            "history --missed delete --all",
            "numbers --region DEU 1",
            "agent --vault cellar",
            "account add office --kind k --url u --set nothing",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
