//! What the user wants, sent once, and how it ends.
//!
//! `Success` means that the server has put it into a queue, never that it is done: each command waits for the event that
//! shows its effect. Numbers are looked up before a transfer, because a wrong one makes the server drop both parties.

use std::collections::VecDeque;
use std::time::Instant;

use phone_core::call::tidy;
use phone_core::told::{Command, RequestId, Told};
use phone_core::{Direction, Now, Reason};

use super::answers::said;
use super::keys::{NOT_A_NUMBER, dialable};
use super::packet::{Action, Packet};
use super::peers::Listener;
use super::redirect::Goal;
use super::{Asked, Asterisk, Phase};
use crate::dialect::{Effects, Random};
use crate::open::End;

/// What a command under way waits for.
pub(super) enum What {
    /// Nothing was sent yet.
    Begun,
    /// Its call shows that it had its effect.
    Shown { key: String },
    /// These legs are being ended.
    HangUp { key: String, legs: Vec<String> },
    /// Who is at the other end is to be found out first.
    NeedsPeer { command: Command, until: Instant },
    /// The own phone is to be called.
    Dial,
    /// The ringing call of a colleague is to be taken, once it is known that the PBX can do that.
    PickUp { from: String, channel: String },
    /// To be handed on without asking.
    Transfer { leg: String, to: String },
    /// The caller of a call that rings is to be sent somewhere else; once that was sent, until when it may take. Before,
    /// whether the caller lets more people ring.
    Redirect { key: String, goal: Goal, until: Option<Instant>, crowd: bool },
    /// Both are to be joined, and our legs to go.
    Join { legs: [String; 2], accepted: bool },
    /// The consultation is to be handed over.
    Complete { leg: String },
    /// Somebody is to be asked.
    Consult { key: String, leg: String, to: String, until: Option<Instant>, aside: bool },
    /// To be parked.
    Park { peer: String },
    /// Tones, one after the other.
    Tones(Tones),
    /// Own do-not-disturb, and when it is looked at.
    Dnd { on: bool, look_at: Instant },
    /// Where own calls are to go.
    Forward(super::forward::Wish),
}

impl What {
    /// When there is something to do for it, or its time is over.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Tones(tones) => (!tones.left.is_empty() && !tones.plays).then_some(tones.next_at),
            Self::NeedsPeer { until, .. } => Some(*until),
            Self::Consult { until, .. } => *until,
            Self::Redirect { goal: Goal::OwnPhone, until, .. } => *until,
            Self::Dnd { look_at, .. } => Some(*look_at),
            Self::Forward(wish) => wish.look_at(),
            Self::Begun
            | Self::Shown { .. }
            | Self::HangUp { .. }
            | Self::Dial
            | Self::PickUp { .. }
            | Self::Transfer { .. }
            | Self::Redirect { .. }
            | Self::Join { .. }
            | Self::Complete { .. }
            | Self::Park { .. } => None,
        }
    }
}

/// A row of tones under way.
pub(super) struct Tones {
    pub key: String,
    pub leg: String,
    /// Who hears them.
    pub to: Listener,
    pub left: VecDeque<char>,
    pub next_at: Instant,
    /// One was sent and has not been answered.
    pub plays: bool,
}

/// Which answer of a command arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Whether the number exists.
    Valid,
    /// What a caller runs.
    Runs,
    /// Whom else a caller lets ring; with the right to it by the list of channels.
    Rings { all: bool },
    /// The action itself.
    Sent,
    /// The end of this leg.
    HangUp(String),
}

