//! How the agent copes with a large company.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use phone_core::{AccountConfig, AccountName, Request, Secret};
use phone_engine::Options;
use phone_vault::MemoryVault;
use serde_json::json;

use super::super::relay::Relay;
use super::super::stage::{Scene, Stage};
use super::super::table::Row;
use super::super::{Moment, PATIENCE, Plan, proc};
use super::usual;

/// Many enough accounts to feel it.
const MANY: usize = 10_000;
/// Overviews in a run.
const OVERVIEWS: usize = 10;
/// Between two overviews: longer than the agent takes for one, changes told to clients included.
const PAUSE: Duration = Duration::from_millis(700);

/// From the last byte of an overview of all accounts to the picture inside, and to a client.
pub async fn overview(plan: &Plan) -> Result<Vec<Row>> {
    let scene = Scene { colleagues: MANY, tls: false, relay: true, ..usual(plan) };
    let mut stage = Stage::build(&plan.programs, scene).await?;
    let (mut agent, _) = stage.start();
    let (mut control, _) = stage.online()?;
    control.ask("subscribe", &json!({"streams": ["presence"]}))?;
    let Some(relay) = stage.relay.take() else { return Err(anyhow!("the scene has no relay")) };
    tokio::time::sleep(plan.settle).await;
    let (mut outside, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..plan.runs * OVERVIEWS {
        relay.forget();
        control.forget();
        stage.pbx.say("overview")?;
        let written = relay.wrote()?;
        let (first, _) = control.heard(|line| is_page(line, br#""part":0,"#).then_some(()))?;
        let (last, _) = control.heard(|line| is_page(line, br#""last":true"#).then_some(()))?;
        outside.push(first.ms_after(written));
        whole.push(last.ms_after(written));
        tokio::time::sleep(PAUSE).await;
    }
    drop(control);
    agent.terminate().await;

    let published = engine(&relay)?;
    published.recv_timeout(PATIENCE).context("the engine does not get online")?;
    tokio::time::sleep(plan.settle).await;
    let mut inside = Vec::new();
    for _ in 0..plan.runs * OVERVIEWS {
        relay.forget();
        while published.try_recv().is_ok() {}
        stage.pbx.say("overview")?;
        let written = relay.wrote()?;
        inside.push(published.recv_timeout(PATIENCE).context("the engine publishes nothing")?.ms_after(written));
        tokio::time::sleep(PAUSE).await;
    }
    let inside = Row::events("`domain-state`, 10,000 accounts: frame complete to published inside", "ms", (25.0, 25.0), inside);
    Ok(vec![
        inside.remark("the agent's engine in this program, on a thread of its own; complete is when the frame's last byte is with the kernel, so reading the rest of it counts"),
        Row::told("  the real agent: frame complete to the first page at a client", "ms", outside),
        Row::told("  the real agent: frame complete to the last page at a client", "ms", whole),
    ])
}

fn is_page(line: &[u8], mark: &[u8]) -> bool {
    // The fields stand before the people, so a short look is enough.
    let head = &line[..line.len().min(200)];
    let holds = |mark: &[u8]| head.windows(mark.len()).any(|window| window == mark);
    holds(br#""method":"presence""#) && holds(br#""whole":true"#) && holds(mark)
}

/// Runs an engine as the agent does and tells whenever it publishes people.
fn engine(relay: &Relay) -> Result<Receiver<Moment>> {
    let (told, published) = sync_channel(1024);
    let config = AccountConfig {
        name: AccountName::parse("office")?,
        kind: "vodia".to_owned(),
        url: relay.url.parse()?,
        domain: Some("tenant.example".to_owned()),
        user: Some("204".to_owned()),
        pin: None,
        learnt: None,
        keys: std::collections::BTreeMap::new(),
    };
    std::thread::Builder::new().name("engine".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (Ok(runtime), Ok(folder)) = (runtime, tempfile::tempdir()) else { return };
        runtime.block_on(async {
            let options = Options {
                config_dir: folder.path().join("config"),
                state_dir: folder.path().join("state"),
                vault: Arc::new(MemoryVault::default()),
            };
            let Ok(engine) = phone_engine::start(options) else { return };
            let mut people = engine.people();
            let secret = Some(Secret::new("Sample-Pw9".to_owned()));
            if engine.ask(Request::AddAccount { config: Box::new(config), secret }).await.is_err() {
                return;
            }
            while people.changed().await.is_ok() {
                if told.try_send(Moment::now()).is_err() {
                    return;
                }
            }
        });
    })?;
    Ok(published)
}

/// Changes of presence at full speed, while a client follows them.
#[expect(clippy::cast_precision_loss, reason = "counts of frames are far below 2^53")]
pub async fn flood(plan: &Plan) -> Result<Vec<Row>> {
    let mut stage = Stage::build(&plan.programs, usual(plan)).await?;
    let (mut agent, _) = stage.start();
    let (mut control, _) = stage.online()?;
    control.ask("subscribe", &json!({"streams": ["presence"]}))?;
    tokio::time::sleep(plan.settle).await;
    let (mut rates, mut after, mut remarks) = (Vec::new(), Vec::new(), Vec::new());
    let mut before = 0;
    for run in 0..plan.runs {
        let busy = proc::busy_ms(agent.pid());
        control.forget();
        let began = Moment::now();
        // The last change is of a kind that the flood does not have, and comes after all of it.
        let last = if run % 2 == 0 { "dnd" } else { "free" };
        stage.pbx.say(&format!("flood 0 {}s", plan.flood))?;
        stage.pbx.say(&format!("wait {}ms", plan.flood * 1000 + 50))?;
        stage.pbx.say(&format!("presence 201 {last}"))?;
        let mark = format!(r#""dnd":{}"#, run % 2 == 0);
        let until = std::time::Instant::now() + Duration::from_secs(plan.flood) + PATIENCE;
        let mut lines = 0u64;
        let (seen, ()) = loop {
            ensure!(std::time::Instant::now() < until, "the last change never came");
            let found = control.heard(|line| {
                lines += 1;
                Some(has_person(line, "201", &mark))
            })?;
            if found.1 && found.0.ms_after(began) > plan.flood as f64 * 1000.0 {
                break (found.0, ());
            }
        };
        let answer = stage.pbx.ask("status")?;
        let flooded = answer["flooded"].as_u64().context("how many frames the flood had")?;
        let seconds = seen.ms_after(began) / 1000.0;
        rates.push((flooded - before) as f64 / seconds);
        let used = (proc::busy_ms(agent.pid()) - busy) as f64 / 1000.0;
        remarks.push(format!(
            "{} frames in {seconds:.2} s, {lines} parts at the client, agent busy for {used:.2} s",
            flooded - before
        ));
        after.push(proc::memory(agent.pid())?.pss);
        before = flooded;
        tokio::time::sleep(PAUSE).await;
    }
    agent.terminate().await;
    let what = format!("`user-state` frames a second over {} s, applied and merged for a client", plan.flood);
    let mut row = Row::above(what, "/s", 50_000.0, rates);
    for remark in remarks {
        row = row.remark(remark);
    }
    Ok(vec![row, Row::told("  PSS right after the flood", "MB", after)])
}

/// Whether a part of the presence stream shows a person with a mark.
fn has_person(line: &[u8], number: &str, mark: &str) -> bool {
    let text = String::from_utf8_lossy(line);
    let person = format!(r#""number":"{number}""#);
    text.split(r#"{"id":"#).any(|one| one.contains(&person) && one.contains(mark))
}
