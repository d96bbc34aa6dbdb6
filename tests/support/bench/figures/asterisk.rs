//! The figures at an Asterisk: the fake one, and where it can be had a real one with a phone.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use phone_tests::asterisk_bed::lacks;
use serde_json::json;

use super::super::pbx::Kind;
use super::super::stage::{Scene, Stage};
use super::super::table::Row;
use super::super::{Moment, PATIENCE, Plan, proc};
use super::calls::{LIMITS, times};

/// People of a larger company.
const COLLEAGUES: usize = 500;
/// Between two calls, so that each finds the agent asleep.
const PAUSE: Duration = Duration::from_millis(400);
/// How long others call each other before it is measured: until as many calls end as begin, and all names were seen once.
const WARM: u64 = 20;
/// Calls a minute of other people: what is promised, and ten times as many.
const RATES: [u32; 2] = [1_000, 10_000];

fn scene(pbx: Kind, colleagues: usize) -> Scene {
    Scene { pbx, colleagues, tls: true, relay: false }
}

/// Measures at a real Asterisk, or says why not.
async fn at_a_real_one(what: &str, measure: impl AsyncFnOnce() -> Result<Row>) -> Row {
    match lacks() {
        Some(why) => Row::told(what, "", vec![]).remark(format!("left out: {why}")),
        None => measure().await.unwrap_or_else(|error| Row::failed(what, &format!("{error:#}"))),
    }
}

/// From the last byte of the packets of a call to the notice on the bus.
pub async fn calls(plan: &Plan) -> Result<Vec<Row>> {
    let faked = times(plan, scene(Kind::Asterisk, 200), plan.calls, "204").await?;
    let what = "AMI: packets of a call written by the PBX to Notify on the bus";
    let faked = Row::events(what, "ms", LIMITS, faked);
    let what = "  a real Asterisk: INVITE at the own phone to Notify on the bus";
    let real = at_a_real_one(what, async || {
        let times = times(plan, scene(Kind::RealAsterisk, 0), plan.calls / 2, "103").await?;
        Ok(Row::told_of_events(what, "ms", times))
    });
    Ok(vec![faked, real.await])
}

/// From the wish to dial to the INVITE at the own phone.
pub async fn dial(plan: &Plan) -> Result<Vec<Row>> {
    let what = "`dial` at the control socket to the INVITE at the own phone, a real Asterisk";
    let real = at_a_real_one(what, async || {
        let times = dials(plan, Kind::RealAsterisk).await?;
        Ok(Row::events(what, "ms", (30.0, 100.0), times))
    });
    let real = real.await;
    let faked = Row::told_of_events("  to the wish at the fake Asterisk", "ms", dials(plan, Kind::Asterisk).await?);
    Ok(vec![real, faked])
}

async fn dials(plan: &Plan, pbx: Kind) -> Result<Vec<f64>> {
    let stage = Stage::build(&plan.programs, scene(pbx, 200)).await?;
    let (mut agent, _) = stage.start();
    let (mut control, _) = stage.online()?;
    tokio::time::sleep(plan.settle).await;
    let mut times = Vec::new();
    for round in 0..plan.links {
        stage.pbx.forget();
        let asked = Moment::now();
        control.ask("dial", &json!({"text": format!("93{round:04}"), "yes": true}))?;
        times.push(stage.pbx.calls_own_phone()?.ms_after(asked));
        control.ask("hang_up", &json!({}))?;
        tokio::time::sleep(PAUSE).await;
    }
    agent.terminate().await;
    Ok(times)
}

/// From exec to online in a larger company.
pub async fn online(plan: &Plan) -> Result<Vec<Row>> {
    let what = format!("exec to online with {COLLEAGUES} hints and device states, a real Asterisk");
    let real = at_a_real_one(&what, async || known(plan, Kind::RealAsterisk, &what).await);
    let real = real.await;
    let faked = known(plan, Kind::Asterisk, &format!("exec to online with {COLLEAGUES} hints and device states, AMI")).await?;
    Ok(vec![faked, real])
}

