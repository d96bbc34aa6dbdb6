//! `trayphonectl`: the command line of Trayphone, and its agent without a desktop.
//!
//! Start reading at [`arguments`], which has every command; [`failure`] has the exit statuses.
#![forbid(unsafe_code)]

mod account;
mod agent;
mod arguments;
mod asking;
mod calls;
mod doctor;
mod failure;
mod history;
mod numbers;
mod output;
mod password;
mod people;
mod times;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use phone_core::Reason;
use serde::Serialize;

use arguments::{Arguments, Command};
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&error),
    };
    let output = Output::new(arguments.json);
    match run(arguments, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.status)
        }
    }
}

fn run(arguments: Arguments, output: &Output) -> Result<(), Failure> {
    let socket = || match arguments.socket {
        Some(socket) => Ok(socket),
        None => phone_control::default_path().map_err(|error| Failure::usage(error.to_string())),
    };
    match arguments.command {
        Command::Numbers(wanted) => numbers::run(&wanted, output),
        Command::Agent(wanted) => agent::run(&wanted, &socket()?, output),
        Command::Account(command) => attended(account::run(command, &socket()?, output)),
        Command::Status => attended(account::status(&socket()?, output)),
        Command::Calls => attended(calls::list(&socket()?, output)),
        Command::History(wanted) => attended(history::run(wanted, &socket()?, output)),
        Command::Presence(wanted) if wanted.watch => attended(watch::presence(wanted, &socket()?, output)),
        Command::Presence(wanted) => attended(people::list(wanted, &socket()?, output)),
        Command::SetPresence(wanted) => attended(people::set_own(wanted, &socket()?, output)),
        Command::Forward(wanted) => attended(people::forward(wanted, &socket()?, output)),
        Command::Watch => attended(watch::events(&socket()?, output)),
        Command::Doctor => attended(doctor::run(&socket()?, output)),
        Command::Dial(wanted) => attended(calls::dial(wanted, &socket()?, output)),
        Command::Answer(wanted) => attended(calls::act("answer", wanted, &socket()?, output)),
        Command::Hangup(wanted) => attended(calls::act("hang_up", wanted, &socket()?, output)),
        Command::Hold(wanted) => attended(calls::act("hold", wanted, &socket()?, output)),
        Command::Resume(wanted) => attended(calls::act("resume", wanted, &socket()?, output)),
        Command::Dtmf(wanted) => attended(calls::dtmf(wanted, &socket()?, output)),
        Command::Transfer(wanted) => attended(calls::transfer(wanted, &socket()?, output)),
        Command::Park(wanted) => attended(calls::park(wanted, &socket()?, output)),
        Command::FetchParked(wanted) => attended(calls::fetch_parked(wanted, &socket()?, output)),
        Command::DismissParked(wanted) => attended(calls::dismiss_parked(wanted, &socket()?, output)),
        Command::PickUp(wanted) => attended(calls::pick_up(wanted, &socket()?, output)),
    }
}

/// Runs one command on a runtime of one thread.
fn attended(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from(Reason::NotAvailable).because(error))?;
    let result = runtime.block_on(command);
    // Whatever a library still does in the background must not hold up the end.
    runtime.shutdown_background();
    result
}

/// Tells what is wrong with the command line, or shows the help that was asked for.
fn not_understood(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json");
    let output = Output::new(json);
    let failure = match (error.kind(), json) {
        (ErrorKind::DisplayHelp, true) => match output.show(&Help { help: error.render().to_string() }, |_| {}) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        (ErrorKind::DisplayVersion, true) => match output.show(&Version { version: env!("CARGO_PKG_VERSION") }, |_| {}) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, false) => match error.print().or_else(output::unwritten) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, true) => Failure::usage("a command is missing; see --help"),
        (_, true) => Failure::usage(first_paragraph(&error.render().to_string())),
        (_, false) => {
            error.print().ok();
            return ExitCode::from(2);
        }
    };
    output.failure(&failure);
    ExitCode::from(failure.status)
}

/// What is wrong, without the usage and the hints below it.
fn first_paragraph(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}

#[derive(Serialize)]
struct Help {
    help: String,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
}
