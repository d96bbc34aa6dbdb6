//! From a link or a selected text to a dial, with the questions in between.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use phone_control::protocol::{
    AnswerQuestionParams, DesktopPatch, EmergencyReply, OpenWindowParams, PrepareEmergencyParams, QuestionReply, TakeTextReply,
    WindowView,
};
use phone_core::call::tidy;
use phone_core::model::SECOND_PRESS;
use phone_core::number::{Candidate, Offer, Yes};
use phone_core::view::{AccountView, LinkName};
use phone_core::{AccountName, Code, Reason, Reply, Request, Source, Trouble, View};

use tokio::time::Instant;

use super::Agent;
use super::questions::{self, When};
use crate::desktop::links::{self, Clicked};
use crate::desktop::notices::{self, About, Late, Notice, NoticeChange, trouble};
use crate::desktop::{Asked, Chosen, clock, selection};

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

/// After this long without one, the next link that comes too fast is told again.
const FLOOD_OVER: Duration = Duration::from_secs(10);

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
    /// Dials a link, after the question that the policy wants; too long after the click it is only offered.
    pub async fn dial_link(self: Arc<Self>, uri: String, clicked: Clicked, start: Start) {
        if self.is_locked() {
            return self.tell_locked().await;
        }
        let named = match named_in(&uri) {
            Ok(named) => named,
            Err(why) => return self.tell(trouble(&why, self.quotable(&uri))).await,
        };
        match self.wait_for_link(clicked, start, named.as_ref()).await {
            Prospect::Ready => {}
            Prospect::Soon => return self.offer_late(&uri, named).await,
            Prospect::No => {
                let nobody = self.engine.view().borrow().accounts.is_empty();
                if let Some(why) = named.as_ref().and_then(|named| self.unknown(named)).filter(|_| !nobody) {
                    return self.tell(trouble(&why, self.quotable(&uri))).await;
                }
                // The wish is kept as an offer: who clicked need not look for the link again.
                return if nobody {
                    self.tell(trouble(&Trouble::from(Reason::NoAccount), self.quotable(&uri))).await
                } else {
                    self.offer_late(&uri, named).await
                };
            }
        }
        // While it waited the screen may have been locked.
        if self.is_locked() {
            return self.tell_locked().await;
        }
        if let Some(why) = named.as_ref().and_then(|named| self.unknown(named)) {
            return self.tell(trouble(&why, self.quotable(&uri))).await;
        }
        self.dial(Asked { text: uri, source: Source::Link, account: named }).await;
    }

    /// Dials what is selected at this moment.
    ///
    /// `display` is another one than ours, where somebody asked for it.
    pub(super) async fn dial_selection(self: &Arc<Self>, display: Option<String>) {
        if self.is_locked() {
            return self.tell_locked().await;
        }
        let copy_key = self.engine.desktop().borrow().copy_key;
        let text = match selection::linux::read(display, copy_key).await {
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
        self.dial(Asked { text, source: Source::Text, account: None }).await;
    }

    /// Offers a link that came too late, with its number as it would be dialled.
    async fn offer_late(self: &Arc<Self>, uri: &str, account: Option<AccountName>) {
        // While it waited the screen may have been locked.
        if self.is_locked() {
            return self.tell_locked().await;
        }
        // Those that are dialled are counted where that is done.
        if !self.room.has_time(Instant::now()) {
            return self.tell_flood(&Reason::TooManyLinks.into()).await;
        }
        let asked = Asked { account, ..Asked::link(uri) };
        let found = self.found(&asked).await;
        if !self.can_press() {
            return self.look_at(Asked::link(uri), &found, true, None).await;
        }
        let only = if let [only] = found.as_slice() { Late::of(only) } else { None };
        let (notice, number) = (notices::link_too_late(uri, only), only.map(|only| only.shown.to_owned()));
        self.ask_by_notice(asked, notice, number.unwrap_or_default()).await;
    }

    /// Dials, or asks what the policy wants to know, or tells why nothing is dialled.
    pub(super) async fn dial(self: &Arc<Self>, asked: Asked) {
        let Asked { text, source, account } = asked.clone();
        let Err(why) = self.engine.ask(Request::Dial { text, account, source, yes: Yes::No }).await else { return };
        let (notice, number) = match (why.code, &*why.offers) {
            (Code::PolicyAsk | Code::SeveralNumbers, [offer]) => (notices::question(&asked, offer), offer.shown.clone()),
            (Code::SeveralNumbers, [_, ..]) => (notices::choice(&asked, &why.offers), String::new()),
            _ if why == Reason::TooManyLinks.into() => return self.tell_flood(&why).await,
            _ => return self.tell(trouble(&why, self.quotable(&asked.text))).await,
        };
        if self.can_press() {
            self.ask_by_notice(asked, notice, number).await;
        } else {
            self.ask_in_window(asked, why.offers.into_vec(), false, None).await;
        }
    }

    /// Lets a notice ask, and withdraws the question when nobody has answered it in time.
    async fn ask_by_notice(self: &Arc<Self>, asked: Asked, notice: Notice, number: String) {
        let about = notice.about.clone();
        let About::Question(of) = about.clone() else { return self.tell(notice).await };
        let turn = self.questions.notice(&of, asked, number);
        self.tell(notice).await;
        let agent = self.clone();
        tokio::spawn(async move {
            let Some(asking) = agent.questions.unanswered(&of, turn).await else { return };
            let told = notices::not_answered(about, asking.asked, &asking.title, &time_of(asking.when));
            // Whoever has closed the question has answered it.
            agent.screen.send(NoticeChange::Redraw(told)).await.ok();
        });
    }

    /// Lets the small window ask, in place of what it asked before.
    async fn ask_in_window(self: &Arc<Self>, asked: Asked, mut offers: Vec<Offer>, late: bool, token: Option<&str>) {
        // What was asked for took its time, and the screen may have been locked meanwhile.
        if self.is_locked() {
            return self.tell_locked().await;
        }
        let Some(id) = random_word() else { return self.tell(trouble(&Reason::NotAvailable.into(), None)).await };
        // What stands around a number in a link is nobody's business.
        offers.iter_mut().for_each(|offer| offer.text = links::shown(&offer.text));
        self.questions.window(id.clone(), asked, offers, late);
        let agent = self.clone();
        tokio::spawn(async move {
            let Some(asking) = agent.questions.window_unanswered(&id).await else { return };
            let alone = agent.health.borrow().works == Some(false);
            if alone {
                // No notice can tell it, so the window does.
                return;
            }
            agent.question_is_over();
            let number = if let [only] = asking.offers.as_slice() { only.shown.as_str() } else { "" };
            let told = notices::not_answered(About::Trouble, asking.asked.clone(), number, &time_of(asking.when));
            if !agent.is_locked() {
                agent.tell(told).await;
            }
        });
        self.open(OpenWindowParams { question: Some(true), ..OpenWindowParams::default() }, token).await;
    }

    /// Lets the small window ask about the numbers in a text, or the large one where nothing is known of them.
    pub(super) async fn look_in_window(self: &Arc<Self>, asked: Asked, token: Option<&str>) {
        let found = self.found(&asked).await;
        self.look_at(asked, &found, false, token).await;
    }

    async fn look_at(self: &Arc<Self>, asked: Asked, found: &[Candidate], late: bool, token: Option<&str>) {
        let offers = questions::offers(found);
        if offers.is_empty() {
            self.choose_in_window(asked, token).await;
        } else {
            self.ask_in_window(asked, offers, late, token).await;
        }
    }

    async fn found(&self, asked: &Asked) -> Vec<Candidate> {
        let Asked { text, source, account } = asked.clone();
        let look = Request::Numbers { text, account, source };
        if let Ok(Reply::Numbers(found)) = self.engine.ask(look).await { found } else { vec![] }
    }

    /// Asks once more what nobody has answered in time.
    pub(super) async fn ask_again(self: Arc<Self>, asked: Asked) {
        if asked.source == Source::Link {
            let start = self.start();
            self.dial_link(asked.text, Clicked::now(), start).await;
        } else {
            self.dial(asked).await;
        }
    }

    /// What the small window asks.
    pub fn question(&self) -> QuestionReply {
        let asking = self.questions.in_window().filter(|_| !self.is_locked());
        let alone = self.health.borrow().works == Some(false);
        QuestionReply { question: asking.map(|asking| asking.told(alone)) }
    }

    /// Takes the one answer to what the small window asks.
    ///
    /// # Errors
    /// The question is over, the number was not offered, or it could not be dialled.
    pub async fn answer_question(&self, answer: AnswerQuestionParams) -> Result<(), Trouble> {
        let AnswerQuestionParams { id, choice, always } = answer;
        if self.is_locked() {
            return Err(Reason::PolicyRefuse("The screen is locked.").into());
        }
        let Some(asking) = self.questions.take(&id) else { return Err(question_is_over()) };
        let chosen = choice.map(|choice| asking.offers.iter().find(|offer| offer.choice == choice).ok_or_else(question_is_over));
        let Some(offer) = chosen.transpose()? else {
            self.question_is_over();
            return Ok(());
        };
        let asked = &asking.asked;
        if let Some(remember) = offer.remember.as_ref().filter(|_| always && offer.trust && asked.source == Source::Link) {
            self.trust(remember).await;
        }
        let account = offer.account.clone().or_else(|| asked.account.clone());
        let yes = Yes::To(offer.choice.clone());
        // What goes wrong is told where the answer was given.
        self.engine.ask(Request::Dial { text: asked.text.clone(), account, source: asked.source, yes }).await?;
        self.question_is_over();
        Ok(())
    }

    /// Gives up what the small window asks.
    pub(super) fn forget_question(&self) {
        if self.questions.forget_window() {
            self.question_is_over();
        }
    }

    /// Closes the small window, unless something else is asked already.
    fn question_is_over(&self) {
        if self.questions.in_window().is_none() {
            // Without a window nobody hears it, and nobody has to.
            self.show.send(OpenWindowParams { question: Some(false), ..OpenWindowParams::default() }).ok();
        }
    }

    /// Dials the number that a question or a choice showed.
    pub(super) async fn dial_chosen(self: &Arc<Self>, chosen: Chosen) {
        if !self.questions.answered(&chosen.asked) {
            return self.tell(trouble(&question_is_over(), None)).await;
        }
        let Chosen { asked: Asked { text, source, account }, to, always } = chosen;
        if let Some(remember) = always {
            self.trust(&remember).await;
        }
        let request = Request::Dial { text: text.clone(), account, source, yes: Yes::To(to) };
        if let Err(why) = self.engine.ask(request).await {
            self.tell(trouble(&why, self.quotable(&text))).await;
        }
    }

    /// Lets links with this number dial without a question from now on.
    async fn trust(&self, number: &str) {
        let patch = DesktopPatch::trust(number);
        if let Err(why) = self.engine.change_desktop(move |now| patch.apply(now)).await {
            self.tell(trouble(&why, None)).await;
        }
    }

    /// Puts a text into the window's field, where the user looks at it and dials or not.
    async fn choose_in_window(self: &Arc<Self>, asked: Asked, token: Option<&str>) {
        let source = asked.source;
        let text = if source == Source::Link { links::for_window(&asked.text) } else { Some(asked.text) };
        let Some(text) = text else {
            let why = Reason::NumberNotUsable("There is no usable telephone number in this link.");
            return self.tell(trouble(&why.into(), None)).await;
        };
        *self.for_window.lock().unwrap_or_else(PoisonError::into_inner) = Some(Asked { text, ..asked });
        let quiet = source == Source::Link;
        self.open(OpenWindowParams { view: Some(WindowView::Calls), question: None, quiet }, token).await;
    }

    /// The text that waits for the window, once; on a locked screen it goes on waiting.
    pub fn take_text(&self) -> TakeTextReply {
        let waiting = || self.for_window.lock().unwrap_or_else(PoisonError::into_inner).take();
        let asked = if self.is_locked() { None } else { waiting() };
        asked.map_or_else(TakeTextReply::default, |asked| TakeTextReply { text: Some(asked.text), account: asked.account })
    }

    /// The first press on an emergency number, in the window that this agent has started.
    ///
    /// # Errors
    /// Somebody else asks, or the number cannot be dialled now.
    pub async fn prepare_emergency(&self, wanted: PrepareEmergencyParams) -> Result<EmergencyReply, Trouble> {
        let PrepareEmergencyParams { text, account, window_key } = wanted;
        if self.window_key.as_ref() != Some(&window_key) {
            return Err(Trouble {
                remedy: Some("Dial it on the phone, or open the window from the icon in the panel.".to_owned()),
                ..Trouble::from(Reason::EmergencyNumber)
            });
        }
        let token = random_word().ok_or(Reason::NotAvailable)?;
        let ready = self.engine.ask(Request::PrepareEmergency { text, account, token: token.clone() }).await?;
        let Reply::Text(number) = ready else { return Err(Reason::NotAvailable.into()) };
        Ok(EmergencyReply { token, number, seconds: SECOND_PRESS.as_secs() })
    }

    /// Whether the notices of this desktop have buttons, as far as anybody knows.
    fn can_press(&self) -> bool {
        let health = self.health.borrow();
        health.buttons != Some(false) && health.works != Some(false)
    }

    /// Says once that something comes faster than anybody clicks, however many more there are.
    pub(super) async fn tell_flood(&self, why: &Trouble) {
        {
            let mut told = self.flood_told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.insert(why.text.clone(), Instant::now()).is_some_and(|before| before.elapsed() < FLOOD_OVER) {
                return;
            }
        }
        self.tell(trouble(why, None)).await;
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
    async fn wait_for_link(&self, clicked: Clicked, start: Start, named: Option<&AccountName>) -> Prospect {
        let mut views = self.engine.view();
        let settled = views.wait_for(|view| view.revision > 0 && prospect(view, start, named) != Prospect::Soon);
        match tokio::time::timeout(clicked.left(), settled).await {
            // The timer stands still while the machine sleeps, the time since the click does not.
            Ok(Ok(_)) if !clicked.is_meant() => Prospect::Soon,
            Ok(Ok(view)) => prospect(&view, start, named),
            Ok(Err(_)) => Prospect::No,
            Err(_) => Prospect::Soon,
        }
    }
}

/// Why an answer that came too late counts for nothing.
fn question_is_over() -> Trouble {
    Trouble {
        text: "This question is over, and nothing was called.".to_owned(),
        remedy: Some("Ask for the number once more.".to_owned()),
        ..Trouble::from(Reason::NotAvailable)
    }
}

/// The time of day at which something was asked.
fn time_of(when: When) -> String {
    clock(when.at, &TimeZone::system())
}

/// A word that nobody can guess; none where the system gives no randomness.
pub(super) fn random_word() -> Option<String> {
    let (one, two) = (getrandom::u64().ok()?, getrandom::u64().ok()?);
    Some(format!("{one:016x}{two:016x}"))
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
    }
}
