//! Which notices are on the screen, and what is on its way there or away.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use notify_rust::NotificationHandle;
use tokio::sync::{mpsc, oneshot, watch};
use zbus::Connection;

use super::early::Early;
use super::leftovers::Leftovers;
use super::service::{Able, DEFAULT, NAME, OnScreen, Said, Signal, ask, close, compose, listen, next};
use super::{About, Button, Notice, NoticeChange, Weight, picture, too_many};
use crate::desktop::{Act, Asked, Press};

/// How long withdrawing may hold up the end of the agent, and the beginning where another one was killed.
const GOODBYE: Duration = Duration::from_millis(500);

/// After other buttons have come to stand where a pointer may already be on its way, a press counts for nobody this long.
const GLANCE: Duration = Duration::from_secs(1);

/// Most questions on the screen: whatever fires more of them is no person who clicks.
const MOST_QUESTIONS: usize = 3;

/// How the service does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether the last notice was shown; none before the first.
    pub works: Option<bool>,
    /// What went wrong last.
    pub problem: Option<String>,
    /// Whether its notices have buttons; none while nobody knows.
    pub buttons: Option<bool>,
}

/// What became of an order to show something.
type Sent = (About, notify_rust::error::Result<NotificationHandle>);

struct Slot {
    notice: Notice,
    /// Which of all notices this is; its buttons carry it, so that a press on what stood here before is none on this.
    serial: u64,
    state: State,
    /// The number that the service gave it, also while its next edition is on its way.
    id: Option<u32>,
    /// What keeps it there; one that takes its place lets it go.
    on_screen: Option<OnScreen>,
    /// When its buttons took the place of others, and of which.
    exchanged: Option<(Instant, Vec<Button>)>,
}

enum State {
    /// On its way; this follows.
    Sending(Option<NoticeChange>),
    Shown(u32),
    /// The service is away; shown again when one comes.
    Lost,
}

/// Shows and withdraws what it is told until it shall leave; then it withdraws everything.
///
/// `folder` is one of ours that ends with the session: for our picture, and for what the next start has to withdraw
/// when this one is killed.
pub async fn run(
    bus: Option<Connection>,
    folder: Option<PathBuf>,
    mut orders: mpsc::Receiver<NoticeChange>,
    presses: mpsc::Sender<Press>,
    health: watch::Sender<Health>,
    mut leave: oneshot::Receiver<()>,
) {
    let (sent_here, mut sent) = mpsc::channel(16);
    let (said_here, mut said) = mpsc::channel(16);
    let mut screen = Screen {
        bus: bus.clone(),
        slots: HashMap::new(),
        serial: 0,
        able: Able::default(),
        early: Early::default(),
        sent: sent_here,
        heard: said_here,
        presses,
        health,
        picture: folder.as_deref().and_then(picture::place),
        leftovers: Leftovers::new(folder.map(|folder| folder.join("notices"))),
    };
    let mut signals = match &bus {
        Some(bus) => listen(bus).await.inspect_err(|error| tracing::debug!("no signals of notices: {error}")).ok(),
        None => None,
    };
    if let Some(bus) = &bus
        && let Some(owner) = crate::bus::owner(bus, NAME).await
    {
        screen.able = ask(bus).await;
        screen.hand_over();
        screen.serve(bus, &owner).await;
        screen.clear(bus).await;
    }
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(NoticeChange::Show(notice)) => screen.show(notice),
                Some(NoticeChange::Redraw(notice)) => screen.redraw(notice),
                Some(NoticeChange::Withdraw(about)) => screen.withdraw(&about),
                Some(NoticeChange::WithdrawQuestions) => screen.withdraw_questions(),
                None => break,
            },
            Some((about, result)) = sent.recv() => screen.sent(about, result),
            Some(said) = said.recv() => screen.said(said),
            signal = next(&mut signals) => match signal {
                Some(Signal::Said(said)) => screen.said(said),
                Some(Signal::Owner(owner)) => {
                    // What the old service has said concerns its own numbers; the next one gives them to other notices.
                    while let Ok(said) = said.try_recv() {
                        screen.said(said);
                    }
                    screen.lost();
                    if let (Some(bus), Some(owner)) = (&bus, owner) {
                        screen.able = ask(bus).await;
                        screen.serve(bus, &owner).await;
                        screen.again();
                        screen.hand_over();
                    }
                }
                Some(Signal::Other) => {}
                None => signals = None,
            },
            _ = &mut leave => break,
        }
        screen.remember();
    }
    screen.goodbye().await;
}

