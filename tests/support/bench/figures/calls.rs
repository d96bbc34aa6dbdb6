//! How soon a person learns of a call.

use std::time::Duration;

use anyhow::Result;

use super::super::Plan;
use super::super::ears::Said;
use super::super::stage::{Scene, Stage};
use super::super::table::Row;
use super::usual;

/// Of the median and of 99 of 100 calls, in milliseconds.
pub const LIMITS: (f64, f64) = (5.0, 15.0);
/// Between two calls, so that each finds the agent asleep.
const PAUSE: Duration = Duration::from_millis(150);

/// From the last byte of the frame to the notice on the bus.
pub async fn calls(plan: &Plan) -> Result<Vec<Row>> {
    let times = times(plan, usual(plan), plan.calls, "204").await?;
    let what = "`call-state` written by the PBX to Notify on the bus";
    Ok(vec![Row::events(what, "ms", LIMITS, times)])
}

/// What each of `calls` calls for `own` took from the last byte of what told of it to the notice on the bus.
pub async fn times(plan: &Plan, scene: Scene, calls: usize, own: &str) -> Result<Vec<f64>> {
    let mut stage = Stage::build(&plan.programs, scene).await?;
    let (mut agent, _) = stage.start();
    // Nobody is connected while it is measured: that is how the agent lives in the tray.
    drop(stage.online()?);
    tokio::time::sleep(plan.settle).await;
    let mut times = Vec::new();
    for round in 0..calls {
        let caller = format!("Caller {round}");
        stage.pbx.forget();
        stage.ears.forget();
        stage.pbx.say(&format!("ring +493023125117 \"{caller}\" {own}"))?;
        let is_it = |said: &Said| matches!(said, Said::Notify(summary, _) if *summary == caller);
        let shown = stage.ears.heard("a notice of the call", is_it)?;
        times.push(shown.ms_after(stage.pbx.wrote_call()?));
        stage.pbx.ask("hangup-far")?;
        tokio::time::sleep(PAUSE).await;
    }
    agent.terminate().await;
    Ok(times)
}
