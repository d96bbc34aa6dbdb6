//! What the action messages of the user WebSocket do in each generation (section 2.4).

use serde_json::Value;

use super::frames;
use super::options::{Generation, Options, SocketControl};
use super::records::{CallId, DialPath, Outcome};
use super::state::{Outgoing, Socket, State};

const UNKNOWN: Outcome = Outcome::Ignored("this generation does not know the action");
const NO_CALL: Outcome = Outcome::Ignored("no such call of this user");
const NOT_NOW: Outcome = Outcome::Ignored("not possible in this state of the call");
const MALFORMED: Outcome = Outcome::Ignored("a field is missing or of a wrong type");

impl State {
    /// Obeys or ignores one action. There is never an error reply (section 2.2).
    pub(super) fn act(&mut self, socket: u64, user: &str, name: &str, message: &Value, options: &Options) -> Outcome {
        let third = options.generation == Generation::G3;
        match name {
            "wskeepalive" if options.generation == Generation::G2 => Outcome::Done,
            "avoid-disconnect" if options.generation >= Generation::G2 => Outcome::Done,
            "get-users" if options.answers_asks => {
                self.with_socket(socket, |socket| socket.wants_users = true);
                let text = frames::domain_state(self, self.frames, options);
                self.send(socket, Outgoing::Text { text, call_state: false });
                Outcome::Done
            }
            "get-calls" if options.answers_asks => {
                self.with_socket(socket, |socket| socket.wants_calls = true);
                self.show_calls(socket, options);
                Outcome::Done
            }
            "own-calls" | "domain-calls" | "orbit-calls" if third => self.subscribe(socket, name, message, options),
            "blf" if third => self.lamps(socket, message, options),
            "ringtones" if third => {
                let text = r#"{"ringtones":["default","bell"]}"#.to_owned();
                self.send(socket, Outgoing::Text { text, call_state: false });
                Outcome::Done
            }
            "make-call" | "clear-call" if options.socket_control != SocketControl::Nothing => {
                self.order(user, name, message, options)
            }
            "accept-call" | "hold-call" | "blind-transfer" | "att-transfer" if options.socket_control == SocketControl::Full => {
                self.order(user, name, message, options)
            }
            "rec-call" | "add-to-crm" | "chat" if options.generation == Generation::G1 => Outcome::Done,
            "sip-register" => {
                self.violation("socket: sip-register turns the controller into a phone");
                Outcome::Ignored("forbidden to a controller")
            }
            webrtc if is_webrtc(webrtc) => {
                self.violation(format!("socket: {webrtc} is for phones"));
                Outcome::Ignored("forbidden to a controller")
            }
            "make-call" => {
                // Listed as a dial that nobody obeyed, so that "exactly one dial" counts it.
                let number = message.get("to").and_then(Value::as_str).unwrap_or_default().to_owned();
                let (by, at) = (user.to_owned(), std::time::Instant::now());
                self.dial_received(super::records::Dial { by, path: DialPath::Socket, number, name: None, call: None, at });
                UNKNOWN
            }
            _ => UNKNOWN,
        }
    }

    fn with_socket(&mut self, socket: u64, change: impl FnOnce(&mut Socket)) {
        if let Some(socket) = self.sockets.get_mut(&socket) {
            change(socket);
        }
    }

    fn subscribe(&mut self, socket: u64, name: &str, message: &Value, options: &Options) -> Outcome {
        let Some(on) = message.get("subscribe").and_then(Value::as_bool) else {
            self.violation(format!("socket: {name} needs subscribe as a bool"));
            return MALFORMED;
        };
        match name {
            "own-calls" => self.with_socket(socket, |socket| socket.wants_calls = on),
            "domain-calls" => self.with_socket(socket, |socket| socket.wants_tenant_calls = on),
            _ => return Outcome::Done,
        }
        if on && options.snapshot_on_subscribe {
            self.show_calls(socket, options);
        }
        Outcome::Done
    }