struct Screen {
    /// For what is not about showing: closing, asking, and what the service tells everybody.
    bus: Option<Connection>,
    slots: HashMap<About, Slot>,
    serial: u64,
    able: Able,
    /// What was said about numbers that nobody has told us yet.
    early: Early,
    sent: mpsc::Sender<Sent>,
    heard: mpsc::Sender<Said>,
    presses: mpsc::Sender<Press>,
    health: watch::Sender<Health>,
    /// Path of our picture.
    picture: Option<String>,
    leftovers: Leftovers,
}

impl Screen {
    /// Takes a service that has come, by its own name on the bus.
    async fn serve(&mut self, bus: &Connection, owner: &str) {
        // The bus after this one counts its names anew, so its id belongs to them.
        let id = crate::bus::id(bus).await;
        self.leftovers.serve(id.map(|id| format!("{id} {owner}")));
    }

    /// Withdraws what an agent that was killed has left on the screen.
    async fn clear(&mut self, bus: &Connection) {
        let closing = self.leftovers.found().into_iter().map(async |id| {
            tracing::debug!("a notice of an agent that was killed is withdrawn");
            close(bus, id).await;
        });
        tokio::time::timeout(GOODBYE, futures_util::future::join_all(closing)).await.ok();
    }

    /// Leaves word for the next start of what is on the screen.
    fn remember(&mut self) {
        let shown = self.slots.values().filter_map(|slot| slot.id);
        self.leftovers.keep(shown.collect());
    }

    /// Where notices have no buttons nobody can answer a question in one, so the window asks it.
    fn hand_over(&mut self) {
        let buttons = self.able.actions;
        self.health.send_if_modified(|health| std::mem::replace(&mut health.buttons, buttons) != buttons);
        if buttons != Some(false) {
            return;
        }
        for about in self.questions() {
            if let Some(act) = self.slots.get(&about).and_then(|slot| in_window(&slot.notice)) {
                self.withdraw(&about);
                self.press(act);
            }
        }
    }

    fn press(&self, act: Act) {
        if self.presses.try_send(act.into()).is_err() {
            tracing::warn!("a question was dropped, too many presses are waiting");
        }
    }

    fn show(&mut self, notice: Notice) {
        if self.able.actions == Some(false)
            && let Some(act) = in_window(&notice)
        {
            return self.press(act);
        }
        let is_new = !self.slots.contains_key(&notice.about);
        if is_new && matches!(notice.about, About::Question(_)) && self.questions().len() >= MOST_QUESTIONS {
            let ignored = too_many();
            // Said once, however many come.
            if self.slots.get(&ignored.about).is_some_and(|slot| slot.notice == ignored) {
                return;
            }
            return self.show(ignored);
        }
        self.serial += 1;
        let serial = self.serial;
        match self.slots.get_mut(&notice.about) {
            Some(Slot { state: State::Sending(then), .. }) => *then = Some(NoticeChange::Show(notice)),
            Some(slot) => {
                let replaced = if let State::Shown(id) = slot.state { Some(id) } else { None };
                if replaced.is_some() && slot.notice.buttons != notice.buttons {
                    slot.exchanged = Some((Instant::now(), slot.notice.buttons.clone()));
                }
                slot.state = State::Sending(None);
                slot.notice = notice.clone();
                slot.serial = serial;
                self.send(notice, serial, replaced);
            }
            None => {
                let about = notice.about.clone();
                let slot = Slot {
                    notice: notice.clone(),
                    serial,
                    state: State::Sending(None),
                    id: None,
                    on_screen: None,
                    exchanged: None,
                };
                self.slots.insert(about, slot);
                self.send(notice, serial, None);
            }
        }
    }

    /// Shows it where something about the same is on the screen or on its way there.
    fn redraw(&mut self, notice: Notice) {
        match self.slots.get_mut(&notice.about) {
            Some(Slot { state: State::Sending(Some(NoticeChange::Withdraw(_))), .. }) | None => {}
            Some(slot @ Slot { state: State::Lost, .. }) => slot.notice = notice,
            Some(Slot { state: State::Sending(_) | State::Shown(_), .. }) => self.show(notice),
        }
    }

    fn send(&self, notice: Notice, serial: u64, replaced: Option<u32>) {
        let mut message = compose(&notice, serial, self.able, self.picture.as_deref());
        if let Some(id) = replaced {
            message.id(id);
        }
        let sent = self.sent.clone();
        tokio::spawn(async move {
            let result = message.show_async().await;
            sent.send((notice.about, result)).await.ok();
        });
    }

