//! Frames at full speed for as long as wanted, and somebody calls in the middle of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::super::ears::Said;
use super::super::stage::Stage;
use super::super::table::Row;
use super::super::{Moment, Plan, proc};
use super::usual;

/// How long a call may take to its notice in spite of the frames, in milliseconds.
const SHOWN_WITHIN: f64 = 1000.0;
/// How much memory the frames may cost at their worst, in MB.
const MEMORY: f64 = 16.0;
/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(100);

/// From the command to call to its notice, while the wire is full; and what the frames cost.
#[expect(clippy::cast_precision_loss, reason = "counts of frames are far below 2^53")]
pub async fn storm(plan: &Plan, seconds: u64) -> Result<Vec<Row>> {
    let mut stage = Stage::build(&plan.programs, usual(plan)).await?;
    let (mut agent, _) = stage.start();
    let (mut control, _) = stage.online()?;
    control.ask("subscribe", &json!({"streams": ["presence", "view"]}))?;
    tokio::time::sleep(plan.settle).await;
    let (mut shown, mut peaks, mut after, mut remarks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut flooded = 0;
    for run in 0..plan.runs {
        let caller = format!("Storm {run}");
        proc::forget_peak(agent.pid())?;
        let before = proc::peak(agent.pid())?;
        let busy = proc::busy_ms(agent.pid());
        stage.ears.forget();
        control.forget();
        let began = Moment::now();
        stage.pbx.say(&format!("flood 0 {}s", seconds))?;
        wait(&control, seconds * 500).await;
        let called = Moment::now();
        stage.pbx.say(&format!("ring +493023125117 \"{caller}\" 204"))?;
        let is_it = |said: &Said| matches!(said, Said::Notify(summary, _) if *summary == caller);
        shown.push(stage.ears.heard("a notice of the call", is_it)?.ms_after(called));
        ensure!(Moment::now().ms_after(began) < seconds as f64 * 1000.0, "the call was shown only after the frames");
        wait(&control, seconds * 500).await;
        // The answer comes after all frames, and the call must still be known.
        let answer = stage.pbx.ask("status")?;
        let calls = control.ask("get_view", &json!({}))?;
        let name = calls["calls"][0]["remote"]["name"].as_str().unwrap_or_default();
        ensure!(name == caller, "the call is lost after the frames: {}", calls["calls"]);
        stage.pbx.ask("hangup-far")?;
        let all = answer["flooded"].as_u64().context("how many frames there were")?;
        peaks.push(proc::peak(agent.pid())? - before);
        after.push(proc::memory(agent.pid())?.pss);
        remarks.push(format!(
            "{} frames in {seconds} s, agent busy for {:.1} s",
            all - flooded,
            (proc::busy_ms(agent.pid()) - busy) as f64 / 1000.0
        ));
        flooded = all;
    }
    agent.terminate().await;
    let what = format!("frames at full speed for {seconds} s: a call in the middle to its Notify");
    let mut row = Row::below(what, "ms", SHOWN_WITHIN, shown);
    for remark in remarks {
        row = row.remark(remark);
    }
    let peak = Row::below("  most memory resident meanwhile, above what was resident before", "MB", MEMORY, peaks);
    Ok(vec![row, peak, Row::told("  PSS right after", "MB", after)])
}

/// Lets time pass while the client goes on reading, as a window does.
async fn wait(control: &super::super::control::Control, ms: u64) {
    let until = std::time::Instant::now() + Duration::from_millis(ms);
    while std::time::Instant::now() < until {
        control.forget();
        tokio::time::sleep(LOOK.min(until.saturating_duration_since(std::time::Instant::now()))).await;
    }
}
