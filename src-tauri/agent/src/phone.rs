//! The agent as clients of the control socket see it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use phone_control::protocol::{OpenWindowParams, SetSettingsParams, SettingsReply};
use phone_control::{DesktopReply, DesktopRequest, Phone};
use phone_core::request::Answer;
use phone_core::{Event, Reason, Reply, Request, Trouble, View};
use tokio::sync::{broadcast, watch};

use crate::agent::{Agent, Start};
use crate::desktop::hotkey::Combination;
use crate::desktop::links::{self, SCHEMES};
use crate::desktop::{Act, autostart, call_is_up};
use crate::files::Hangs;
use crate::handover::ELSEWHERE;
use crate::{doctor, upgrade};

/// The agent behind the control socket.
pub struct AgentPhone {
    agent: Arc<Agent>,
    display: Option<String>,
}

impl AgentPhone {
    /// Shows an agent to clients.
    pub fn new(agent: Arc<Agent>) -> Self {
        let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self { agent, display: var("WAYLAND_DISPLAY").or_else(|| var("DISPLAY")) }
    }

    /// A second login of the same user has a screen that is not ours.
    fn is_elsewhere(&self, display: Option<&str>) -> bool {
        match (&self.display, display) {
            (Some(ours), Some(theirs)) => without_screen(ours) != without_screen(theirs),
            (None, _) | (_, None) => false,
        }
    }

    async fn settings(&self) -> Result<SettingsReply, Trouble> {
        let folders = self.agent.folders.clone();
        let looked = self.agent.files.with(move || {
            let is_ours = |scheme: &&str| ((*scheme).to_owned(), links::linux::is_handler(&folders, scheme));
            (autostart::linux::is_on(&folders), SCHEMES.iter().map(is_ours).collect())
        });
        let (autostart, handler) = looked.await.map_err(does_not_answer)?;
        Ok(SettingsReply { desktop: self.agent.engine.desktop().borrow().clone(), autostart, handler })
    }

    async fn change(&self, wanted: SetSettingsParams) -> Result<(), Trouble> {
        let SetSettingsParams { desktop, autostart, handler } = wanted;
        if let Some(desktop) = desktop {
            if let Some(hotkey) = desktop.dial_hotkey.as_deref().filter(|hotkey| !hotkey.is_empty()) {
                Combination::parse(hotkey).map_err(|error| Reason::WrongUsage(error.to_string()))?;
            }
            self.agent.engine.set_desktop(desktop).await?;
        }
        let handler = handler.unwrap_or_default();
        let unknown = handler.keys().find(|scheme| !SCHEMES.contains(&scheme.as_str()));
        if let Some(scheme) = unknown {
            return Err(Reason::WrongUsage(format!("Trayphone does not open links of the scheme {scheme}")).into());
        }
        if autostart.is_none() && handler.is_empty() {
            return Ok(());
        }
        let folders = self.agent.folders.clone();
        let written = self.agent.files.with(move || {
            let program = upgrade::own_path();
            let program = program.as_deref().unwrap_or(Path::new("trayphone"));
            if let Some(on) = autostart {
                autostart::linux::set(&folders, program, on)?;
            }
            for (scheme, take) in &handler {
                if *take {
                    links::linux::take(&folders, program, &[scheme])?;
                } else {
                    links::linux::give_back(&folders, &[scheme])?;
                }
            }
            Ok(())
        });
        written.await.map_err(does_not_answer)?.map_err(|error: std::io::Error| Trouble {
            text: "The setting could not be written.".to_owned(),
            detail: Some(error.to_string()),
            ..Trouble::from(Reason::NotAvailable)
        })
    }
}

impl Phone for AgentPhone {
    async fn ask(&self, request: Request) -> Answer {
        let reply = self.agent.engine.ask(request).await?;
        if let Reply::Checks(of_engine) = reply {
            let mut checks = doctor::checks(&self.agent).await;
            checks.extend(of_engine);
            return Ok(Reply::Checks(checks));
        }
        Ok(reply)
    }

    async fn desktop(&self, request: DesktopRequest) -> Result<DesktopReply, Trouble> {
        match request {
            DesktopRequest::OpenWindow { display, .. } | DesktopRequest::HandleLink { display, .. }
                if self.is_elsewhere(display.as_deref()) =>
            {
                return Err(Trouble {
                    text: ELSEWHERE.to_owned(),
                    remedy: Some("Use it there, or quit it there first.".to_owned()),
                    ..Trouble::from(Reason::NotAvailable)
                });
            }
            DesktopRequest::OpenWindow { view, .. } => {
                let agent = self.agent.clone();
                tokio::spawn(async move { agent.open_window(view, None).await });
            }
            DesktopRequest::HandleLink { uri, .. } => {
                if !links::is_ours(&uri) {
                    return Err(Reason::WrongUsage("this is not a link of a kind that Trayphone opens".to_owned()).into());
                }
                tokio::spawn(self.agent.clone().dial_link(uri, Start::Warm));
            }
            DesktopRequest::DialSelection { display } => {
                let display = display.filter(|display| self.is_elsewhere(Some(display)));
                let agent = self.agent.clone();
                tokio::spawn(async move { agent.dial_selection(display).await });
            }
            DesktopRequest::GetSettings => return Ok(DesktopReply::Settings(self.settings().await?)),
            DesktopRequest::SetSettings(wanted) => {
                self.change(wanted).await?;
                return Ok(DesktopReply::Settings(self.settings().await?));
            }
            DesktopRequest::Restart if call_is_up(&self.agent.engine.view().borrow()) => {
                return Err(Reason::WrongUsage("a call is up; restart when it is over".to_owned()).into());
            }
            DesktopRequest::Restart => drop(tokio::spawn(self.agent.clone().act(Act::Restart.into()))),
            DesktopRequest::Quit => drop(tokio::spawn(self.agent.clone().act(Act::Quit.into()))),
        }
        Ok(DesktopReply::Done)
    }

    fn view(&self) -> watch::Receiver<Arc<View>> {
        self.agent.engine.view()
    }

    fn people(&self) -> watch::Receiver<u64> {
        self.agent.engine.people()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.agent.engine.events()
    }

    fn show(&self) -> Option<broadcast::Receiver<OpenWindowParams>> {
        Some(self.agent.show.subscribe())
    }

    fn show_on(&self, display: Option<&str>) -> Option<broadcast::Receiver<OpenWindowParams>> {
        // A click here must not open the window of another login of this user, on a screen nobody sits at.
        if self.is_elsewhere(display) { None } else { self.show() }
    }

    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn restart_needed(&self) -> bool {
        let agent = self.agent.clone();
        tokio::spawn(async move { agent.look_for_update(Duration::ZERO).await });
        upgrade::is_replaced()
    }
}

fn does_not_answer(hangs: Hangs) -> Trouble {
    Trouble {
        text: "Your home folder does not answer, so nobody knows how these settings are.".to_owned(),
        remedy: Some("Look whether its disk or server works, and try again.".to_owned()),
        detail: Some(hangs.to_string()),
        ..Trouble::from(Reason::NotAvailable)
    }
}

/// `:0.0` and `:0` are one display.
fn without_screen(display: &str) -> &str {
    match display.rsplit_once(':') {
        Some((_, number)) if number.contains('.') => display.rsplit_once('.').map_or(display, |(name, _)| name),
        Some(_) | None => display,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_the_same_with_and_without_its_screen() {
        for (display, name) in [(":0", ":0"), (":0.0", ":0"), ("host.example:1.2", "host.example:1"), ("wayland-0", "wayland-0")]
        {
            assert_eq!(without_screen(display), name);
        }
    }
}
