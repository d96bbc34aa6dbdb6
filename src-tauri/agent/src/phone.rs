//! The agent as clients of the control socket see it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use phone_control::protocol::{CallReply, DialEmergencyParams, OpenWindowParams, SetSettingsParams, SettingsReply};
use phone_control::{DesktopReply, DesktopRequest, Phone, without_screen};
use phone_core::call::tidy;
use phone_core::request::Answer;
use phone_core::{Event, Reason, Reply, Request, Trouble, View};
use tokio::sync::{broadcast, watch};

use crate::agent::Agent;
use crate::desktop::hotkey::Combination;
use crate::desktop::links::{self, ALL, Clicked};
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
        Self { agent, display: phone_control::display() }
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
        let looked = self.agent.files.with(move || (autostart::linux::is_on(&folders), links::linux::owners(&folders)));
        let (autostart, owners) = looked.await.map_err(does_not_answer)?;
        let ours = owners.iter().map(|(scheme, owner)| ((*scheme).to_owned(), links::linux::is_ours(owner.as_ref())));
        let handler = ours.collect();
        let named = owners.iter().filter_map(|(scheme, owner)| Some(((*scheme).to_owned(), tidy(&owner.as_ref()?.name))));
        let owners = named.collect();
        Ok(SettingsReply { desktop: self.agent.engine.desktop().borrow().clone(), autostart, handler, owners })
    }

    async fn change(&self, wanted: SetSettingsParams) -> Result<(), Trouble> {
        let SetSettingsParams { desktop, autostart, handler } = wanted;
        if let Some(patch) = desktop {
            for keys in patch.hotkeys() {
                Combination::parse(keys).map_err(|error| Reason::WrongUsage(error.to_string()))?;
            }
            self.agent.engine.change_desktop(move |now| patch.apply(now)).await?;
        }
        let handler = handler.unwrap_or_default();
        let unknown = handler.keys().find(|scheme| !ALL.contains(&scheme.as_str()));
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
            DesktopRequest::HandleLink { uri, clicked_ms, .. } => {
                if !links::is_ours(&uri) {
                    return Err(Reason::WrongUsage("this is not a link of a kind that Trayphone opens".to_owned()).into());
                }
                self.agent.link_comes(uri, Clicked::told(clicked_ms)).await?;
            }
            DesktopRequest::TestLink => return Ok(DesktopReply::LinkTested(self.agent.test_link().await?)),
            DesktopRequest::DialSelection { display } => {
                let display = display.filter(|display| self.is_elsewhere(Some(display)));
                self.agent.selection_comes(display).await?;
            }
            DesktopRequest::PrepareEmergency(wanted) => {
                return Ok(DesktopReply::Emergency(self.agent.prepare_emergency(wanted).await?));
            }
            DesktopRequest::DialEmergency(DialEmergencyParams { token }) => {
                let begun = self.agent.engine.ask(Request::DialEmergency(token)).await?;
                let call = if let Reply::Call(call) = begun { Some(call) } else { None };
                return Ok(DesktopReply::Call(CallReply { call }));
            }
            DesktopRequest::TakeText => return Ok(DesktopReply::Text(self.agent.take_text())),
            DesktopRequest::TakePairing => return Ok(DesktopReply::Pairing(self.agent.take_pairing())),
            DesktopRequest::Question => return Ok(DesktopReply::Question(self.agent.question())),
            DesktopRequest::AnswerQuestion(answer) => self.agent.answer_question(answer).await?,
            DesktopRequest::GetSettings => return Ok(DesktopReply::Settings(self.settings().await?)),
            DesktopRequest::SetSettings(wanted) => {
                self.change(*wanted).await?;
                return Ok(DesktopReply::Settings(self.settings().await?));
            }
            DesktopRequest::Hotkeys => return Ok(DesktopReply::Hotkeys(self.agent.hotkeys_told().await)),
            DesktopRequest::TestHotkey(name) => return Ok(DesktopReply::HotkeyTested(self.agent.test_hotkey(name).await?)),
            DesktopRequest::RetryHotkeys => return Ok(DesktopReply::Hotkeys(self.agent.retry_hotkeys().await)),
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
