//! The people, groups and passwords behind a fake PBX. All names and numbers are invented.

use std::collections::BTreeMap;

/// What kind of account a number belongs to (section 2.5, `type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person's phone.
    Extension,
    /// A queue with agents.
    Queue,
    /// A hunt group.
    Hunt,
    /// An auto attendant.
    Attendant,
    /// A conference room.
    Conference,
}

impl Kind {
    /// Returns the word the PBX uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Extension => "extensions",
            Self::Queue => "acds",
            Self::Hunt => "hunts",
            Self::Attendant => "attendants",
            Self::Conference => "conferences",
        }
    }
}

/// One account of the tenant.
#[derive(Debug, Clone)]
pub struct Account {
    /// Number inside the company.
    pub number: String,
    /// Display name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Web password; also what the click-to-dial hash is made of.
    pub password: String,
    /// Address the account can sign in with too.
    pub email: String,
    /// Whether a phone is registered.
    pub registered: bool,
    /// Do not disturb.
    pub dnd: bool,
    /// Reason text of do not disturb.
    pub dnd_reason: String,
    /// Available for chat.
    pub chat_online: bool,
    /// Busy mark that stands without any call, as [`super::FakeVodia::presence`] sets it.
    pub forced_code: Option<u16>,
    /// Further own numbers: direct dial-in, short forms.
    pub aliases: Vec<String>,
    /// Whether the phone obeys a remote answer (section 2.4, `accept-call`).
    pub remote_answer: bool,
    /// Members, for queues and hunt groups.
    pub members: Vec<String>,
    /// Free settings such as forwardings (section 4.4).
    pub settings: BTreeMap<String, String>,
}

impl Account {
    /// Makes a registered, idle extension with the password `Sample-Pw-<number>`.
    pub fn extension(number: &str, name: &str) -> Self {
        Self {
            number: number.to_owned(),
            name: name.to_owned(),
            kind: Kind::Extension,
            password: format!("Sample-Pw-{number}"),
            email: format!("{}@hafenlicht.example", name.to_lowercase().replace(' ', ".")),
            registered: true,
            dnd: false,
            dnd_reason: String::new(),
            chat_online: false,
            forced_code: None,
            aliases: Vec::new(),
            remote_answer: true,
            members: Vec::new(),
            settings: BTreeMap::new(),
        }
    }

    /// Makes a queue or hunt group.
    pub fn group(number: &str, name: &str, kind: Kind, members: &[&str]) -> Self {
        let mut account = Self::extension(number, name);
        account.kind = kind;
        account.registered = false;
        account.members = members.iter().map(|member| (*member).to_owned()).collect();
        account
    }
}

/// One tenant with its administrators and outside callers.
#[derive(Debug, Clone)]
pub struct Company {
    /// Name of the tenant, a host name.
    pub tenant: String,
    /// Password of the system administrator `admin`.
    pub admin_password: String,
    /// Password of the tenant administrator `admin@tenant`.
    pub tenant_admin_password: String,
    /// All accounts by number.
    pub accounts: BTreeMap<String, Account>,
    /// Contacts of the address book: number and name.
    pub contacts: Vec<(String, String)>,
}