async fn known(plan: &Plan, pbx: Kind, what: &str) -> Result<Row> {
    let stage = Stage::build(&plan.programs, scene(pbx, COLLEAGUES)).await?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..plan.runs {
        let (mut agent, began) = stage.start();
        let (mut control, at) = stage.online()?;
        times.push(at.ms_after(began));
        let people = control.ask("people", &json!({"limit": 1}))?;
        let total = people["total"].as_u64().context("how many people there are")?;
        ensure!(total >= COLLEAGUES as u64, "only {total} people are known when the account is online");
        drop(control);
        tokio::time::sleep(plan.settle).await;
        memory.push(format!("{:.1}", proc::memory(agent.pid())?.pss));
        agent.terminate().await;
    }
    Ok(Row::below(what, "ms", 500.0, times).remark(format!("MB (PSS) {} s later: {}", plan.settle.as_secs(), memory.join(", "))))
}

/// What calls of other people cost.
pub async fn others(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for rate in RATES {
        rows.extend(cost(plan, Kind::Asterisk, rate).await?);
    }
    let what = "  a real Asterisk";
    if let Some(why) = lacks() {
        rows.push(Row::told(what, "", vec![]).remark(format!("left out: {why}")));
    } else {
        rows.extend(
            cost(plan, Kind::RealAsterisk, RATES[0]).await.unwrap_or_else(|error| vec![Row::failed(what, &format!("{error:#}"))]),
        );
    }
    Ok(rows)
}

/// Processor time, memory and wake-ups while others call each other.
#[expect(clippy::cast_precision_loss, reason = "counts and milliseconds are far below 2^53")]
async fn cost(plan: &Plan, pbx: Kind, rate: u32) -> Result<Vec<Row>> {
    let mut stage = Stage::build(&plan.programs, scene(pbx, COLLEAGUES)).await?;
    let (mut agent, _) = stage.start();
    drop(stage.online()?);
    tokio::time::sleep(plan.settle).await;
    let (mut shares, mut growths, mut wakes, mut remarks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.runs {
        let line = format!("others {rate} {}", WARM + plan.others);
        stage.pbx.say(&line)?;
        tokio::time::sleep(Duration::from_secs(WARM)).await;
        let began = std::time::Instant::now();
        let (busy, before, slept) = (proc::busy_ms(agent.pid()), proc::memory(agent.pid())?, sleeps(agent.pid())?);
        tokio::time::sleep(Duration::from_secs(plan.others)).await;
        let time = began.elapsed().as_secs_f64();
        let (busy, after) = (proc::busy_ms(agent.pid()) - busy, proc::memory(agent.pid())?);
        wakes.push((sleeps(agent.pid())? - slept) as f64 / time);
        shares.push(busy as f64 / 10.0 / time);
        growths.push(after.anonymous - before.anonymous);
        let told = stage.pbx.answered(&line, PATIENCE)?;
        remarks.push(format!(
            "{busy} ms in {time:.1} s; {:.2} MB before, {:.2} MB after, of which heap and stacks {:.2} and {:.2}; told in all: {told}",
            before.pss, after.pss, before.anonymous, after.anonymous
        ));
    }
    agent.terminate().await;
    let (real, promised) = (pbx == Kind::RealAsterisk, pbx == Kind::Asterisk && rate == RATES[0]);
    let front = if real { "  a real Asterisk: " } else { "" };
    let what = format!("{front}processor time while others make {rate} calls a minute, {COLLEAGUES} hints");
    let (share, growth) = if promised {
        let growth = "  heap and stacks after that, above what they were before";
        (Row::below(what, "%", 3.0, shares), Row::below(growth, "MB", 0.5, growths))
    } else {
        (Row::told(what, "%", shares), Row::told("  heap and stacks after that, above what they were before", "MB", growths))
    };
    let share = remarks.into_iter().fold(share, Row::remark);
    Ok(vec![share, growth, Row::told("  wake-ups meanwhile", "/s", wakes)])
}

/// How often all threads of a process went to sleep so far.
fn sleeps(pid: u32) -> Result<u64> {
    Ok(proc::sleeps(pid)?.values().map(|(_, count)| count).sum())
}
