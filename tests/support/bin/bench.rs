//! Measures the figures that the project promises, with the release build of the agent alone, in a real desktop session.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

#[path = "../bench/mod.rs"]
mod bench;

use bench::{Kind, Plan, Programs, Row};

/// Generations that the fake PBX speaks.
const GENERATIONS: [&str; 3] = ["g1", "g2", "g3"];

/// Measures what the agent promises and prints a table.
#[derive(Parser)]
#[command(after_help = format!(
    "Figures: {}.\n\nThe table has the target of each figure, the median and the worst of the runs, and `ok` or `MISS`.\n\
     Frames at full speed for a minute, with a call in the middle: --only flood --seconds 60 --runs 1",
    bench::figures::NAMES.join(", ")
))]
struct Flags {
    /// Measures only these figures.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(bench::figures::NAMES))]
    only: Vec<String>,
    /// Runs of each figure.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Shortens idle times, floods and numbers of events: a look, not a measurement.
    #[arg(long)]
    quick: bool,
    /// Lets `flood` last so many seconds with somebody calling in the middle, and watches the memory: 60 is the promise.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: Option<u64>,
    /// Ends with 1 when a target is missed.
    #[arg(long)]
    strict: bool,
    /// Generation of the usual PBX for what is not about one: the second tells 10,000 accounts in one frame, the third over REST.
    #[arg(long, default_value = "g2", value_parser = clap::builder::PossibleValuesParser::new(GENERATIONS))]
    generation: String,
    /// The agent; beside this program when left out.
    #[arg(long)]
    agent: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let flags = Flags::parse();
    if flags.runs == 0 {
        bail!("at least one run is needed");
    }
    let plan = plan(&flags)?;
    say(&bench::machine())?;
    if cfg!(debug_assertions) {
        say("This is a debug build: its figures say nothing.")?;
    }
    let wanted =
        bench::figures::NAMES.into_iter().filter(|name| flags.only.is_empty() || flags.only.iter().any(|only| only == name));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for name in wanted {
        say(&format!("… {name}"))?;
        // The desktop harness panics when the desktop does not do as told; the other figures can still be had.
        let measured = catch_unwind(AssertUnwindSafe(|| runtime.block_on(bench::figures::measure(name, &plan))));
        match measured {
            Ok(Ok(measured)) => rows.extend(measured),
            Ok(Err(error)) => rows.push(Row::failed(name, &format!("{error:#}"))),
            Err(_) => rows.push(Row::failed(name, "the desktop session failed, see above")),
        }
    }
    say("")?;
    say(&bench::print(&rows))?;
    let missed = rows.iter().filter(|row| row.is_missed()).count();
    let met = rows.iter().filter(|row| row.is_met()).count();
    say(&format!("{met} met, {missed} missed"))?;
    Ok(if flags.strict && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn plan(flags: &Flags) -> Result<Plan> {
    let own = std::env::current_exe().context("where this program is")?;
    let agent = flags.agent.clone().unwrap_or_else(|| own.with_file_name("trayphone"));
    for program in std::iter::once(agent.clone()).chain(Kind::PROGRAMS.map(|name| own.with_file_name(name))) {
        if !program.is_file() {
            bail!("{} is missing; `make bench` builds it", program.display());
        }
    }
    let folder = own.parent().context("the folder of this program")?.to_owned();
    let programs = Programs { agent, folder };
    let seconds = |usual, quick| Duration::from_secs(if flags.quick { quick } else { usual });
    Ok(Plan {
        programs,
        runs: flags.runs,
        // The thread of the keyring ends after 5 s, those of the runtime that resolve names after 10 s.
        settle: seconds(12, 3),
        // Even the short one sees both keepalives.
        idle: seconds(60, 31),
        calls: if flags.quick { 40 } else { 200 },
        links: if flags.quick { 10 } else { 50 },
        flood: if flags.quick { 2 } else { 10 },
        others: if flags.quick { 10 } else { 30 },
        storm: flags.seconds,
        generation: GENERATIONS.into_iter().find(|known| *known == flags.generation).unwrap_or(GENERATIONS[1]),
    })
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
