//! What one fake server is like: release, people, users of the interface, and how ugly it behaves.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::loopback::Tls;

/// The two releases that were measured (section 2.2 says where they differ).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// 16.28.0.
    V16,
    /// 22.10.1.
    V22,
}

impl Release {
    /// Returns what `CoreSettings` tells.
    pub fn version(self) -> &'static str {
        match self {
            Self::V16 => "16.28.0~dfsg-0+deb11u4",
            Self::V22 => "22.10.1+dfsg+~cs6.15.60671435-1",
        }
    }

    /// Returns the version of the interface, which is not that of the server.
    pub fn interface(self) -> &'static str {
        match self {
            Self::V16 => "5.0.4",
            Self::V22 => "11.0.0",
        }
    }
}

/// Somebody who may sign in: a section of `manager.conf`.
#[derive(Debug, Clone)]
pub struct User {
    /// Name.
    pub name: String,
    /// Secret.
    pub secret: String,
    /// Whose desk it is; what it does to other people's legs is then a violation.
    pub extension: Option<String>,
    /// Classes of events it is shown.
    pub read: BTreeSet<String>,
    /// Classes of actions it may do.
    pub write: BTreeSet<String>,
    /// Event filters in the expression form, taken as plain text; `!` excludes.
    pub filters: Vec<String>,
    /// Whether its address is permitted.
    pub permitted: bool,
}

impl User {
    /// Returns the account section 3 recommends for one person.
    pub fn desk(name: &str, secret: &str, extension: &str) -> Self {
        let user = Self {
            name: name.to_owned(),
            secret: secret.to_owned(),
            extension: Some(extension.to_owned()),
            read: BTreeSet::new(),
            write: BTreeSet::new(),
            filters: Vec::new(),
            permitted: true,
        };
        user.rights("call", "call,originate,reporting")
    }

    /// Returns an account that may do and see everything.
    pub fn admin(name: &str, secret: &str) -> Self {
        const ALL: &str = "system,call,log,verbose,command,agent,user,config,dtmf,reporting,cdr,dialplan,originate,security";
        Self { extension: None, ..Self::desk(name, secret, "") }.rights(ALL, ALL)
    }

    /// Replaces the classes, each a list with commas.
    #[must_use]
    pub fn rights(mut self, read: &str, write: &str) -> Self {
        let set = |list: &str| list.split(',').filter(|class| !class.is_empty()).map(str::to_owned).collect();
        (self.read, self.write) = (set(read), set(write));
        self
    }
}

/// One phone on a desk: one registered contact.
#[derive(Debug, Clone)]
pub struct Phone {
    /// Name in this fake; methods in terms of people use it.
    pub name: String,
    /// Endpoint it registers at: what stands in names of channels.
    pub endpoint: String,
    /// Number of its extension.
    pub extension: String,
    /// What it calls itself.
    pub user_agent: String,
    /// Whether it obeys `talk` and `hold` and says so in `Allow-Events`; otherwise a NOTIFY in the dialog is answered 481.
    pub talks: bool,
    /// Whether it obeys them outside the dialog too.
    pub talks_outside: bool,
    /// Whether it obeys `answer-after=0`.
    pub obeys_answer_after: bool,
    /// Whether it is registered.
    pub registered: bool,
}

impl Phone {
    /// Returns a phone that knows nothing but to ring, as baresip does.
    pub fn plain(name: &str, extension: &str) -> Self {
        Self {
            name: name.to_owned(),
            endpoint: extension.to_owned(),
            extension: extension.to_owned(),
            user_agent: "baresip v1.1.0 (x86_64/linux)".to_owned(),
            talks: false,
            talks_outside: false,
            obeys_answer_after: false,
            registered: true,
        }
    }

    /// Returns a phone that obeys everything, as the scripted one does.
    pub fn talking(name: &str, extension: &str) -> Self {
        Self {
            user_agent: "Scripted Phone 1.0".to_owned(),
            talks: true,
            talks_outside: true,
            obeys_answer_after: true,
            ..Self::plain(name, extension)
        }
    }

    /// Registers it at an endpoint of its own.
    #[must_use]
    pub fn at(mut self, endpoint: &str) -> Self {
        self.endpoint = endpoint.to_owned();
        self
    }
}

/// One number of the company with its phones.
#[derive(Debug, Clone)]
pub struct Extension {
    /// Number.
    pub number: String,
    /// Name of the person.
    pub name: String,
    /// Phones; each is one contact.
    pub phones: Vec<Phone>,
    /// Whether `Custom:DND` and `CustomPresence` stand in its hint.
    pub rich_hint: bool,
}

impl Extension {
    /// Returns a person with one plain phone that is named like the number.
    pub fn new(number: &str, name: &str) -> Self {
        let phones = vec![Phone::plain(number, number)];
        Self { number: number.to_owned(), name: name.to_owned(), phones, rich_hint: true }
    }

