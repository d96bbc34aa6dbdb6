//! Trayphone's agent: the phone in the tray. Start reading at `agent.rs`.

mod agent;
mod arguments;
mod bus;
mod desktop;
mod doctor;
mod files;
mod folders;
mod handover;
mod logs;
mod phone;
mod register;
mod run;
mod upgrade;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::Wish;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let done = match arguments::parse(arguments) {
        Ok(Wish::Help) => say(arguments::HELP),
        Ok(Wish::Version) => say(concat!("trayphone ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Wish::Register) => register::register(),
        Ok(Wish::Unregister) => register::unregister(),
        Ok(wish @ (Wish::Tray | Wish::Link(_) | Wish::DialSelection | Wish::Window(_))) => run::run(wish),
        Err(problem) => {
            eprintln!("trayphone: {problem}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trayphone: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
