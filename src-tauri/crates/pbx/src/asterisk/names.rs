//! Names of colleagues: hints have none, so the settings of the phones behind them are asked.

use phone_core::told::Told;

use super::packet::{Action, Packet};
use super::{Asked, Asterisk, Phase};
use crate::dialect::Effects;

/// So many names are asked for at once; the rest waits for their answers, so that calls never wait behind a directory.
const AT_ONCE: usize = 24;

impl Asterisk {
    /// Asks for the own name with the first picture: whoever is called sees it.
    pub(super) fn ask_own_name(&mut self, out: &mut Effects) {
        let own = self.keys.extension.clone();
        let endpoint = self.keys.devices.iter().find_map(|device| super::keys::Keys::endpoint(device)).map(str::to_owned);
        let Some(endpoint) = endpoint else { return };
        let variable = caller_id_of(&endpoint);
        self.ask_list(Asked::Name(own), |id| Action::new("Getvar", id).with("Variable", &variable), out);
    }

    /// Asks for the names that nobody has told yet, once the picture is whole.
    pub(super) fn begin_names(&mut self, out: &mut Effects) {
        self.names_wanted = self.people.without_names();
        self.ask_names(out);
    }

    fn ask_names(&mut self, out: &mut Effects) {
        let mut open = self.asked.values().filter(|asked| matches!(asked, Asked::Name(_))).count();
        while open < AT_ONCE && !self.asked.is_full() {
            let Some((number, endpoint)) = self.names_wanted.pop() else { return };
            let variable = caller_id_of(&endpoint);
            self.ask(Asked::Name(number), |id| Action::new("Getvar", id).with("Variable", &variable), out);
            open += 1;
        }
    }

    pub(super) fn told_name(&mut self, number: &str, packet: &Packet<'_>, out: &mut Effects) {
        let value = packet.text("Value").filter(|_| packet.is_success()).unwrap_or_default();
        let live = self.phase == Phase::Live;
        if let Some(name) = name_in(value)
            && let Some(person) = self.people.named(number, name, true).filter(|_| live)
        {
            out.tell(Told::Person(person));
        }
        if live {
            self.ask_names(out);
        }
    }
}

fn caller_id_of(endpoint: &str) -> String {
    format!("PJSIP_ENDPOINT({endpoint},callerid)")
}

/// The name in `"Bob Example" <101>`, if there is one.
fn name_in(value: &str) -> Option<&str> {
    let name = value.split('<').next().unwrap_or_default().trim().trim_matches('"').trim();
    (!name.is_empty()).then_some(name)
}
