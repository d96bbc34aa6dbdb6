//! Who is at the other end of an own leg, and what waits until that is known.
//!
//! A call is known to be answered before the server has said who is in the bridge with the own leg.

use std::time::Duration;

use phone_core::Now;
use phone_core::told::Command;

use super::Asterisk;
use super::channels::Dial;
use super::commands::What;
use crate::dialect::Effects;

/// How long it may take to find out; what is sent then must still have its effect in the time that a command has.
const FINDING: Duration = Duration::from_millis(2500);

/// Who hears what is sent into a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    /// The channel of the other side.
    Peer(String),
    /// The PBX itself: a mailbox, a menu, a conference.
    Pbx,
    /// Somebody, of whom the PBX has not told yet.
    NotKnown,
}

impl Asterisk {
    /// Who is at the other end of an own leg that is answered.
    pub(super) fn listener(&self, leg: &str) -> Listener {
        let Some(own) = self.channels.get(leg) else { return Listener::NotKnown };
        let bridge = own.bridge.as_deref().and_then(|bridge| self.channels.bridge(bridge));
        if bridge.is_some_and(|bridge| bridge.waits || bridge.many) {
            return Listener::Pbx;
        }
        if let Some(peer) = self.channels.peer(leg) {
            return Listener::Peer(peer.to_owned());
        }
        // Where somebody was called, or has called, both are put into a bridge in a moment.
        let is_met = own.taken || matches!(own.dial, Dial::Trying | Dial::Answered);
        if own.bridge.is_some() || is_met { Listener::NotKnown } else { Listener::Pbx }
    }

    /// The own legs whose other ends a command is about.
    fn legs_with_peers(&self, command: &Command) -> Vec<String> {
        let keys = if let Command::Dtmf { key, .. } | Command::Park { key, .. } = command {
            vec![key]
        } else if let Command::TransferJoin { key, other, .. } = command {
            vec![key, other]
        } else {
            vec![]
        };
        keys.into_iter().filter_map(|key| self.talking_leg(key).ok()).collect()
    }

    /// Tells whether nothing more has to be found out for a command.
    pub(super) fn knows_peers(&self, command: &Command) -> bool {
        self.legs_with_peers(command).iter().all(|leg| self.listener(leg) != Listener::NotKnown)
    }

    /// Lets a command wait until it is known whom it is about.
    pub(super) fn find_peers(&mut self, command: &Command, now: Now, out: &mut Effects) {
        let until = now.mono + FINDING;
        self.open(command.request(), What::NeedsPeer { command: command.clone(), until });
        for leg in self.legs_with_peers(command) {
            if let Some(bridge) = self.channels.get(&leg).and_then(|leg| leg.bridge.clone()) {
                self.ask_who_is_in(&bridge, out);
            }
        }
    }

    /// Goes on with the commands for which that is known now.
    pub(super) fn go_on_with_peers(&mut self, now: Now, out: &mut Effects) {
        let is_known = |what: &What| matches!(what, What::NeedsPeer { command, .. } if self.knows_peers(command));
        let known: Vec<_> = self.open.iter().filter(|open| is_known(&open.what)).map(|open| open.request).collect();
        for request in known {
            let Some(what) = self.open.get_mut(request) else { continue };
            if let What::NeedsPeer { command, .. } = std::mem::replace(what, What::Begun) {
                self.command_with_peers(&command, now, out);
            }
        }
    }
}
