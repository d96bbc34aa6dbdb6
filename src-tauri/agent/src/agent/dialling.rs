//! From a link or a selected text to a dial, with the questions in between.

use std::sync::Arc;

use phone_core::call::tidy;
use phone_core::view::{AccountView, LinkName};
use phone_core::{AccountName, Code, Reason, Request, Source, Trouble, View};

use super::Agent;
use crate::desktop::notices::{self, trouble};
use crate::desktop::{links, selection};

/// Whether a link started the agent, or came to a running one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It started the agent, which has to sign in first.
    Cold,
    /// The agent was running.
    Warm,
}

/// Whether it is worth waiting for the PBX with a wish to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prospect {
    /// Somebody can dial.
    Ready,
    /// A sign-in is under way.
    Soon,
    /// Nothing is under way that would help.
    No,
}

/// `named` is the only account that counts, where the wish names one.
fn prospect(view: &View, start: Start, named: Option<&AccountName>) -> Prospect {
    let counts = |account: &AccountView| named.is_none_or(|named| account.name == *named);
    let any = |wanted: &[LinkName]| view.accounts.iter().any(|account| counts(account) && wanted.contains(&account.link));
    if any(&[LinkName::Online]) {
        Prospect::Ready
    } else if any(&[LinkName::Opening, LinkName::Syncing])
        // A cold start begins signed out, and the network may come up with the session.
        || (start == Start::Cold && any(&[LinkName::SignedOut, LinkName::Waiting]))
    {
        Prospect::Soon
    } else {
        Prospect::No
    }
}

impl Agent {
    /// Dials a link, after the question that the policy wants.
    pub async fn dial_link(self: Arc<Self>, uri: String, start: Start) {
        if self.is_locked() {
            return self.tell_locked().await;
        }
        let named = match named_in(&uri) {
            Ok(named) => named,
            Err(why) => return self.tell(trouble(&why, self.quotable(&uri))).await,
        };
        match self.wait_for_link(start, named.as_ref()).await {
            Prospect::Ready => {}
            Prospect::Soon => return self.tell(notices::link_too_late(&uri, number_in(&uri))).await,
            Prospect::No => {
                let nobody = self.engine.view().borrow().accounts.is_empty();
                if let Some(why) = named.as_ref().and_then(|named| self.unknown(named)).filter(|_| !nobody) {
                    return self.tell(trouble(&why, self.quotable(&uri))).await;
                }
                // At a cold start the wish is kept as an offer; otherwise being offline is an answer.
                return match (start, nobody) {
                    (_, true) => self.tell(trouble(&Trouble::from(Reason::NoAccount), self.quotable(&uri))).await,
                    (Start::Cold, false) => self.tell(notices::link_too_late(&uri, number_in(&uri))).await,
                    (Start::Warm, false) => self.tell(trouble(&Trouble::from(Reason::Offline), self.quotable(&uri))).await,
                };
            }
        }
        if let Some(why) = named.as_ref().and_then(|named| self.unknown(named)) {
            return self.tell(trouble(&why, self.quotable(&uri))).await;
        }
        // Somebody who switched the question off said yes to every good number; what is refused stays refused.
        let yes = !self.engine.desktop().borrow().ask_links;
        let request = Request::Dial { text: uri.clone(), account: named, source: Source::Link, yes };
        match self.engine.ask(request).await {
            Ok(_) => {}
            Err(why) if why.code == Code::PolicyAsk => {
                let number = why.detail.as_deref().unwrap_or_else(|| number_in(&uri));
                self.tell(notices::link_question(&uri, number)).await;
            }
            Err(why) => self.tell(trouble(&why, self.quotable(&uri))).await,
        }
    }

    /// Dials what is selected at this moment.
    ///
    /// `display` is another one than ours, where somebody asked for it.
    pub async fn dial_selection(&self, display: Option<String>) {
        if self.is_locked() {
            return self.tell_locked().await;
        }
        let text = match selection::linux::read(display).await {
            Ok(text) => text,
            Err(error) => {
                tracing::debug!("no selection: {error}");
                let why = Trouble {
                    text: error.text().to_owned(),
                    remedy: Some(error.remedy().to_owned()),
                    ..Trouble::from(Reason::NotAvailable)
                };
                return self.tell(trouble(&why, None)).await;
            }
        };
        let request = Request::Dial { text: text.clone(), account: None, source: Source::Text, yes: false };
        match self.engine.ask(request).await {
            Ok(_) => {}
            Err(why) if why.code == Code::PolicyAsk => {
                let number = why.detail.clone().unwrap_or_else(|| text.clone());
                self.tell(notices::text_question(&text, &number)).await;
            }
            Err(why) => self.tell(trouble(&why, self.quotable(&text))).await,
        }
    }

