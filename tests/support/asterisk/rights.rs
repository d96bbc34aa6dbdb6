//! Actions, the classes they need, and which release has them (section 3).

use super::options::{Release, User};

/// One action: name, classes of which a user needs one in `write` (none: everybody may), what `ListCommands` says.
pub(super) struct Right {
    pub(super) action: &'static str,
    classes: &'static [&'static str],
    synopsis: &'static str,
    since_22: bool,
}

const fn right(action: &'static str, classes: &'static [&'static str], synopsis: &'static str) -> Right {
    Right { action, classes, synopsis, since_22: false }
}

const CALL: &[&str] = &["call"];
const CALL_SYSTEM: &[&str] = &["system", "call"];
const CALL_REPORTING: &[&str] = &["call", "reporting"];
const REPORTING: &[&str] = &["system", "reporting"];
const SYSTEM: &[&str] = &["system"];
const NONE: &[&str] = &[];

/// All actions this server knows, those included that this fake refuses to do.
pub(super) const RIGHTS: &[Right] = &[
    right("Atxfer", CALL, "Attended transfer."),
    right("BlindTransfer", CALL, "Blind transfer channel(s) to the given destination"),
    right("Bridge", CALL, "Bridge two channels already in the PBX."),
    right("BridgeInfo", NONE, "Get information about a bridge."),
    right("BridgeList", NONE, "Get a list of bridges in the system."),
    right("CancelAtxfer", CALL, "Cancel an attended transfer."),
    right("Challenge", NONE, "Generate Challenge for MD5 Auth."),
    right("Command", &["command"], "Execute Asterisk CLI Command."),
    right("CoreSettings", REPORTING, "Show PBX core settings (version etc)."),
    right("CoreShowChannels", REPORTING, "List currently active channels."),
    right("CoreStatus", REPORTING, "Show PBX core status variables."),
    right("DBDel", SYSTEM, "Delete DB entry."),
    right("DBGet", REPORTING, "Get DB Entry."),
    right("DBGetTree", REPORTING, "Get DB entries, optionally at a particular family/key"),
    right("DBPut", SYSTEM, "Put DB entry."),
    right("DeviceStateList", CALL_REPORTING, "List the current known device states."),
    right("Events", NONE, "Control Event Flow."),
    right("ExtensionState", CALL_REPORTING, "Check Extension Status."),
    right("ExtensionStateList", CALL_REPORTING, "List the current known extension states."),
    right("Filter", SYSTEM, "Dynamically add filters for the current manager session."),
    right("Getvar", CALL_REPORTING, "Gets a channel variable or function value."),
    right("Hangup", CALL_SYSTEM, "Hangup channel."),
    right("ListCommands", NONE, "List available manager commands."),
    right("Login", NONE, "Login Manager."),
    right("Logoff", NONE, "Logoff Manager."),
    right("MailboxCount", CALL_REPORTING, "Check Mailbox Message Count."),
    right("MailboxStatus", CALL_REPORTING, "Check mailbox."),
    right("Originate", &["originate"], "Originate a call."),
    right("Park", CALL, "Park a channel."),
    right("ParkedCalls", CALL, "List parked calls."),
    right("Parkinglots", CALL, "Get a list of parking lots"),
    right("Ping", NONE, "Keepalive command."),
    Right { since_22: true, ..right("PJSIPHangup", CALL_SYSTEM, "Hangup an incoming PJSIP channel with a SIP response code") },
    right("PJSIPNotify", SYSTEM, "Send a NOTIFY to either an endpoint, an arbitrary URI, or inside a SIP dialog."),
    right("PJSIPShowContacts", SYSTEM, "Lists PJSIP Contacts."),
    right("PJSIPShowEndpoints", SYSTEM, "Lists PJSIP endpoints."),
    right("PlayDTMF", CALL, "Play DTMF signal on a specific channel."),
    right("PresenceState", CALL_REPORTING, "Check Presence State"),
    right("PresenceStateList", CALL_REPORTING, "List the current known presence states."),
    right("QueuePause", &["agent"], "Makes a queue member temporarily unavailable."),
    right("QueueStatus", NONE, "Show queue status."),
    right("QueueSummary", NONE, "Show queue summary."),
    right("Redirect", CALL, "Redirect (transfer) a call."),
    right("Setvar", CALL, "Sets a channel variable or function value."),
    right("Status", CALL_SYSTEM, "List channel status."),
    right("WaitEvent", NONE, "Wait for an event to occur."),
];

impl Right {
    /// Returns whether a user may do it.
    pub(super) fn given(&self, user: &User) -> bool {
        self.classes.is_empty() || self.classes.iter().any(|class| user.write.contains(*class))
    }

    /// Returns whether a release has it, with or without the module of NOTIFY.
    pub(super) fn exists(&self, release: Release, notify_module: bool) -> bool {
        (!self.since_22 || release == Release::V22) && (notify_module || self.action != "PJSIPNotify")
    }

    /// Returns what `ListCommands` says of it.
    pub(super) fn text(&self) -> String {
        let classes = if self.classes.is_empty() { "<none>".to_owned() } else { format!("{},all", self.classes.join(",")) };
        format!("{}  (Priv: {classes})", self.synopsis)
    }
}

/// Finds an action, in any case of its letters.
pub(super) fn find(action: &str) -> Option<&'static Right> {
    RIGHTS.iter().find(|right| right.action.eq_ignore_ascii_case(action))
}