    /// Replaces the phones.
    #[must_use]
    pub fn phones(mut self, phones: Vec<Phone>) -> Self {
        self.phones = phones;
        self
    }

    /// Adds a second plain phone, named `<number>-2`, at the same endpoint.
    #[must_use]
    pub fn two_phones(mut self) -> Self {
        let number = self.number.clone();
        self.phones.push(Phone::plain(&format!("{number}-2"), &number));
        self
    }
}

/// Everything that is settled before the start; all fields may be changed.
#[derive(Debug, Clone)]
pub struct Options {
    /// Release.
    pub release: Release,
    /// Fixed port, or any free one.
    pub port: Option<u16>,
    /// Certificate; without one the socket is plain.
    pub tls: Tls,
    /// Who may sign in.
    pub users: Vec<User>,
    /// The people.
    pub extensions: Vec<Extension>,
    /// Groups: a number and whose phones ring together.
    pub groups: Vec<(String, Vec<String>)>,
    /// `systemname`: stands before every unique id.
    pub system_name: Option<String>,
    /// Seed of everything ugly: order across topics, pieces of writes, strangers inside lists. Nothing: recorded order, whole writes.
    pub seed: Option<u64>,
    /// What the server's own waits (typed digits, announcements, optimization) are multiplied by; 1.0 is as measured.
    pub pace: f64,
    /// How long a dialled phone rings before the dialplan gives up; not multiplied.
    pub rings_for: Duration,
    /// How long a connection may stay without a sign-in.
    pub auth_timeout: Duration,
    /// How long a client may leave bytes unread before it is cut.
    pub write_timeout: Duration,
    /// How long a signed-in client may ask nothing before that is a violation; a `Ping` is due every 30 seconds.
    pub keepalive_limit: Duration,
    /// `allowmultiplelogin`.
    pub multiple_login: bool,
    /// Whether numbers that begin with `0` or `+` leave by a trunk, on a leg of their own.
    pub trunk: bool,
    /// Whether the dialplan dials phones with `tTkK`; without, `Atxfer` types digits into the other party's ear.
    pub features: bool,
    /// Whether the prompt of an attended transfer exists; without, `Hold` is followed by `Unhold` and nothing happens.
    pub prompt_sound: bool,
    /// Whether `PJSIPNotify` is loaded.
    pub notify_module: bool,
    /// Whether the contexts `tp-answer` and `tp-notify` exist.
    pub answer_contexts: bool,
    /// Whether a second use of one endpoint makes its lamp busy.
    pub busy_at_two: bool,
    /// Context that hints live in.
    pub hint_context: String,
    /// Whether there are hints of features, `*76204`, beside those of people.
    pub feature_hints: bool,
}

impl Options {
    /// Returns the defaults of a release: a small company, plain socket, everything ugly.
    pub fn new(release: Release) -> Self {
        let people = [
            ("100", "Alice Example"),
            ("101", "Bob Example"),
            ("102", "Carol Example"),
            ("204", "Tom Muster"),
            ("205", "Ines Sommer"),
            ("206", "Jan Winter"),
            ("207", "Mia Herbst"),
        ];
        let mut extensions: Vec<Extension> = people.iter().map(|(number, name)| Extension::new(number, name)).collect();
        extensions.push(Extension::new("103", "Dave Example").phones(vec![Phone::talking("103", "103")]));
        Self {
            release,
            port: None,
            tls: Tls::None,
            users: vec![
                User::desk("tray204", "Sample-Pw9", "204"),
                User::desk("tray100", "Sample-Pw9", "100"),
                User::desk("tray103", "Sample-Pw9", "103").rights("call", "call,originate,reporting,system"),
                User::admin("admin", "Admin-Pw9"),
            ],
            extensions,
            groups: vec![("700".to_owned(), ["204", "205", "206"].map(str::to_owned).to_vec())],
            system_name: Some("tp".to_owned()),
            seed: Some(1),
            pace: 0.1,
            rings_for: Duration::from_secs(20),
            auth_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(5),
            keepalive_limit: Duration::from_secs(75),
            multiple_login: true,
            trunk: true,
            features: true,
            prompt_sound: true,
            notify_module: true,
            answer_contexts: true,
            busy_at_two: true,
            hint_context: "from-internal".to_owned(),
            feature_hints: false,
        }
    }

    /// Makes everything steady: recorded order and whole writes, easy to read in a trace.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.seed = None;
        self
    }

    /// Keeps hints where FreePBX keeps them, with those of features among them (section 9).
    #[must_use]
    pub fn as_freepbx(mut self) -> Self {
        self.hint_context = "ext-local".to_owned();
        self.feature_hints = true;
        self
    }

    /// Replaces one extension.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extensions.retain(|old| old.number != extension.number);
        self.extensions.push(extension);
        self
    }

    /// Applies a change to any field, for chaining.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
