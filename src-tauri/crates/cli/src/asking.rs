//! The way to the running agent.

use std::path::Path;
use std::time::Duration;

use phone_control::Client;
use phone_core::{Reason, Trouble};

use crate::failure::Failure;

/// How long an agent may take for anything: its own longest wait is 20 s.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects for requests only.
///
/// # Errors
/// `no_agent` when none runs.
pub async fn connect(socket: &Path) -> Result<Client, Failure> {
    let (client, _notices) = in_time(Client::connect(socket, "trayphonectl"), Reason::NoAgent).await?;
    Ok(client)
}

/// Waits for the answer of something that only reads.
///
/// # Errors
/// What the agent says, or that it does not answer.
pub async fn read<T>(asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Failure> {
    in_time(asked, Reason::AnswerTimedOut).await
}

/// Waits for the answer of something that has an effect.
///
/// # Errors
/// What the agent says, or that the outcome is unknown.
pub async fn done<T>(asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Failure> {
    in_time(asked, Reason::OutcomeUnknown).await
}

async fn in_time<T>(asked: impl Future<Output = Result<T, Trouble>>, late: Reason) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Failure::from(late).because("the Trayphone agent does not answer")),
    }
}