impl Asterisk {
    pub(super) fn command(&mut self, command: &Command, now: Now, random: &mut dyn Random, out: &mut Effects) {
        let request = command.request();
        if self.phase != Phase::Live {
            return out.tell(Told::Refused(request, Reason::Offline));
        }
        self.open(request, What::Begun);
        if !self.knows_peers(command) {
            return self.find_peers(command, now, out);
        }
        let done = match command {
            Command::Dial { to, .. } => self.dial(request, to, to, self.channel_id(now, random), out),
            Command::PickUp { from, .. } => self.pick_up(request, from, self.channel_id(now, random), out),
            Command::Answer { key, .. } => self.answer_call(request, key, out),
            Command::Hold { key, .. } => self.hold_call(request, key, true, out),
            Command::Resume { key, .. } => self.hold_call(request, key, false, out),
            Command::HangUp { key, .. } => self.hang_up(request, key, out),
            Command::Dtmf { .. } | Command::TransferJoin { .. } | Command::Park { .. } => {
                return self.command_with_peers(command, now, out);
            }
            Command::TransferTo { key, to, .. } => self.transfer(request, key, to, out),
            Command::Consult { key, to, .. } => self.consult(request, key, to, out),
            Command::SetPresence { presence, until, note, .. } => {
                let plain = until.is_none() && note.is_none();
                self.set_presence(request, *presence, plain, now, random, out)
            }
            Command::SetForwarding { when, to, .. } => {
                self.set_forwarding(request, *when, to.as_deref(), self.channel_id(now, random), out)
            }
        };
        if let Err(reason) = done {
            self.refuse(request, reason, out);
        }
    }

    /// The same for those that are about the other end of a call, now that it is known.
    pub(super) fn command_with_peers(&mut self, command: &Command, now: Now, out: &mut Effects) {
        let request = command.request();
        let done = if let Command::Dtmf { key, digits, .. } = command {
            self.tones(request, key, digits, now, out)
        } else if let Command::TransferJoin { key, other, .. } = command {
            self.join(request, key, other, out)
        } else if let Command::Park { key, .. } = command {
            self.park(request, key, out)
        } else {
            Err(Reason::Unsupported)
        };
        if let Err(reason) = done {
            self.refuse(request, reason, out);
        }
    }

    /// From now on a command waits for this.
    pub(super) fn open(&mut self, request: RequestId, what: What) {
        self.open.look_after(request, what);
    }

    /// Nothing comes of a command.
    pub(super) fn refuse(&mut self, request: RequestId, reason: Reason, out: &mut Effects) {
        self.calls.undialled(request);
        self.tie();
        self.open.end(request, End::No(reason), out);
    }

    /// It had its effect, and no call shows that.
    pub(super) fn confirm(&mut self, request: RequestId, out: &mut Effects) {
        self.open.end(request, End::Done, out);
    }

    /// Sends one action of a command.
    pub(super) fn send_step(
        &mut self,
        request: RequestId,
        step: Step,
        action: impl FnOnce(u64) -> Action,
        out: &mut Effects,
    ) -> u64 {
        self.ask(Asked::Step(request, step), action, out)
    }

    /// Lets the server begin a call; how it went is told by an event with the number of this action.
    pub(super) fn originate(&mut self, request: RequestId, action: impl FnOnce(u64) -> Action, out: &mut Effects) {
        let id = self.send_step(request, Step::Sent, action, out);
        self.open.known_by(request, id);
    }

    /// Asks whether a number exists before anything is sent that a wrong one would harm.
    pub(super) fn ask_valid(&mut self, request: RequestId, number: &str, out: &mut Effects) {
        let variable = self.valid(number);
        self.send_step(request, Step::Valid, |id| Action::new("Getvar", id).with("Variable", &variable), out);
    }

    /// The own phone is called, and from there the number. `shown` is the number as people know it.
    pub(super) fn dial(
        &mut self,
        request: RequestId,
        to: &str,
        shown: &str,
        channel: String,
        out: &mut Effects,
    ) -> Result<(), Reason> {
        let to = dialable(to)?;
        if !self.allows("Originate") {
            return Err(Reason::Unsupported);
        }
        self.calls.dialled(super::calls::Dialled { request, channel: channel.clone(), number: shown.to_owned() });
        self.tie();
        let phone = if self.keys.rings_all {
            format!("Local/{}@{}", self.keys.extension, self.keys.context)
        } else {
            self.keys.devices.first().cloned().ok_or(Reason::Unsupported)?
        };
        let (caller, context) = (self.caller_id(), self.keys.context.clone());
        let action = |id| {
            let action = Action::new("Originate", id).with("Channel", &phone).with("Context", &context).with("Exten", to);
            let action = action.with("Priority", "1").with("CallerID", &caller).with("Timeout", "30000");
            action.with("Async", "true").with("ChannelId", &channel)
        };
        self.originate(request, action, out);
        self.open(request, What::Dial);
        Ok(())
    }

