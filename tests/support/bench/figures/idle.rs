//! What the agent costs while nothing happens.

use std::collections::BTreeMap;

use anyhow::Result;

use super::super::stage::{Scene, Stage};
use super::super::table::Row;
use super::super::{Plan, proc};
use super::usual;

/// Memory and wake-ups of an agent that sits in the tray; `limit` in MB.
#[expect(clippy::cast_precision_loss, reason = "kilobytes and counts are far below 2^53")]
pub async fn idle(plan: &Plan, colleagues: usize, limit: f64) -> Result<Vec<Row>> {
    let stage = Stage::build(&plan.programs, Scene { colleagues, ..usual(plan) }).await?;
    let (mut shares, mut wakes, mut remarks, mut sleepers) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
    for _ in 0..plan.runs {
        let (mut agent, _) = stage.start();
        drop(stage.online()?);
        tokio::time::sleep(plan.settle).await;
        let before = proc::sleeps(agent.pid())?;
        tokio::time::sleep(plan.idle).await;
        let after = proc::sleeps(agent.pid())?;
        let memory = proc::memory(agent.pid())?;
        shares.push(memory.pss);
        remarks.push(format!(
            "{:.1} MB, of which {:.1} heap and stacks, {:.1} program and libraries; {} threads; {} ms of processor time since the start",
            memory.pss,
            memory.anonymous,
            memory.files,
            after.len(),
            proc::busy_ms(agent.pid())
        ));
        let mut all = 0;
        for (thread, (name, count)) in &after {
            let woken = count - before.get(thread).map_or(0, |(_, count)| *count);
            all += woken;
            *sleepers.entry(name.clone()).or_insert(0) += woken;
        }
        wakes.push(all as f64 / plan.idle.as_secs_f64());
        agent.terminate().await;
    }
    let seconds = (plan.settle + plan.idle).as_secs();
    let mut share = Row::below(format!("PSS after {seconds} s in the tray, {colleagues} colleagues"), "MB", limit, shares);
    for remark in remarks {
        share = share.remark(remark);
    }
    let mut wake =
        Row::below(format!("wake-ups a second, {} s idle, {colleagues} colleagues", plan.idle.as_secs()), "/s", 1.0, wakes);
    let all_idle = plan.idle.as_secs_f64() * plan.runs as f64;
    for (name, count) in sleepers.iter().filter(|(_, count)| **count > 0) {
        wake = wake.remark(format!("thread `{name}`: {:.2} a second", *count as f64 / all_idle));
    }
    Ok(vec![share, wake])
}
