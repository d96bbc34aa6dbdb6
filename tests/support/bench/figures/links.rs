//! How soon a link is handed over.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::super::ears::Said;
use super::super::stage::Stage;
use super::super::table::Row;
use super::super::{Moment, Plan};
use super::usual;

/// Between two links: three within ten seconds are what a person may click.
const PAUSE: Duration = Duration::from_millis(3_400);
/// So many links are enough, as each takes a while.
const MOST: usize = 15;

/// From exec of a second start to its end, and to its wish reaching the agent.
pub async fn links(plan: &Plan) -> Result<Vec<Row>> {
    let stage = Stage::build(&plan.programs, usual(plan)).await?;
    let (mut agent, _) = stage.start();
    drop(stage.online()?);
    tokio::time::sleep(plan.settle).await;
    let (mut ended, mut seen, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..plan.links.min(MOST) {
        let number = format!("+49302312{:04}", 5000 + round);
        stage.ears.forget();
        let mut command = stage.command(&[format!("tel:{number}")]);
        command.stdin(Stdio::null());
        let began = Moment::now();
        let status = command.spawn()?.wait()?;
        let end = Moment::now();
        ensure!(status.success(), "the second start ended with {status}");
        let is_it = |said: &Said| match said {
            Said::Notify(summary, body) => digits(summary).contains(&number[1..]) || digits(body).contains(&number[1..]),
            Said::WantsPlace | Said::HasPlace => false,
        };
        let question = stage.ears.heard("the question before dialling", is_it)?;
        ended.push(end.ms_after(began));
        asked.push(question.ms_after(began));
        seen.push(end.min(question).ms_after(began));
        // No more than three questions stand at the same time.
        stage.session.press_action("Cancel").await;
        tokio::time::sleep(PAUSE).await;
    }
    agent.terminate().await;
    let seen = Row::events("`trayphone tel:…` to the request seen by the agent", "ms", (10.0, 10.0), seen);
    Ok(vec![
        Row::events("`trayphone tel:…` with a running agent: exec to exit", "ms", (15.0, 15.0), ended),
        seen.remark("an upper bound: the first proof from outside, which is the second start's end (it waits for the agent's answer) or the question's Notify"),
        Row::told("  exec to the Notify of the question", "ms", asked),
    ])
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
