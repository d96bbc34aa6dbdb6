//! A dialect together with the model: what the user sees of what the server does.

use std::time::Duration;

use phone_core::link::LinkInput;
use phone_core::model::{Begun, Output};
use phone_core::request::Source;
use phone_core::told::RequestId;
use phone_core::view::{CallView, Can};
use phone_core::{AccountName, Code, EventName, Link, Model, Now, Reason};

use super::talk::{Talk, account};
use crate::dialect::Input;

/// Both of them, with everything that the model wanted.
pub struct Shown {
    pub talk: Talk,
    pub model: Model,
    pub name: AccountName,
    requests: RequestId,
    pub outputs: Vec<Output>,
}

impl Shown {
    /// Online at a server of this version, with an empty picture.
    pub fn online(version: &str, keys: &[(&str, &str)]) -> Self {
        let talk = Talk::online(version, keys);
        let mut model = Model::new(0);
        let config = account(keys);
        let mut link = Link::new();
        for input in [LinkInput::SignIn, LinkInput::SignedIn, LinkInput::Synced] {
            link.step(input, talk.now.mono, 0.5);
        }
        model.add_account(&config, talk.now.wall);
        model.link_is(&config.name, &link, None, talk.now);
        let mut shown = Self { talk, model, name: config.name, requests: 100, outputs: vec![] };
        shown.tell();
        shown
    }

    /// Hands on what the dialect told.
    fn tell(&mut self) {
        for told in std::mem::take(&mut self.talk.told) {
            let outputs = self.model.apply(&self.name, told, self.talk.now);
            self.outputs.extend(outputs);
        }
    }

    /// Shows these calls, given as the inside of the array.
    pub fn calls(&mut self, calls: &str) {
        self.talk.calls(calls);
        self.tell();
    }

    /// Takes one frame.
    pub fn says(&mut self, frame: &str) {
        self.talk.text(frame);
        self.tell();
    }

    /// Answers the open question about the calls.
    pub fn replies(&mut self, status: u16, body: &str) {
        self.talk.reply("calls", status, body);
        self.tell();
    }

    /// Asks the model for something and gives what the dialect sends.
    pub fn press(
        &mut self,
        ask: impl FnOnce(&mut Model, RequestId, Now) -> Result<Begun, Reason>,
    ) -> Result<Vec<String>, Reason> {
        self.requests += 1;
        match ask(&mut self.model, self.requests, self.talk.now)? {
            Begun::Send(_, command, outputs) => {
                self.outputs.extend(outputs);
                let said = self.talk.command(&command);
                self.tell();
                Ok(said)
            }
            Begun::Already(_) | Begun::Joined => Ok(vec![]),
        }
    }

    /// Dials what somebody typed.
    pub fn dial(&mut self, text: &str) -> Vec<String> {
        self.press(|model, request, now| model.dial(request, text, None, Source::Typed, true, now)).expect("dialled")
    }

    /// Lets time pass for both.
    pub fn wait(&mut self, time: Duration) {
        self.talk.wait(time);
        self.tell();
        for output in self.model.tick(self.talk.now) {
            if let Output::Expired(_, request) = &output {
                self.talk.feed(Input::Expired(*request));
            }
            self.outputs.push(output);
        }
        self.tell();
    }

    /// The calls as shown.
    pub fn view(&mut self) -> Vec<CallView> {
        self.model.view().calls
    }

    /// Tells whether the only call can be taken back.
    pub fn offers_resume(&mut self) -> bool {
        self.view().first().is_some_and(|call| call.can.contains(&Can::Resume))
    }

    /// How the last command ended.
    pub fn last_end(&self) -> Option<Result<(), Code>> {
        self.outputs.iter().rev().find_map(|output| match output {
            Output::Finished(_, answer) => Some(answer.as_ref().map(|_| ()).map_err(|trouble| trouble.code)),
            Output::Event(_) | Output::Record(_) | Output::Expired(..) | Output::Past(..) => None,
        })
    }

    /// How often something happened.
    pub fn count(&self, name: EventName) -> usize {
        self.outputs.iter().filter(|o| matches!(o, Output::Event(event) if event.event == name)).count()
    }
}