    fn lamps(&mut self, socket: u64, message: &Value, options: &Options) -> Outcome {
        let list = |key: &str| -> Option<Vec<String>> {
            let list = message.get(key)?.as_array()?;
            list.iter().map(|each| each.as_str().map(str::to_owned)).collect()
        };
        let (add, remove) = (list("add"), list("remove"));
        if add.is_none() && remove.is_none() {
            self.violation("socket: blf needs add as an array of strings");
            return MALFORMED;
        }
        if !frames::lamps_answer(options) {
            return Outcome::Done;
        }
        let (add, remove) = (add.unwrap_or_default(), remove.unwrap_or_default());
        self.with_socket(socket, |socket| {
            socket.lamps.extend(add.iter().cloned());
            for gone in &remove {
                socket.lamps.remove(gone);
            }
        });
        for number in &add {
            self.show_account(socket, number, options);
        }
        Outcome::Done
    }

    /// Obeys a call control action.
    fn order(&mut self, user: &str, name: &str, message: &Value, options: &Options) -> Outcome {
        let text = |key: &str| message.get(key).and_then(Value::as_str);
        if name == "make-call" {
            let Some(to) = text("to").map(str::to_owned) else {
                self.violation("socket: make-call needs to as a string");
                return MALFORMED;
            };
            return match self.dial(user, &to, None, DialPath::Socket, false, options) {
                Some(_) => Outcome::Done,
                None => NOT_NOW,
            };
        }
        let Ok(id) = self.call_of(user, message, "id") else { return MALFORMED };
        let Some(id) = id else { return NO_CALL };
        let done = match name {
            "clear-call" => {
                if message.get("connected").is_some_and(|value| !matches!(value.as_str(), Some("true" | "false"))) {
                    self.violation("socket: connected must be the text true or false");
                    return MALFORMED;
                }
                self.clear(id, user)
            }
            "accept-call" => {
                let obeys = self.company.accounts.get(user).is_some_and(|account| account.remote_answer && account.registered);
                if !obeys {
                    return Outcome::Ignored("the phone cannot be answered remotely");
                }
                self.answer(id, user, options)
            }
            "hold-call" => {
                let on = !self.holds(id, user);
                self.hold(id, user, on)
            }
            "blind-transfer" => {
                let (Some(from), Some(to)) = (text("from"), text("to")) else {
                    self.violation("socket: blind-transfer needs from and to");
                    return MALFORMED;
                };
                if !self.is_remote(id, user, from, options) {
                    return Outcome::Ignored("from is not the other party");
                }
                self.transfer_blind(id, user, to, options)
            }
            _ => {
                let Ok(other) = self.call_of(user, message, "id2") else { return MALFORMED };
                let Some(other) = other else { return NO_CALL };
                let (Some(from), Some(to)) = (text("from"), text("to")) else {
                    self.violation("socket: att-transfer needs from and to");
                    return MALFORMED;
                };
                if !self.is_remote(id, user, from, options) || !self.is_remote(other, user, to, options) {
                    return Outcome::Ignored("from or to is not the other party");
                }
                self.transfer_attended(id, other, user)
            }
        };
        if done { Outcome::Done } else { NOT_NOW }
    }

    /// Reads a call id, which clients send as text. An error means malformed, `None` no such call.
    fn call_of(&mut self, user: &str, message: &Value, key: &str) -> Result<Option<CallId>, ()> {
        let Some(text) = message.get(key).and_then(Value::as_str) else {
            self.violation(format!("socket: {key} must be a string"));
            return Err(());
        };
        let id = text.parse().ok().map(CallId);
        Ok(id.filter(|id| self.calls.get(id).is_some_and(|call| call.is_shown_to(user))))
    }

    /// Tells whether a text names the other party as `number` or `number@domain`.
    fn is_remote(&mut self, id: CallId, user: &str, text: &str, options: &Options) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let remote = call.remote(user);
        let number = text.split_once('@').map_or(text, |(number, _)| number);
        let fits = number == remote.number || number == frames::field_number(remote, options);
        if !fits {
            self.violation("socket: a transfer names a party that is not in the call");
        }
        fits
    }
}

fn is_webrtc(name: &str) -> bool {
    name.starts_with("sip-")
        || matches!(
            name,
            "sdp-packet"
                | "sdp-200ok"
                | "ice-candidate"
                | "bye-response"
                | "cancel-response"
                | "wrtc-hold"
                | "mute"
                | "blind-transfer2"
        )
}
