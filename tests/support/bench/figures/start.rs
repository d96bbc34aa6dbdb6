//! How soon the agent is there.

use anyhow::Result;

use super::super::Plan;
use super::super::ears::Said;
use super::super::pbx::Kind;
use super::super::stage::{Scene, Stage};
use super::super::table::Row;
use super::usual;

/// Size of the program.
#[expect(clippy::cast_precision_loss, reason = "sizes of files are far below 2^53 bytes")]
pub fn size(plan: &Plan) -> Result<Vec<Row>> {
    let bytes = std::fs::metadata(&plan.programs.agent)?.len();
    Ok(vec![Row::told("size of the program `trayphone`", "MB", vec![bytes as f64 / 1e6])])
}

/// From exec to the place in the tray.
pub async fn tray(plan: &Plan) -> Result<Vec<Row>> {
    let stage = Stage::build(&plan.programs, usual(plan)).await?;
    let (mut called, mut taken) = (Vec::new(), Vec::new());
    for _ in 0..plan.runs {
        stage.ears.forget();
        let (mut agent, began) = stage.start();
        called.push(stage.ears.heard("a wish for a place in the tray", |said| *said == Said::WantsPlace)?.ms_after(began));
        taken.push(stage.ears.heard("a place in the tray", |said| *said == Said::HasPlace)?.ms_after(began));
        stage.online()?;
        agent.terminate().await;
    }
    Ok(vec![
        Row::below("exec to item registered at the tray host", "ms", 60.0, taken),
        Row::told("  of which until the agent asks the host", "ms", called),
    ])
}

/// From exec to online.
pub async fn online(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for generation in ["g1", "g2", "g3"] {
        let stage = Stage::build(&plan.programs, Scene { pbx: Kind::Vodia(generation), ..usual(plan) }).await?;
        let mut known = Vec::new();
        for _ in 0..plan.runs {
            let (mut agent, began) = stage.start();
            known.push(stage.online()?.1.ms_after(began));
            agent.terminate().await;
        }
        let mut first = Vec::new();
        for _ in 0..plan.runs {
            stage.forget_dialect()?;
            let (mut agent, began) = stage.start();
            first.push(stage.online()?.1.ms_after(began));
            agent.terminate().await;
        }
        let label = generation.to_uppercase();
        rows.push(Row::below(format!("exec to online, {label}, dialect known"), "ms", 250.0, known));
        rows.push(Row::below(format!("exec to online, {label}, first sign-in"), "ms", 4000.0, first));
    }
    Ok(rows)
}
