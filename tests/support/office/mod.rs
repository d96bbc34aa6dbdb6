//! An office with a PBX, told as what people do at their phones.
//!
//! The shared list of scenarios (`tests/office/`) speaks these words only, so it runs unchanged against every fake and against
//! real PBXs with real phones. What a PBX, its phones or its double cannot do is declared as [`Need`], never passed over in silence.

pub mod asterisk;
pub mod real_asterisk;
pub mod vodia;

/// Somebody with a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// The user, at the desk phone.
    Me,
    /// The user, at a second phone of the same extension.
    MeElsewhere,
    /// A colleague.
    Bob,
    /// Another colleague.
    Carol,
    /// Mara Beispiel, outside of the company.
    Mara,
}

/// Name of the caller from outside.
pub const MARA: &str = "Mara Beispiel";
/// Number of the caller from outside.
pub const MARA_NUMBER: &str = "+4930555001";

/// What a scenario needs and not every office has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// The phone answers when it is told to from here.
    AnswerFromHere,
    /// The phone holds and takes back when it is told to from here.
    HoldFromHere,
    /// A call that rings here can be sent on to somebody else.
    SendOn,
    /// Tones can be sent from here.
    Tones,
    /// A call can wait while somebody is asked, by one command.
    Consult,
    /// Two calls can be joined.
    Join,
    /// The lamp of a colleague tells that the phone rings.
    LampRings,
    /// Calls can be parked.
    Park,
    /// Calls that ring at a colleague can be taken.
    PickUp,
    /// Do-not-disturb can be switched from here.
    Dnd,
    /// Own calls can be sent to another number from here.
    Forward,
    /// The PBX's list of ended calls tells calls of one second apart.
    ListInMillis,
    /// An extension can have two phones.
    SecondPhone,
    /// People can be at their phones when they are handed a call.
    ColleaguesTalk,
    /// A phone can lose its power.
    Unplug,
    /// The PBX can be killed in the middle of everything.
    Kill,
}

/// How the user signs in: what a person types into a form.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Kind of the PBX.
    pub kind: &'static str,
    /// Address.
    pub url: String,
    /// Tenant.
    pub domain: Option<String>,
    /// User.
    pub user: String,
    /// Password.
    pub password: String,
    /// SHA-256 of a certificate that the user has looked at.
    pub certificate_sha256: Option<String>,
    /// Further keys.
    pub keys: Vec<(&'static str, String)>,
}

/// A PBX with an office around it. Whoever calls a method waits until the PBX has done it; what a program sees of it comes later.
#[expect(async_fn_in_trait, reason = "only tests use it, with the types known")]
pub trait Office: Sized {
    /// What this office cannot do, with why.
    fn lacks(&self) -> Vec<(Need, &'static str)>;
    /// The account of the user.
    fn account(&self) -> Account;
    /// The number by which the user dials somebody.
    fn number(&self, who: Who) -> String;
    /// Somebody dials somebody; the phone there begins to ring.
    async fn calls(&self, from: Who, to: Who) {
        self.reaches(from, to, to).await;
    }
    /// The same, where the call goes to another phone than the dialled one.
    async fn reaches(&self, from: Who, to: Who, at: Who);
    /// Waits until a phone rings.
    async fn rings(&self, who: Who);
    /// Somebody takes the call that rings at the phone.
    async fn answers(&self, who: Who);
    /// Somebody sends away the call that rings at the phone.
    async fn declines(&self, who: Who);
    /// Somebody hangs up, or gives up a call that nobody has taken yet.
    async fn hangs_up(&self, who: Who);
    /// Somebody puts the call on hold at the phone.
    async fn holds(&self, who: Who);
    /// Somebody takes it back at the phone.
    async fn resumes(&self, who: Who);
    /// Somebody hands the call on at the phone, without asking.
    async fn transfers(&self, who: Who, to: Who);
    /// The user lifts the own phone, where it rings first for a dial from a program.
    async fn lifts(&self);
    /// Waits until tones have arrived at a phone.
    async fn hears(&self, who: Who, tones: &str);
    /// Waits until two phones talk with each other, by the PBX's own word.
    async fn talk(&self, one: Who, other: Who);
    /// Waits until there is no call at all, by the PBX's own word.
    async fn is_quiet(&self);
    /// The numbers that a program has asked the PBX to dial, in order.
    fn dials(&self) -> Vec<String>;
    /// A phone loses its power.
    async fn unplug(&self, who: Who);
    /// The PBX ends in good order.
    async fn stop(&self);
    /// The PBX ends at once, without a word.
    async fn kill(&self);
    /// The PBX comes back.
    async fn start(&self);
    /// What the program did that no program may do.
    fn complaints(&self) -> Vec<String>;

    /// Tells whether the office has what a scenario needs.
    fn has(&self, need: Need) -> bool {
        match self.lacks().into_iter().find(|(lacking, _)| *lacking == need) {
            Some((_, why)) => {
                eprintln!("left out, {need:?}: {why}");
                false
            }
            None => true,
        }
    }
}