    /// An id that no other session chooses.
    pub(super) fn channel_id(&self, now: Now, random: &mut dyn Random) -> String {
        let mut draw = || (random.unit().clamp(0.0, 1.0) * f64::from(u16::MAX)) as u16;
        format!("tray-{}-{}-{:04x}{:04x}", self.keys.extension, now.wall.as_millisecond(), draw(), draw())
    }

    /// Own name and number; whoever is called sees them, so they are our own.
    pub(super) fn caller_id(&self) -> String {
        let own = &self.keys.extension;
        let name = self.people.name_of(own).map(|name| tidy(&name)).unwrap_or_default();
        let name: String = name.chars().filter(|c| !matches!(c, '"' | '\\' | '<' | '>' | '$' | '{' | '}')).collect();
        if name.trim().is_empty() { format!("<{own}>") } else { format!("\"{}\" <{own}>", name.trim()) }
    }

    fn pick_up(&mut self, request: RequestId, from: &str, channel: String, out: &mut Effects) -> Result<(), Reason> {
        if from.is_empty() || from.len() > 20 || !from.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NOT_A_NUMBER);
        }
        if self.takes_anything() {
            return Err(Reason::Unsupported);
        }
        self.open(request, What::PickUp { from: from.to_owned(), channel });
        self.ask_valid(request, &format!("**{from}"), out);
        Ok(())
    }

    fn hang_up(&mut self, request: RequestId, key: &str, out: &mut Effects) -> Result<(), Reason> {
        let (call, of_consult) = self.calls.find(key).ok_or(Reason::NoSuchCall)?;
        let call = call.clone();
        let leg = call.up.clone();
        self.open(request, What::HangUp { key: key.to_owned(), legs: vec![] });
        match (&call.consult, leg) {
            // Hanging up the own leg would join the two others. Each is ended by itself.
            (Some(_), Some(leg)) if of_consult => {
                let name = self.leg_name(&leg);
                self.send_step(request, Step::Sent, |id| Action::new("CancelAtxfer", id).with("Channel", &name), out);
            }
            (Some(consult), Some(leg)) => {
                let bridge = self.channels.bridge(&consult.home);
                let peer = bridge.and_then(|bridge| self.channels.others(bridge, &leg).next()).ok_or(Reason::LegUnclear)?;
                let peer = peer.to_owned();
                self.hang_up_leg(request, &peer, "16", out);
            }
            _ => {
                let rings = call.up.is_none();
                if let Some(front) = call.front_to_end(&self.channels, self.keys.rings_all).filter(|_| rings) {
                    self.hang_up_leg(request, front, "16", out);
                } else if rings {
                    self.hang_up_what_rings(out);
                } else {
                    let asked = self.asked_in_vain(&call, out);
                    for leg in asked.into_iter().chain(call.legs) {
                        self.hang_up_leg(request, &leg, "16", out);
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the legs that ring although the user does not want their call; the word about one of several phones may come
    /// after that wish.
    fn hang_up_what_rings(&mut self, out: &mut Effects) {
        let mut more = vec![];
        for open in self.open.iter_mut() {
            let What::HangUp { key, legs } = &mut open.what else { continue };
            let Some((call, false)) = self.calls.find(key) else { continue };
            if call.up.is_some() || call.front_to_end(&self.channels, self.keys.rings_all).is_some() {
                continue;
            }
            let cause = if call.direction == Direction::Incoming { "17" } else { "16" };
            let fresh: Vec<String> = call.legs.iter().filter(|leg| !legs.contains(leg)).cloned().collect();
            legs.extend(fresh.iter().cloned());
            more.extend(fresh.into_iter().map(|leg| (open.request, leg, cause)));
        }
        for (request, leg, cause) in more {
            self.hang_up_leg(request, &leg, cause, out);
        }
    }

    fn hang_up_leg(&mut self, request: RequestId, leg: &str, cause: &'static str, out: &mut Effects) {
        let step = Step::HangUp(leg.to_owned());
        self.send_step(request, step, |id| Action::new("Hangup", id).with("Channel", leg).with("Cause", cause), out);
    }

    /// The name of a leg, which every action takes.
    pub(super) fn leg_name(&self, leg: &str) -> String {
        self.channels.get(leg).map_or_else(|| leg.to_owned(), |channel| channel.name.clone())
    }

    /// The answer to an action of a command.
    pub(super) fn step_answered(&mut self, request: RequestId, step: Step, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        // It has ended, or had its time: whatever would follow must not be sent late.
        let Some(what) = self.open.get_mut(request) else { return };
        if step == Step::Valid {
            return if packet.is_success() && packet.text("Value") == Some("1") {
                self.number_exists(request, now, out);
            } else if packet.is_success() {
                self.refuse(request, Reason::RefusedByPbx("there is no such number".to_owned()), out);
            } else {
                self.refuse(request, said(packet), out);
            };
        }
        if step == Step::Runs {
            return self.told_what_runs(request, packet, out);
        }
        if let (Step::Rings { .. }, true) = (&step, packet.is_success()) {
            // No list follows, so nobody can tell.
            return self.refuse(request, Reason::LegUnclear, out);
        }
        if packet.is_success() {
            if let What::Join { accepted, .. } = what {
                *accepted = true;
                self.look_at_open(now, out);
            } else if let What::Tones(tones) = what {
                self.tones_from = Some(tones.has_played(now));
                self.look_at_open(now, out);
            } else if let What::Redirect { key, .. } = what {
                let key = key.clone();
                self.redirected(&key);
            }
            return;
        }
        let one_of_several = matches!(what, What::HangUp { .. });
        match step {
            // It is over already, which is what was wanted.
            Step::HangUp(leg) if packet.message().to_ascii_lowercase().contains("no such channel") => {
                self.channels.ends(&leg, 16);
                self.follow(now, out);
                if !one_of_several {
                    self.open.leave(request);
                }
            }
            Step::HangUp(_) | Step::Valid | Step::Runs | Step::Rings { .. } | Step::Sent => {
                self.not_redirected(request);
                self.refuse(request, said(packet), out);
            }
        }
    }

    fn number_exists(&mut self, request: RequestId, now: Now, out: &mut Effects) {
        let Some(what) = self.open.get_mut(request) else { return };
        if let What::PickUp { from, channel } = what {
            let (from, channel) = (std::mem::take(from), std::mem::take(channel));
            if let Err(reason) = self.dial(request, &format!("**{from}"), &from, channel, out) {
                self.refuse(request, reason, out);
            }
        } else if let What::Redirect { .. } = what {
            self.place_exists(request, out);
        } else if let What::Forward(_) = what {
            self.forward_goes_on(request, now, out);
        } else {
            self.number_is_good(request, now, out);
        }
    }

    /// How a dial of ours went, by the event that tells it; it may come before the answer to the action.
    pub(super) fn originated(&mut self, action: u64, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        let Some(request) = self.open.take_number(action).filter(|_| !packet.is_success()) else { return };
        match self.open.get_mut(request) {
            Some(What::Dial) => {
                let why = match packet.text("Reason") {
                    Some("3") => "the own phone does not react",
                    Some("5") => "the own phone is busy",
                    _ => "the own phone cannot be reached",
                };
                self.refuse(request, Reason::RefusedByPbx(why.to_owned()), out);
                self.follow(now, out);
            }
            Some(What::Dnd { .. } | What::Forward(_)) => {
                self.refuse(request, Reason::RefusedByPbx("the code was not accepted".to_owned()), out);
            }
            _ => {}
        }
    }

    /// A command had no effect in time.
    pub(super) fn expired(&mut self, request: RequestId, out: &mut Effects) {
        let Some(open) = self.open.leave(request) else { return };
        if let What::Consult { until: Some(_), aside: false, .. } = open.what {
            self.atxfer_does_nothing(out);
        }
        if let What::Forward(wish) = &open.what {
            self.forward_expired(wish, out);
        }
    }

    /// Ends commands whose effect shows, and those whose call is over.
    pub(super) fn look_at_open(&mut self, now: Now, out: &mut Effects) {
        self.hang_up_what_rings(out);
        self.go_on_with_peers(now, out);
        self.look_at_answers(now, out);
        let requests: Vec<RequestId> = self.open.iter().map(|open| open.request).collect();
        for request in requests {
            let (channels, calls) = (&self.channels, &self.calls);
            let Some(what) = self.open.get_mut(request) else { continue };
            let stands = match what {
                What::Shown { key } | What::HangUp { key, .. } if calls.find(key).is_none() => Stands::Shown,
                What::NeedsPeer { until, .. } if *until <= now.mono => Stands::Ends(End::No(NOBODY_TOLD)),
                // Its call shows the rest.
                What::Dial if calls.has_call_of(request) => Stands::Shown,
                What::Join { legs, accepted: true } if legs.iter().all(|leg| channels.get(leg).is_none()) => {
                    Stands::Ends(End::Done)
                }
                What::Consult { key, leg, aside, until, .. } => match calls.find(key) {
                    None => Stands::Shown,
                    Some((call, _)) if call.consult.is_some() => Stands::Ends(End::Done),
                    Some(_) => {
                        let is_aside = channels.get(leg).is_some_and(|leg| leg.aside);
                        let came_back = *aside && !is_aside;
                        *aside |= is_aside;
                        match until {
                            _ if came_back => Stands::Ends(no("the number cannot be called")),
                            Some(at) if *at <= now.mono && *aside => Stands::Ends(End::Unclear),
                            Some(at) if *at <= now.mono => Stands::Nothing,
                            _ => Stands::Waits,
                        }
                    }
                },
                What::Tones(tones) if calls.find(&tones.key).is_none() => Stands::Shown,
                What::Tones(tones) if tones.left.is_empty() && !tones.plays => Stands::Ends(End::Done),
                What::Begun
                | What::Shown { .. }
                | What::HangUp { .. }
                | What::NeedsPeer { .. }
                | What::Dial
                | What::PickUp { .. }
                | What::Transfer { .. }
                | What::Redirect { .. }
                | What::Join { .. }
                | What::Complete { .. }
                | What::Park { .. }
                | What::Tones(_)
                | What::Dnd { .. }
                | What::Forward(_) => Stands::Waits,
            };
            match stands {
                Stands::Waits => {}
                Stands::Shown => _ = self.open.leave(request),
                Stands::Ends(End::No(reason)) => self.refuse(request, reason, out),
                Stands::Ends(end) => self.open.end(request, end, out),
                Stands::Nothing => {
                    self.refuse(request, Reason::RefusedByPbx("this phone cannot ask first".to_owned()), out);
                    self.atxfer_does_nothing(out);
                }
            }
        }
    }
}

/// How a command stands.
enum Stands {
    Waits,
    /// The calls show its end.
    Shown,
    Ends(End),
    /// What was typed was no code for the PBX; the other side heard it.
    Nothing,
}

/// The PBX said no.
fn no(why: &str) -> End {
    End::No(Reason::RefusedByPbx(why.to_owned()))
}

const NOBODY_TOLD: Reason = Reason::NotNow("The PBX does not tell who is at the other end of this call.");
