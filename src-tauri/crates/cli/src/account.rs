//! Accounts: added, listed, tested, removed, and where their links stand.

use std::path::Path;

use phone_control::client::NewAccount;
use phone_control::protocol::AccountReply;
use phone_control::{Client, keys};
use phone_core::call::tidy;
use phone_core::view::{AccountView, LinkName};
use phone_core::{Ability, AccountName, ForwardWhen, Reason, Trouble, View};
use serde::Serialize;

use crate::arguments::{Account, Add};
use crate::asking::{connect, read, set_up};
use crate::failure::Failure;
use crate::output::{Cell, Output, Tone, word};
use crate::people::{FORWARDING_UNKNOWN, which};
use crate::{password, times};

#[derive(Serialize)]
struct Accounts<'a> {
    revision: u64,
    accounts: &'a [AccountView],
}

#[derive(Serialize)]
struct Done<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a AccountView>,
}

/// Runs a command about accounts.
///
/// # Errors
/// What the agent says.
pub async fn run(command: Account, socket: &Path, output: &Output) -> Result<(), Failure> {
    match command {
        Account::Add(add) => add_account(add, socket, output).await,
        Account::List => {
            let view = read(connect(socket).await?.view()).await?;
            output.show(&accounts(&view), |to| {
                let rows: Vec<Vec<Cell>> = view.accounts.iter().map(listed).collect();
                output.table(to, &rows);
            })
        }
        Account::Test { name } => {
            let client = connect(socket).await?;
            known(&read(client.view()).await?, &name)?;
            signed_in(read(client.test_account(name)).await?, None, output)
        }
        Account::Password { name, .. } => {
            let client = connect(socket).await?;
            known(&read(client.view()).await?, &name)?;
            let secret = password::read()?;
            let reply = set_up(client.set_password(name, &secret)).await?;
            let lasting = kept(&client, &reply).await;
            signed_in(reply, lasting, output)
        }
        Account::Remove { name } => {
            let client = connect(socket).await?;
            known(&read(client.view()).await?, &name)?;
            set_up(client.remove_account(name.clone())).await?;
            output.confirm(&Done { ok: true, account: None }, |to| to.extend(format!("{name} is removed.\n").bytes()))
        }
    }
}

async fn add_account(add: Add, socket: &Path, output: &Output) -> Result<(), Failure> {
    let Add { name, kind, url, domain, user, set, pin, password_stdin } = add;
    let mut given = std::collections::BTreeMap::new();
    for (key, value) in set {
        keys::check(&key, &value).map_err(Failure::usage)?;
        if given.insert(key.clone(), value).is_some() {
            return Err(Failure::usage(format!("{key} is set twice")));
        }
    }
    let client = connect(socket).await?;
    let secret = if password_stdin { Some(password::read()?) } else { None };
    let account = NewAccount { name, kind, url, domain, user, pin, keys: given };
    let reply = set_up(client.add_account(&account, secret.as_ref())).await?;
    let lasting = kept(&client, &reply).await;
    signed_in(reply, lasting, output)
}

/// What keeps an account that was just given from outliving the agent; the agent says so in its view.
async fn kept(client: &Client, reply: &AccountReply) -> Option<Trouble> {
    let name = &reply.account.as_ref()?.name;
    let view = read(client.view()).await.ok()?;
    let unstored = format!("secret_not_stored:{name}");
    let hint = view.hints.into_iter().find(|hint| hint.about == "settings_not_written" || hint.about == unstored)?;
    Some(Trouble { text: hint.text, remedy: hint.remedy, ..Trouble::from(Reason::NotWritten) })
}

/// An account of this name has to be there, so that a slip of the pen is told as such.
///
/// # Errors
/// Wrong usage that names the accounts there are.
pub fn known(view: &View, name: &AccountName) -> Result<(), Failure> {
    if view.accounts.iter().any(|account| &account.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = view.accounts.iter().map(|account| account.name.as_str()).collect();
    let known = if names.is_empty() { "there is none yet".to_owned() } else { format!("there are: {}", names.join(", ")) };
    Err(Failure::usage(format!("there is no account {name}; {known}")))
}

/// Tells how a sign-in went: online, or kept and still trying, or stopped.
fn signed_in(reply: AccountReply, lost_at_end: Option<Trouble>, output: &Output) -> Result<(), Failure> {
    let Some(account) = reply.account else { return Err(Reason::NoAccount.into()) };
    if let Some(trouble) = lost_at_end {
        // It works at this moment, but whoever set it up must not rely on it.
        let mut failure = Failure::from(trouble);
        failure.account = Some(Box::new(account));
        return Err(failure);
    }
    if account.link == LinkName::Online {
        return output.confirm(&Done { ok: true, account: Some(&account) }, |to| output.table(to, &[stands(&account)]));
    }
    let trouble = match &account.why {
        Some(why) => Trouble {
            code: why.code,
            text: why.text.clone(),
            remedy: why.remedy.clone(),
            detail: None,
            certificate_sha256: why.certificate_sha256.clone(),
            offers: Box::default(),
        },
        None => Reason::AnswerTimedOut.into(),
    };
    let mut failure = Failure::from(trouble);
    if account.link != LinkName::Stopped {
        // It is kept and goes on trying, whatever the reason is.
        failure.status = 5;
    }
    failure.account = Some(Box::new(account));
    Err(failure)
}

/// Shows for each account where its link stands.
///
/// # Errors
/// What the agent says.
pub async fn status(socket: &Path, output: &Output) -> Result<(), Failure> {
    let view = read(connect(socket).await?.view()).await?;
    output.show(&accounts(&view), |to| {
        if view.accounts.is_empty() {
            to.extend_from_slice(b"No account is set up.\n");
        }
        for account in &view.accounts {
            output.table(to, &[stands(account)]);
            for line in particulars(account) {
                to.extend_from_slice(output.paint(&format!("  {line}\n"), Tone::Quiet).as_bytes());
            }
        }
        for hint in &view.hints {
            let remedy = hint.remedy.as_deref().unwrap_or_default();
            to.extend(format!("{} {remedy}\n", output.paint(&hint.text, Tone::Bad)).bytes());
        }
    })
}

fn accounts(view: &View) -> Accounts<'_> {
    Accounts { revision: view.revision, accounts: &view.accounts }
}

