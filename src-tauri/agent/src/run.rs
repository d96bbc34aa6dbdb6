//! From the command line to a running agent.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use phone_control::{BindError, Listener};
use phone_core::{Reason, Trouble};
use phone_engine::Options;
use phone_engine::lock::Held;
use phone_vault::KeyringVault;
use tokio::runtime::Runtime;

use crate::agent::{Agent, Desktop, Then};
use crate::arguments::Wish;
use crate::desktop::links::Clicked;
use crate::desktop::notices;
use crate::desktop::proxies::linux::SystemProxies;
use crate::desktop::window;
use crate::folders::Folders;
use crate::handover::{Handed, given_up, hand_over, meant_until};
use crate::phone::AgentPhone;
use crate::{logs, upgrade};

/// Threads for what blocks, at most: a lookup of a name for each account, where no server of names answers, and the display.
const BLOCKING: usize = 16;

/// How long threads of libraries may hold up the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Hands `wish` to a running agent, or becomes the agent and fulfils it; `clicked` is when somebody uttered it.
///
/// # Errors
/// What keeps this program from being either.
pub fn run(wish: Wish, clicked: Clicked) -> anyhow::Result<()> {
    let until = meant_until(&wish);
    let socket = phone_control::default_path()?;
    if let Handed::Over = hand_over(&socket, &wish, clicked, until)? {
        return Ok(());
    }
    few_threads();
    let folders = Folders::from_env()?;
    // One that a program made which came before us may let others look into it; what else is wrong with it is told later.
    phone_control::private_folder(&folders.config()).ok();
    let log = logs::start(&folders.state());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .context("no runtime")?;
    let Some(listener) = listen(&runtime, &socket, &wish, clicked, until)? else { return Ok(()) };
    let then = runtime.block_on(async {
        let place = format!("socket {}", socket.display());
        let _claim = phone_engine::lock::claim(&[&folders.config(), &folders.state()], &place).await?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "Trayphone starts");
        let desktop = Desktop::start();
        let vault = Arc::new(KeyringVault::default());
        let options = Options { config_dir: folders.config(), state_dir: folders.state(), vault };
        let engine = phone_engine::start_with(options, Arc::new(SystemProxies::default()))?;
        let disk = engine.disk();
        let (agent, running) = Agent::new(engine, folders.clone(), desktop).await;
        let server = tokio::spawn(phone_control::serve(listener, Arc::new(AgentPhone::new(agent.clone()))));
        let then = running.until_end(agent.clone(), still_meant(&agent, wish, until).await, clicked).await;
        // The socket goes before the program does, so that a restart finds its place free.
        server.abort();
        server.await.ok();
        if !disk.finish(LAST_WORDS) {
            tracing::warn!("the last settings or calls could not be written");
        }
        tracing::info!("Trayphone ends");
        Ok(then)
    });
    let then = then.inspect_err(tell_held)?;
    runtime.shutdown_timeout(LAST_WORDS);
    // The program that takes our place has nothing of this one's memory, the last lines of the log included.
    drop(log);
    if then == Then::Restart {
        let program = upgrade::own_path().context("it is not known where this program lies")?;
        return Err(Command::new(program).exec()).context("the new program cannot be started");
    }
    Ok(())
}

/// Says on the screen that another agent has the folders: at login nobody sees what stands on standard error.
fn tell_held(error: &anyhow::Error) {
    let Some(held) = error.downcast_ref::<Held>() else { return };
    let why = Trouble {
        text: "Trayphone did not start here, because another one of yours works with the same settings.".to_owned(),
        remedy: Some("Use that one, or quit it and start Trayphone again.".to_owned()),
        detail: Some(held.to_string()),
        ..Trouble::from(Reason::NotAvailable)
    };
    notices::once::tell(&why, None);
}

/// Keeps the D-Bus library under the keyring from starting a thread for every core, which it does for its blocking calls.
fn few_threads() {
    // SAFETY: nothing has started a thread yet, so nobody reads the environment at this moment.
    unsafe { std::env::set_var(window::linux::WORKERS, "1") };
}

/// Takes the place of the agent; none when another start was a moment faster and has the wish.
///
/// That one may not listen yet; and an agent that was killed may hold the place for another moment, which is then free.
fn listen(runtime: &Runtime, socket: &Path, wish: &Wish, clicked: Clicked, until: Instant) -> anyhow::Result<Option<Listener>> {
    loop {
        let bound = {
            let _within = runtime.enter();
            phone_control::bind(socket)
        };
        match bound {
            Ok(listener) => return Ok(Some(listener)),
            Err(BindError::AlreadyRunning) if Instant::now() >= until => {
                return Err(given_up(&Reason::AgentHangs.into(), wish));
            }
            Err(BindError::AlreadyRunning) => {
                if let Handed::Over = hand_over(socket, wish, clicked, until)? {
                    return Ok(None);
                }
                runtime.block_on(tokio::time::sleep(Duration::from_millis(50)));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Lets go of a selection when the start took so long that the user may have selected something else, and says so.
async fn still_meant(agent: &Agent, wish: Wish, until: Instant) -> Wish {
    if wish != Wish::DialSelection || Instant::now() < until {
        return wish;
    }
    let why = Trouble {
        text: "Trayphone took too long to start, so the selected number was not called.".to_owned(),
        remedy: Some("Select it again and press the keys once more.".to_owned()),
        ..Trouble::from(Reason::NotAvailable)
    };
    agent.tell(notices::trouble(&why, None)).await;
    Wish::Tray
}