    /// Dials after the user said yes to the question of a link or a text.
    pub async fn dial_again(&self, text: String, source: Source) {
        let named = match source {
            Source::Link => named_in(&text),
            Source::Typed | Source::Pressed | Source::Text => Ok(None),
        };
        let named = match named {
            Ok(named) => named,
            Err(why) => return self.tell(trouble(&why, self.quotable(&text))).await,
        };
        let request = Request::Dial { text: text.clone(), account: named, source, yes: true };
        if let Err(why) = self.engine.ask(request).await {
            self.tell(trouble(&why, self.quotable(&text))).await;
        }
    }

    pub(super) fn is_locked(&self) -> bool {
        *self.locked.borrow()
    }

    /// What may stand on the screen of a link or text that somebody wanted to dial.
    pub(super) fn quotable<'a>(&self, text: &'a str) -> Option<&'a str> {
        (!self.hides_names()).then_some(text)
    }

    /// Says that nothing is dialled behind a locked screen; the number is nobody's business there.
    pub(super) async fn tell_locked(&self) {
        self.tell(trouble(&Trouble::from(Reason::PolicyRefuse("The screen is locked.")), None)).await;
    }

    /// Why an account cannot be dialled by that nobody has set up; none where it is there.
    fn unknown(&self, named: &AccountName) -> Option<Trouble> {
        let is_there = self.engine.view().borrow().accounts.iter().any(|account| account.name == *named);
        (!is_there).then(|| no_such_account(named.as_str()))
    }

    /// Waits for a sign-in that is under way, but not longer than a wish to call lasts.
    async fn wait_for_link(&self, start: Start, named: Option<&AccountName>) -> Prospect {
        let mut views = self.engine.view();
        let settled = views.wait_for(|view| view.revision > 0 && prospect(view, start, named) != Prospect::Soon);
        match tokio::time::timeout(links::PATIENCE, settled).await {
            Ok(Ok(view)) => prospect(&view, start, named),
            Ok(Err(_)) => Prospect::No,
            Err(_) => Prospect::Soon,
        }
    }
}

/// The account that a link wants to dial by; none where it leaves that open.
fn named_in(uri: &str) -> Result<Option<AccountName>, Trouble> {
    let Some(name) = phone_core::number::account_of(uri) else { return Ok(None) };
    AccountName::parse(&name).map(Some).map_err(|_| no_such_account(&name))
}

/// Dialling by another account than the one that was asked for would be a wrong call.
fn no_such_account(name: &str) -> Trouble {
    Trouble {
        text: format!("There is no account named {}.", tidy(name)),
        remedy: Some("The link names an account; look up its name in the settings.".to_owned()),
        ..Trouble::from(Reason::NoAccount)
    }
}

/// What a person recognises of a link: what follows its scheme.
fn number_in(uri: &str) -> &str {
    uri.split_once(':').map_or(uri, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::tray::tests::{account, view};

    #[test]
    fn a_link_waits_only_for_a_sign_in_that_is_under_way() {
        use LinkName::{Online, Opening, SignedOut, Stopped, Syncing, Waiting};
        let table = [
            (vec![], Start::Cold, Prospect::No),
            (vec![Online], Start::Warm, Prospect::Ready),
            (vec![Stopped, Online], Start::Cold, Prospect::Ready),
            (vec![Opening], Start::Warm, Prospect::Soon),
            (vec![Syncing], Start::Cold, Prospect::Soon),
            (vec![Waiting], Start::Warm, Prospect::No),
            (vec![Waiting], Start::Cold, Prospect::Soon),
            (vec![Stopped], Start::Cold, Prospect::No),
            (vec![SignedOut], Start::Warm, Prospect::No),
            (vec![SignedOut], Start::Cold, Prospect::Soon),
        ];
        for (links, start, expected) in table {
            let accounts = links.iter().map(|link| account(*link, None)).collect();
            assert_eq!(prospect(&view(accounts, vec![]), start, None), expected, "{links:?} {start:?}");
        }
        assert_eq!(number_in("tel:+49301"), "+49301");
    }
}
