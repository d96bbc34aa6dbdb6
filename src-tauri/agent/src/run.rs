//! From the command line to a running agent.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use phone_control::BindError;
use phone_engine::Options;
use phone_vault::KeyringVault;

use crate::agent::{Agent, Desktop, Then};
use crate::arguments::Wish;
use crate::desktop::proxies::linux::SystemProxies;
use crate::folders::Folders;
use crate::handover::{Handed, hand_over};
use crate::phone::AgentPhone;
use crate::{logs, upgrade};

/// How long threads of libraries may hold up the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Hands `wish` to a running agent, or becomes the agent and fulfils it.
///
/// # Errors
/// What keeps this program from being either.
pub fn run(wish: Wish) -> anyhow::Result<()> {
    let socket = phone_control::default_path()?;
    if let Handed::Over = hand_over(&socket, &wish)? {
        return Ok(());
    }
    let folders = Folders::from_env()?;
    logs::start(&folders.state());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let then = runtime.block_on(async {
        let listener = match phone_control::bind(&socket) {
            Ok(listener) => listener,
            // Another start was a moment faster.
            Err(BindError::AlreadyRunning) => return late(&socket, &wish).await,
            Err(error) => return Err(error.into()),
        };
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "Trayphone starts");
        let desktop = Desktop::start();
        let vault = Arc::new(KeyringVault::default());
        let options = Options { config_dir: folders.config(), state_dir: folders.state(), vault };
        let engine = phone_engine::start_with(options, Arc::new(SystemProxies::default()))?;
        let (agent, running) = Agent::new(engine, folders.clone(), desktop).await;
        let server = tokio::spawn(phone_control::serve(listener, Arc::new(AgentPhone::new(agent.clone()))));
        let then = running.until_end(agent, wish).await;
        // The socket goes before the program does, so that a restart finds its place free.
        server.abort();
        server.await.ok();
        tracing::info!("Trayphone ends");
        Ok(then)
    })?;
    runtime.shutdown_timeout(LAST_WORDS);
    if then == Then::Restart {
        let program = upgrade::own_path().context("it is not known where this program lies")?;
        return Err(Command::new(program).exec()).context("the new program cannot be started");
    }
    Ok(())
}

/// Hands over to the agent that was faster, which may not listen yet.
async fn late(socket: &std::path::Path, wish: &Wish) -> anyhow::Result<Then> {
    const TRIES: u32 = 20;
    for _ in 0..TRIES {
        if let Handed::Over = hand_over(socket, wish)? {
            return Ok(Then::End);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("another Trayphone is starting, but does not answer")
}
