//! The one picture that tray, window and scripts draw from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{Abilities, AccountName};
use crate::call::{CallId, CallState, Direction, Outcome, Party};
use crate::forward::Forwarding;
use crate::people::Presence;
use crate::reason::Why;

/// Everything shown except the list of people, which is read in pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct View {
    /// Grows with every change; an older one is dropped by readers.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub revision: u64,
    /// One entry an account, in the user's order.
    pub accounts: Vec<AccountView>,
    /// Live calls, the newest ringing one first.
    pub calls: Vec<CallView>,
    /// Calls that this user has parked, the newest first; at most eight an account.
    #[serde(default)]
    pub parked: Vec<ParkedView>,
    /// Missed calls nobody has looked at yet.
    pub missed: u32,
    /// The last ended calls, newest first, at most ten.
    pub recent: Vec<CallRecord>,
    /// Things about the agent itself that the user should know, each one sentence.
    pub hints: Vec<Hint>,
}

/// Something about the agent or desktop the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Hint {
    /// What it is about, such as `settings_broken` or `restart_to_update`.
    pub about: String,
    /// What happened.
    pub text: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// Link states by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LinkName {
    /// Nothing is tried.
    SignedOut,
    /// Connecting.
    Opening,
    /// Signed in, picture not whole yet.
    Syncing,
    /// Live.
    Online,
    /// Between two attempts.
    Waiting,
    /// Only the user can help.
    Stopped,
}

/// One account as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountView {
    /// The user's name for it.
    pub name: AccountName,
    /// Kind of PBX, for wording in the window only.
    pub kind: String,
    /// Where the link stands.
    pub link: LinkName,
    /// Since when.
    #[cfg_attr(feature = "ts", ts(as = "String"))]
    pub since: Timestamp,
    /// Why it is not online.
    pub why: Option<Why>,
    /// When the next attempt begins.
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub retry_at: Option<Timestamp>,
    /// Who is signed in.
    pub user: Option<String>,
    /// The person's name at the PBX; untrusted text.
    pub display_name: Option<String>,
    /// Product and version the server names; untrusted text.
    pub server: Option<String>,
    /// Generation the dialect settled on.
    pub dialect: Option<String>,
    /// What can be done here.
    pub abilities: Abilities,
    /// The user's own presence; unknown while the link is not online.
    pub presence: Presence,
    /// Own do-not-disturb, when known.
    pub dnd: Option<bool>,
    /// Where the own calls go; none while that is not known.
    #[serde(default)]
    pub forwarding: Option<Forwarding>,
    /// Address without user or query.
    pub url: String,
    /// Tenant.
    pub domain: Option<String>,
}

/// What a person may do to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// Answer it.
    Answer,
    /// Hang up or decline.
    HangUp,
    /// Put on hold.
    Hold,
    /// Take back from hold.
    Resume,
    /// Hand on.
    Transfer,
    /// Join with another call.
    TransferToCall,
    /// Send tones.
    Dtmf,
    /// Call somebody about it while it waits.
    Consult,
    /// Put it where anybody can fetch it.
    Park,
}

/// A command that was sent and not confirmed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// A dial.
    Dialing,
    /// An answer.
    Answering,
    /// A hang-up or decline.
    HangingUp,
    /// A hold.
    Holding,
    /// A resume.
    Resuming,
    /// A transfer.
    Transferring,
    /// Tones.
    SendingTones,
    /// A call to somebody about it.
    Consulting,
    /// A way to its parking place.
    Parking,
}

/// One live call as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallView {
    /// Ours, the same from dialling to the end.
    pub id: CallId,
    /// Whose PBX carries it.
    pub account: AccountName,
    /// Who began it.
    pub direction: Direction,
    /// Where it stands.
    pub state: CallState,
    /// The other side.
    pub remote: Party,
    /// Queue, group or forwarding it came through.
    pub via: Option<Party>,
    /// When it entered its state, by our clock.
    #[cfg_attr(feature = "ts", ts(as = "String"))]
    pub since: Timestamp,
    /// When it was answered.
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub connected_at: Option<Timestamp>,
    /// The link was lost and the PBX has not said since.
    pub stale: bool,
    /// What can be done now.
    pub can: Vec<Can>,
    /// What was asked and not confirmed yet.
    pub doing: Option<Doing>,
    /// Digits of the number for after the answer, such as an extension; the user sends them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub post_dial: Option<String>,
    /// The other call, when two belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub related: Option<Related>,
}

/// How two calls belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Somebody is asked about a call: the PBX keeps both together, and ending the question brings back the call that waits.
    Consulting,
    /// Two calls by themselves, of which one waits; they can be joined.
    Joinable,
}

/// The other one of two calls that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Related {
    /// The other call.
    pub call: CallId,
    /// How they belong together.
    pub how: Relation,
    /// This one is the one that waits; of a pair that is exactly one.
    pub waits: bool,
}

/// A call that this user has parked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ParkedView {
    /// Name of the call that was parked, or one of its own where only the PBX knows of it.
    pub id: CallId,
    /// Whose PBX keeps it.
    pub account: AccountName,
    /// The number to dial for it, when the PBX says so.
    pub place: Option<String>,
    /// Who waits there.
    pub who: Party,
    /// When it was parked.
    #[cfg_attr(feature = "ts", ts(as = "String"))]
    pub since: Timestamp,
    /// The link was lost then, and the PBX has not said since whether it still waits.
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub unknown_since: Option<Timestamp>,
}

/// Where a history entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RecordSource {
    /// Seen by this agent.
    Local,
    /// Told by the PBX.
    Pbx,
    /// Both agree.
    Both,
}

/// One ended call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallRecord {
    /// Ours while it was live, or made from the PBX's.
    pub id: CallId,
    /// Whose PBX carried it.
    pub account: AccountName,
    /// Who began it.
    pub direction: Direction,
    /// How it ended.
    pub outcome: Outcome,
    /// The other side.
    pub remote: Party,
    /// When it began.
    #[cfg_attr(feature = "ts", ts(as = "String"))]
    pub started_at: Timestamp,
    /// When it was answered.
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub connected_at: Option<Timestamp>,
    /// When it ended.
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub ended_at: Option<Timestamp>,
    /// Who tells.
    pub source: RecordSource,
    /// Queue, group or forwarding it came through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub via: Option<Party>,
    /// What the user wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub note: Option<String>,
}