impl Company {
    /// Makes the twelve people of "Hafenlicht", with two groups, an attendant and a conference room.
    ///
    /// The user of most tests is 204, Tom Muster, password `Sample-Pw9`, with the dial-in number `+493023125204`.
    pub fn small() -> Self {
        let people = [
            ("201", "Ida Sommer"),
            ("202", "Malte Brook"),
            ("203", "Selin Aydin"),
            ("204", "Tom Muster"),
            ("205", "Priya Nandan"),
            ("206", "Lukas Ferber"),
            ("207", "Ann Example"),
            ("208", "José Álvarez"),
            ("209", "Greta Lindqvist"),
            ("210", "Tomasz Żak"),
            ("211", "Mei Tanaka"),
            ("212", "Noah O'Brien"),
        ];
        let mut company = Self {
            tenant: "tenant.example".to_owned(),
            admin_password: "Admin-Pw9".to_owned(),
            tenant_admin_password: "Tenant-Pw9".to_owned(),
            accounts: BTreeMap::new(),
            contacts: OUTSIDE.iter().map(|(number, name)| ((*number).to_owned(), (*name).to_owned())).collect(),
        };
        for (number, name) in people {
            company.add(Account::extension(number, name));
        }
        company.add(Account::group("700", "Service", Kind::Queue, &["204", "205", "206"]));
        company.add(Account::group("730", "Sales", Kind::Hunt, &["202", "204", "209"]));
        company.add(Account::group("800", "Welcome", Kind::Attendant, &[]));
        company.add(Account::group("850", "Conference", Kind::Conference, &[]));
        if let Some(user) = company.accounts.get_mut("204") {
            user.password = "Sample-Pw9".to_owned();
            user.aliases = vec!["+493023125204".to_owned(), "24".to_owned()];
        }
        if let Some(away) = company.accounts.get_mut("211") {
            away.registered = false;
        }
        if let Some(online) = company.accounts.get_mut("207") {
            online.chat_online = true;
        }
        company
    }

    /// Makes the small company and fills it up to `accounts` accounts with five-digit extensions.
    pub fn of(accounts: usize) -> Self {
        const FIRST: [&str; 10] = ["Alba", "Bo", "Cara", "Dario", "Elin", "Femi", "Gus", "Hana", "Ilja", "Jule"];
        const LAST: [&str; 11] =
            ["Anker", "Birk", "Cording", "Dünn", "Eklund", "Falk", "Greve", "Holm", "Imhof", "Jansen", "Kroll"];
        let mut company = Self::small();
        let mut next = 10_000_usize;
        while company.accounts.len() < accounts {
            let name = format!("{} {} {}", FIRST[next % FIRST.len()], LAST[next % LAST.len()], next);
            let mut account = Account::extension(&next.to_string(), &name);
            account.registered = !next.is_multiple_of(7);
            account.dnd = next.is_multiple_of(31);
            company.add(account);
            next += 1;
        }
        company
    }

    /// Adds or replaces an account.
    pub fn add(&mut self, account: Account) {
        self.accounts.insert(account.number.clone(), account);
    }

    /// Finds the account that a dialled or rung number belongs to, aliases included.
    pub fn find(&self, number: &str) -> Option<&Account> {
        self.accounts
            .get(number)
            .or_else(|| self.accounts.values().find(|account| account.aliases.iter().any(|alias| alias == number)))
    }

    /// Finds the extension that a sign-in name means: number, `number@tenant` or e-mail address (section 1.1).
    pub fn sign_in_name(&self, name: &str, several_tenants: bool) -> Option<&Account> {
        let people = || self.accounts.values().filter(|account| account.kind == Kind::Extension);
        if let Some(account) = people().find(|account| account.email.eq_ignore_ascii_case(name)) {
            return Some(account);
        }
        let number = match name.rsplit_once('@') {
            Some((number, tenant)) if tenant.eq_ignore_ascii_case(&self.tenant) => number,
            Some(_) => return None,
            None if several_tenants => return None,
            None => name,
        };
        people().find(|account| account.number == number)
    }
}

/// People outside the company, on numbers set aside for fiction: Berlin 23125, London 7946 0, Washington 555-01.
pub const OUTSIDE: [(&str, &str); 8] = [
    ("+493023125117", "Mara Beispiel"),
    ("+493023125431", "Druckerei Morgenrot"),
    ("+493023125802", "Dr. Ellen Vogt"),
    ("+442079460018", "Harriet Pell"),
    ("+442079460733", "Pell & Sons <Ltd>"),
    ("+12025550143", "Wayne Ortega"),
    ("+12025550178", ""),
    ("+493023125660", "Stadtbäckerei Kühn"),
];