    fn sent(&mut self, about: About, result: notify_rust::error::Result<NotificationHandle>) {
        let Some(slot) = self.slots.get_mut(&about) else { return };
        let State::Sending(then) = std::mem::replace(&mut slot.state, State::Lost) else { return };
        match result {
            Ok(handle) => {
                let id = handle.id();
                slot.on_screen = Some(OnScreen::new(handle, self.heard.clone()));
                slot.state = State::Shown(id);
                slot.id = Some(id);
                told(&self.health, Health { works: Some(true), problem: None, buttons: self.able.actions });
                if let Some(said) = self.early.take(id) {
                    self.said(said);
                }
            }
            Err(error) => {
                tracing::warn!("a notice cannot be shown: {error}");
                (slot.id, slot.on_screen) = (None, None);
                told(&self.health, Health { works: Some(false), problem: Some(error.to_string()), buttons: self.able.actions });
                // A question that nobody sees would be a wish that is lost; the window can ask it too.
                let elsewhere = in_window(&slot.notice);
                if slot.notice.weight == Weight::Passing || elsewhere.is_some() {
                    self.slots.remove(&about);
                }
                if let Some(act) = elsewhere {
                    self.press(act);
                }
            }
        }
        match then {
            Some(NoticeChange::Show(notice) | NoticeChange::Redraw(notice)) => self.show(notice),
            Some(NoticeChange::Withdraw(about)) => self.withdraw(&about),
            Some(NoticeChange::WithdrawQuestions) | None => {}
        }
        if !self.awaits_a_number() {
            self.early.forget();
        }
    }

    fn awaits_a_number(&self) -> bool {
        self.slots.values().any(|slot| matches!(slot.state, State::Sending(_)))
    }

    fn questions(&self) -> Vec<About> {
        self.slots.keys().filter(|about| matches!(about, About::Question(_))).cloned().collect()
    }

    fn withdraw_questions(&mut self) {
        for about in self.questions() {
            self.withdraw(&about);
        }
    }

    fn withdraw(&mut self, about: &About) {
        if let Some(Slot { state: State::Sending(then), .. }) = self.slots.get_mut(about) {
            *then = Some(NoticeChange::Withdraw(about.clone()));
        } else if let Some(slot) = self.slots.remove(about) {
            tokio::spawn(slot.close(self.bus.clone()));
        }
    }

    fn said(&mut self, said: Said) {
        let id = said.id();
        let found = self.slots.iter().find(|(_, slot)| matches!(slot.state, State::Shown(shown) if shown == id));
        let Some(about) = found.map(|(about, _)| about.clone()) else {
            // It may concern a notice whose number is still on its way, or one of another program.
            if self.awaits_a_number() {
                self.early.keep(said);
            }
            return;
        };
        let pressed = match (&said, self.slots.get(&about)) {
            (Said::Pressed(_, key), Some(slot)) => {
                let is_new_here = |act: &Act| {
                    let stood_here = |before: &[Button]| before.iter().any(|button| button.act == *act);
                    slot.exchanged.as_ref().is_some_and(|(at, before)| at.elapsed() < GLANCE && !stood_here(before))
                };
                match act(&slot.notice, slot.serial, key).filter(|act| !is_new_here(act)) {
                    Some(act) => Some(act),
                    // Meant for what stood here before. Most services close a notice that was pressed, so it is shown
                    // once more: a press that does nothing must be seen to do nothing.
                    None => return self.once_more(&about),
                }
            }
            _ => None,
        };
        let Some(slot) = self.slots.remove(&about) else { return };
        if let Some(act) = pressed {
            if self.presses.try_send(act.into()).is_err() {
                tracing::warn!("a press on a notice was dropped, too many are waiting");
            }
            // Most services close it by themselves; with the others it must not stay.
            tokio::spawn(slot.close(self.bus.clone()));
        }
    }

    /// Shows a notice under a new number, so that the end of the old one does not end it too.
    fn once_more(&mut self, about: &About) {
        self.serial += 1;
        let serial = self.serial;
        let Some(slot) = self.slots.get_mut(about) else { return };
        let old = slot.id.take();
        (slot.serial, slot.state) = (serial, State::Sending(None));
        let notice = slot.notice.clone();
        self.send(notice, serial, None);
        if let (Some(bus), Some(old)) = (self.bus.clone(), old) {
            tokio::spawn(async move { close(&bus, old).await });
        }
    }

