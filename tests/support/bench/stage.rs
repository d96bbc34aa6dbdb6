//! The scene of a measurement: a desktop, a PBX, and an agent that was signed in once before.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use phone_tests::desktop::{Lookup, Options, Running, Session, wait_for};
use serde_json::{Value, json};

use super::control::Control;
use super::ears::Ears;
use super::pbx::{Kind, Pbx, Wanted};
use super::relay::Relay;
use super::{Moment, PATIENCE};

/// Bundle of the system's certificate authorities on Debian.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The agent.
    pub agent: PathBuf,
    /// The folder of the PBXs.
    pub folder: PathBuf,
}

/// What is behind the agent.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// The PBX.
    pub pbx: Kind,
    /// How many colleagues the user sees.
    pub colleagues: usize,
    /// Whether TLS by an authority among the system's own is spoken, as with a real PBX.
    pub tls: bool,
    /// Whether the frames pass a relay.
    pub relay: bool,
}

/// A desktop with a PBX and an agent that has signed in before; nothing of the agent runs.
pub struct Stage {
    // The PBX goes before the session whose folders it uses.
    pub pbx: Pbx,
    pub ears: Ears,
    pub relay: Option<Relay>,
    roots: Option<PathBuf>,
    program: PathBuf,
    pub session: Session,
}

impl Stage {
    /// Builds the scene and lets the agent sign in once, so that the keyring holds the password.
    pub async fn build(programs: &Programs, scene: Scene) -> Result<Self> {
        let session = Session::start(Options::default()).await;
        let ears = Ears::listen(&session.env()["DBUS_SESSION_BUS_ADDRESS"])?;
        let authority = (scene.tls && scene.pbx.has_authority()).then(|| session.root().join("authority.pem"));
        let wanted = Wanted { kind: scene.pbx, colleagues: scene.colleagues, authority: authority.clone() };
        let pbx = Pbx::start(session.command(programs.folder.join(scene.pbx.program())), &wanted)?;
        let relay = if scene.relay { Some(Relay::before(&pbx.url)?) } else { None };
        let roots = match authority {
            Some(authority) => Some(with_system_roots(&authority, session.root()).await?),
            None => None,
        };
        // In a folder of its own, so that no window lies beside it, which the first start would open.
        let folder = session.root().join("bin");
        std::fs::create_dir_all(&folder)?;
        let program = folder.join("trayphone");
        std::fs::copy(&programs.agent, &program).with_context(|| format!("the agent {}", programs.agent.display()))?;
        let stage = Self { pbx, ears, relay, roots, program, session };
        stage.sign_in().await?;
        Ok(stage)
    }

    /// A command that runs the agent's program in the session.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = self.session.command(&self.program);
        command.args(arguments);
        if let Some(roots) = &self.roots {
            command.env("SSL_CERT_FILE", roots);
        }
        command
    }

    /// Starts the agent and says when.
    pub fn start(&self) -> (Running, Moment) {
        let command = self.command(&[] as &[&str]);
        let at = Moment::now();
        (self.session.spawn("agent", command), at)
    }

    /// Connects to the agent that is just starting, and waits until its account is online.
    pub fn online(&self) -> Result<(Control, Moment)> {
        let mut control = Control::soon(&self.socket())?;
        control.ask("subscribe", &json!({"streams": ["view"]}))?;
        let link = |line: &[u8]| -> Option<Value> {
            let line: Value = serde_json::from_slice(line).ok()?;
            (line["params"]["accounts"][0]["link"] == "online").then_some(line)
        };
        let (at, _) = control.heard(link).context("the account does not get online")?;
        Ok((control, at))
    }

    /// Forgets what was learnt of the PBX; only the password and the address stay.
    pub fn forget_dialect(&self) -> Result<()> {
        let path = self.session.home().join(".config/trayphone/settings.toml");
        let text = std::fs::read_to_string(&path).context("the agent's settings")?;
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("learnt ")).collect();
        ensure!(kept.len() < text.lines().count(), "nothing was learnt of the PBX that could be forgotten");
        Ok(std::fs::write(&path, kept.join("\n"))?)
    }

    fn socket(&self) -> PathBuf {
        self.session.root().join("run/trayphone/control.sock")
    }

    async fn sign_in(&self) -> Result<()> {
        let (mut agent, _) = self.start();
        let mut control = Control::soon(&self.socket())?;
        let url = self.relay.as_ref().map_or(&self.pbx.url, |relay| &relay.url);
        let mut account = self.pbx.account.clone();
        account["name"] = json!("office");
        account["url"] = json!(url);
        let answer = control.ask("add_account", &account)?;
        ensure!(answer["account"]["link"] == "online", "the first sign-in ended elsewhere: {answer}");
        // It is stored after the sign-in, by a thread of its own.
        let stored = async || {
            let look = self.session.secret_tool_lookup(&[("username", "office")], Duration::from_secs(5)).await;
            matches!(look, Lookup::Found(_)).then_some(())
        };
        wait_for("the password in the keyring", PATIENCE, stored).await;
        drop(control);
        agent.terminate().await;
        Ok(())
    }
}

/// The system's authorities and one more, as a company's own administrators would add it.
async fn with_system_roots(authority: &Path, folder: &Path) -> Result<PathBuf> {
    // The fake writes it just after it has told its address.
    let pem = wait_for("the authority's certificate", PATIENCE, async || {
        std::fs::read_to_string(authority).ok().filter(|pem| pem.contains("END CERTIFICATE"))
    });
    let all = std::fs::read_to_string(SYSTEM_ROOTS).unwrap_or_default() + &pem.await;
    let file = folder.join("roots.pem");
    std::fs::write(&file, all)?;
    Ok(file)
}
