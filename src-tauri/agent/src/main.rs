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
use desktop::links::Clicked;

fn main() -> ExitCode {
    phone_engine::dumps::none();
    // The click was a moment ago; whatever this program waits for from here on counts.
    let clicked = Clicked::now();
    let done = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Wish::Help) => say(arguments::HELP),
        Ok(Wish::Version) => say(concat!("trayphone ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Wish::Register(schemes)) => register::register(&schemes),
        Ok(Wish::Unregister(schemes)) => register::unregister(&schemes),
        Ok(wish @ (Wish::Tray | Wish::Link(_) | Wish::DialSelection | Wish::Window(_))) => run::run(wish, clicked),
        Err(misread) => {
            eprintln!("trayphone: {}\n\n{}", misread.text, arguments::HELP);
            if misread.is_link {
                handover::no_link(&misread.text);
            }
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