    /// The service went away, and everything it showed with it; another may have taken its place without a gap.
    fn lost(&mut self) {
        // One that was started for a notice of ours has nothing to lose.
        if !self.leftovers.is_served() {
            return;
        }
        self.leftovers.serve(None);
        self.early.forget();
        self.able = Able::default();
        self.slots.retain(|_, slot| slot.notice.weight != Weight::Passing || matches!(slot.state, State::Sending(_)));
        for slot in self.slots.values_mut() {
            (slot.id, slot.on_screen) = (None, None);
            if let State::Shown(_) = slot.state {
                slot.state = State::Lost;
            }
        }
    }

    /// A service came: what still matters is shown by it.
    fn again(&mut self) {
        let lost = self.slots.values().filter(|slot| matches!(slot.state, State::Lost));
        for notice in lost.map(|slot| slot.notice.clone()).collect::<Vec<_>>() {
            self.show(notice);
        }
    }

    async fn goodbye(mut self) {
        let closing = self.slots.into_values().map(|slot| slot.close(self.bus.clone()));
        // What could not be withdrawn in time is left to the next start.
        if tokio::time::timeout(GOODBYE, futures_util::future::join_all(closing)).await.is_ok() {
            self.leftovers.keep(Vec::new());
        }
    }
}

fn told(to: &watch::Sender<Health>, health: Health) {
    to.send_if_modified(|old| std::mem::replace(old, health.clone()) != health);
}

impl Slot {
    async fn close(self, bus: Option<Connection>) {
        if let (Some(bus), Some(id)) = (bus, self.id) {
            close(&bus, id).await;
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other acts dial nothing that was asked about")]
/// How the window asks what a notice would have asked; none where it asks nothing about a number.
fn in_window(notice: &Notice) -> Option<Act> {
    notice.buttons.iter().find_map(|button| {
        let asked = match &button.act {
            Act::DialChosen(chosen) => chosen.asked.clone(),
            Act::ChooseInWindow(asked) => (**asked).clone(),
            Act::RetryLink(uri) => Asked::link(uri),
            _ => return None,
        };
        Some(Act::ChooseInWindow(Box::new(asked)))
    })
}

/// What a key stands for in this notice; none when it belongs to another one.
fn act(notice: &Notice, serial: u64, key: &str) -> Option<Act> {
    if key == DEFAULT {
        return Some(notice.press.clone());
    }
    let (of, place) = key.split_once('.')?;
    if of.parse() != Ok(serial) {
        return None;
    }
    notice.buttons.get(place.parse::<usize>().ok()?).map(|button| button.act.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::notices::link_too_late;

    #[test]
    fn each_button_does_its_own_act_and_a_question_none_beside_them() {
        let mut notice = link_too_late("tel:1", None);
        assert_eq!(act(&notice, 1, "1.0"), Some(Act::RetryLink("tel:1".into())));
        assert_eq!(act(&notice, 1, "1.1"), Some(Act::Nothing));
        assert_eq!(act(&notice, 1, DEFAULT), Some(Act::Nothing));
        notice.buttons = vec![Button { label: "Quit".into(), act: Act::Quit }];
        assert_eq!(act(&notice, 1, "1.7"), None);
    }

    #[test]
    fn a_late_link_that_no_notice_can_offer_goes_to_the_window_and_dials_nothing() {
        let link = "pbx:dial?number=1&account=office";
        let Some(Act::ChooseInWindow(asked)) = in_window(&link_too_late(link, None)) else { panic!("the window asks") };
        assert_eq!((asked.text.as_str(), asked.source), (link, phone_core::Source::Link));
        assert_eq!(asked.account.as_ref().map(phone_core::AccountName::as_str), Some("office"));
    }

    #[test]
    fn a_press_on_the_notice_before_is_none_on_this_one() {
        let dial = |number: &str| Act::Dial { number: number.to_owned(), account: None };
        let notice = Notice {
            about: About::Question("tel:1".into()),
            title: String::new(),
            body: String::new(),
            buttons: vec![Button { label: "Call".into(), act: dial("+4930555002") }],
            press: Act::Nothing,
            weight: Weight::Lasting,
        };
        assert_eq!(act(&notice, 8, "8.0"), Some(dial("+4930555002")));
        assert_eq!(act(&notice, 8, "7.0"), None);
        assert_eq!(act(&notice, 8, "8.1"), None);
    }
}