fn listed(account: &AccountView) -> Vec<Cell> {
    vec![
        Cell::of(account.name.as_str()),
        Cell::of(&account.kind),
        Cell::of(&account.url),
        Cell::of(user_of(account)),
        Cell::toned(word(&account.link), tone(account.link)),
    ]
}

fn user_of(account: &AccountView) -> String {
    match (&account.user, &account.domain) {
        (Some(user), Some(domain)) => format!("{user}@{domain}"),
        (Some(user), None) => user.clone(),
        (None, _) => String::new(),
    }
}

fn stands(account: &AccountView) -> Vec<Cell> {
    let what = [account.server.as_deref(), account.dialect.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    vec![
        Cell::of(account.name.as_str()),
        Cell::toned(word(&account.link), tone(account.link)),
        Cell::of(format!("since {}", times::local(account.since))),
        Cell::of(user_of(account)),
        Cell::of(account.display_name.as_deref().unwrap_or_default()),
        Cell::of(what),
    ]
}

fn particulars(account: &AccountView) -> Vec<String> {
    let mut lines = vec![];
    if let Some(why) = &account.why {
        lines.push(format!("{} {}", why.text, why.remedy.as_deref().unwrap_or_default()).trim_end().to_owned());
    }
    if let Some(at) = account.retry_at {
        lines.push(format!("Next attempt at {}.", times::local(at)));
    }
    // Until it is online, what it could do and what it told are of the last time.
    if account.link != LinkName::Online {
        return lines;
    }
    if account.forwarding.is_none() && account.abilities.has(Ability::Forwarding) {
        lines.push(FORWARDING_UNKNOWN.to_owned());
    }
    for when in ForwardWhen::ALL {
        if let Some(to) = account.forwarding.as_ref().and_then(|known| known.to(when)) {
            lines.push(format!("{} go to {}.", which(when), tidy(to)));
        }
    }
    let can: Vec<String> = account.abilities.iter().map(|ability| word(&ability)).collect();
    if !can.is_empty() {
        lines.push(format!("It can: {}.", can.join(", ")));
    }
    lines
}

fn tone(link: LinkName) -> Tone {
    match link {
        LinkName::Online => Tone::Good,
        LinkName::Opening | LinkName::Syncing | LinkName::Waiting => Tone::Lively,
        LinkName::Stopped => Tone::Bad,
        LinkName::SignedOut => Tone::Quiet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phone_core::reason::Why;
    use phone_core::{Abilities, Forwarding, Presence};

    fn account(link: LinkName, why: Option<Reason>) -> AccountReply {
        let account = AccountView {
            name: AccountName::parse("office").expect("a plain word"),
            kind: "k".into(),
            link,
            since: jiff::Timestamp::UNIX_EPOCH,
            why: why.as_ref().map(Why::from),
            retry_at: None,
            user: None,
            display_name: None,
            server: None,
            dialect: None,
            abilities: Abilities::default(),
            presence: Presence::Unknown,
            dnd: None,
            forwarding: None,
            url: "https://pbx.example/".into(),
            domain: None,
        };
        AccountReply { account: Some(account) }
    }

    #[test]
    fn only_an_account_that_is_online_can_do_things_and_what_is_not_known_is_said() {
        const UNKNOWN: &str = "Where your calls go is not known at the moment.";
        let told = |link, abilities: &[Ability], forwarding| {
            let account = account(link, None).account.expect("an account");
            particulars(&AccountView { abilities: Abilities::of(abilities), forwarding, ..account })
        };
        let able = [Ability::Dial, Ability::Forwarding];
        assert_eq!(told(LinkName::Opening, &able, None), [""; 0]);
        assert_eq!(told(LinkName::Online, &able, None), [UNKNOWN, "It can: dial, forwarding."]);
        assert_eq!(told(LinkName::Online, &able, Some(Forwarding::default())), ["It can: dial, forwarding."]);
        assert_eq!(told(LinkName::Online, &[Ability::Dial], None), ["It can: dial."]);
    }

    #[test]
    fn a_sign_in_ends_with_0_5_or_1() {
        let output = Output::new(true);
        let status = |link, why| signed_in(account(link, why), None, &output).map_or_else(|failure| failure.status, |()| 0);
        assert_eq!(status(LinkName::Waiting, Some(Reason::ConnectionRefused)), 5);
        assert_eq!(status(LinkName::Waiting, Some(Reason::WebSocketRefused(502))), 5);
        assert_eq!(status(LinkName::Opening, None), 5);
        assert_eq!(status(LinkName::Stopped, Some(Reason::CredentialsRefused)), 1);
        assert_eq!(status(LinkName::Stopped, Some(Reason::SecretMissing)), 5);
        let lost = signed_in(account(LinkName::Online, None), Some(Reason::NotWritten.into()), &output);
        assert!(lost.is_err_and(|failure| failure.status == 1 && failure.account.is_some()));
    }
}
