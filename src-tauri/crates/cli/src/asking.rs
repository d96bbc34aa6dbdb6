//! The way to the running agent.

use std::path::Path;
use std::time::Duration;

use phone_control::Client;
use phone_control::client::unanswered;
use phone_core::{Reason, Trouble};

use crate::failure::Failure;

/// How long an agent may take for what needs neither the keyring nor the disk; its longest wait is the 20 s of a sign-in.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to set an account up: its own longest wait, and some for a busy machine.
const SET_UP: Duration = phone_engine::LONGEST_ANSWER.saturating_add(Duration::from_secs(10));

/// Connects for requests only.
///
/// # Errors
/// `no_agent` when none runs, `agent_hangs` when it does not answer.
pub async fn connect(socket: &Path) -> Result<Client, Failure> {
    let (client, _notices) = Client::connect(socket, "trayphonectl").await?;
    Ok(client)
}

/// Waits for the answer of something that only reads.
///
/// # Errors
/// What the agent says, or that it does not answer.
pub async fn read<T>(asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Failure> {
    in_time(PATIENCE, asked, Reason::AgentHangs.into()).await
}

/// Waits for the answer of something that has an effect.
///
/// # Errors
/// What the agent says, or that the outcome is unknown.
pub async fn done<T>(asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Failure> {
    in_time(PATIENCE, asked, unanswered()).await
}

/// Waits for the answer of something about accounts, which may take a sign-in, the keyring and the disk.
///
/// # Errors
/// What the agent says, or that the outcome is unknown.
pub async fn set_up<T>(asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Failure> {
    in_time(SET_UP, asked, unanswered()).await
}

async fn in_time<T>(limit: Duration, asked: impl Future<Output = Result<T, Trouble>>, late: Trouble) -> Result<T, Failure> {
    match tokio::time::timeout(limit, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(late.into()),
    }
}
