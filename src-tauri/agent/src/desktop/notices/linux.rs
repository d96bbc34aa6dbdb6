//! Notices over the notification service of the desktop.
//!
//! Source: Desktop Notifications Specification 1.3.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use zbus::{Connection, MatchRule, Message, MessageStream, message};

use super::leftovers::Leftovers;
use super::picture;
use super::{About, Notice, NoticeChange, Weight};
use crate::desktop::{Act, Press};

/// Name of the service.
pub const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How long withdrawing may hold up the end of the agent, and the beginning where another one was killed.
const GOODBYE: Duration = Duration::from_millis(500);

/// How the service does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether the last notice was shown; none before the first.
    pub works: Option<bool>,
    /// What went wrong last.
    pub problem: Option<String>,
}

/// Something the notification service said about one of its numbers.
#[derive(Clone, Debug)]
enum Said {
    Pressed(u32, String),
    Closed(u32),
}

/// What became of an order to show something.
type Sent = (About, notify_rust::error::Result<NotificationHandle>);

struct Slot {
    notice: Notice,
    /// Which of all notices this is; its buttons carry it, so that a press on what stood here before is none on this.
    serial: u64,
    state: State,
    /// Each keeps its connection: some services take a notice away when its sender leaves the bus.
    handles: Vec<Arc<NotificationHandle>>,
    /// Those who listen on these connections.
    listeners: Vec<AbortHandle>,
}

enum State {
    /// On its way; this follows.
    Sending(Option<NoticeChange>),
    Shown(u32),
    /// The service is away; shown again when one comes.
    Lost,
}

/// What the service is able to do; nothing is known before it was asked.
#[derive(Clone, Copy, Default)]
struct Able {
    markup: Option<bool>,
    actions: Option<bool>,
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
        slots: HashMap::new(),
        serial: 0,
        able: Able::default(),
        early: VecDeque::new(),
        sent: sent_here,
        said: said_here,
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
        screen.serve(bus, &owner).await;
        screen.clear(bus).await;
    }
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(NoticeChange::Show(notice)) => screen.show(notice),
                Some(NoticeChange::Withdraw(about)) => screen.withdraw(&about),
                None => break,
            },
            Some((about, result)) = sent.recv() => screen.sent(about, result),
            Some(said) = said.recv() => screen.said(said),
            signal = next(&mut signals) => match signal {
                Some(Signal::Said(said)) => screen.said(said),
                Some(Signal::Owner(owner)) => {
                    screen.lost();
                    if let (Some(bus), Some(owner)) = (&bus, owner) {
                        screen.able = ask(bus).await;
                        screen.serve(bus, &owner).await;
                        screen.again();
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
    slots: HashMap<About, Slot>,
    serial: u64,
    able: Able,
    /// What was said about numbers that nobody has told us yet.
    early: VecDeque<Said>,
    sent: mpsc::Sender<Sent>,
    said: mpsc::Sender<Said>,
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
            // One that is gone already is as good.
            bus.call_method(Some(NAME), PATH, Some(NAME), "CloseNotification", &(id,)).await.ok();
        });
        tokio::time::timeout(GOODBYE, futures_util::future::join_all(closing)).await.ok();
    }

    /// Leaves word for the next start of what is on the screen.
    fn remember(&mut self) {
        let shown = self.slots.values().filter_map(|slot| Some(slot.handles.last()?.id()));
        self.leftovers.keep(shown.collect());
    }

    fn show(&mut self, notice: Notice) {
        self.serial += 1;
        let serial = self.serial;
        match self.slots.get_mut(&notice.about) {
            Some(Slot { state: State::Sending(then), .. }) => *then = Some(NoticeChange::Show(notice)),
            Some(slot) => {
                let replaced = if let State::Shown(id) = slot.state { Some(id) } else { None };
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
                    handles: Vec::new(),
                    listeners: Vec::new(),
                };
                self.slots.insert(about, slot);
                self.send(notice, serial, None);
            }
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
                let handle = Arc::new(handle);
                let id = handle.id();
                slot.state = State::Shown(id);
                slot.handles.push(handle.clone());
                let said = self.said.clone();
                // Services that answer only to the sender of a notice, and not to everybody, are heard here.
                let listener = tokio::spawn(async move {
                    let (heard_here, heard) = oneshot::channel();
                    let waited = handle.wait_for_action_async(|response| drop(heard_here.send(response.clone())));
                    waited.await;
                    drop(handle);
                    match heard.await {
                        Ok(NotificationResponse::Default) => said.send(Said::Pressed(id, DEFAULT.into())).await.ok(),
                        Ok(NotificationResponse::Action(key)) => said.send(Said::Pressed(id, key)).await.ok(),
                        Ok(NotificationResponse::Closed(_) | NotificationResponse::Reply(_)) => {
                            said.send(Said::Closed(id)).await.ok()
                        }
                        Err(_) => None,
                    }
                });
                slot.listeners.push(listener.abort_handle());
                told(&self.health, Health { works: Some(true), problem: None });
                if let Some(position) = self.early.iter().position(|said| said.id() == id)
                    && let Some(said) = self.early.remove(position)
                {
                    self.said(said);
                }
            }
            Err(error) => {
                tracing::warn!("a notice cannot be shown: {error}");
                told(&self.health, Health { works: Some(false), problem: Some(error.to_string()) });
                if slot.notice.weight == Weight::Passing {
                    self.slots.remove(&about);
                }
            }
        }
        match then {
            Some(NoticeChange::Show(notice)) => self.show(notice),
            Some(NoticeChange::Withdraw(about)) => self.withdraw(&about),
            None => {}
        }
    }

    fn withdraw(&mut self, about: &About) {
        if let Some(Slot { state: State::Sending(then), .. }) = self.slots.get_mut(about) {
            *then = Some(NoticeChange::Withdraw(about.clone()));
        } else if let Some(slot) = self.slots.remove(about) {
            tokio::spawn(slot.close());
        }
    }

    fn said(&mut self, said: Said) {
        let id = said.id();
        let found = self.slots.iter().find(|(_, slot)| matches!(slot.state, State::Shown(shown) if shown == id));
        let Some(about) = found.map(|(about, _)| about.clone()) else {
            // It may concern a notice whose number is still on its way, or one of another program.
            if self.slots.values().any(|slot| matches!(slot.state, State::Sending(_))) {
                self.early.push_back(said);
                self.early.truncate(8);
            }
            return;
        };
        let pressed = match (&said, self.slots.get(&about)) {
            (Said::Pressed(_, key), Some(slot)) => match act(&slot.notice, slot.serial, key) {
                Some(act) => Some(act),
                // A button of the notice that stood here before: the person meant something else.
                None => return,
            },
            _ => None,
        };
        let Some(slot) = self.slots.remove(&about) else { return };
        if let Some(act) = pressed {
            if self.presses.try_send(act.into()).is_err() {
                tracing::warn!("a press on a notice was dropped, too many are waiting");
            }
            // Most services close it by themselves; with the others it must not stay.
            tokio::spawn(slot.close());
        }
    }

    /// The service went away, and everything it showed with it; another may have taken its place without a gap.
    fn lost(&mut self) {
        // One that was started for a notice of ours has nothing to lose.
        if !self.leftovers.is_served() {
            return;
        }
        self.leftovers.serve(None);
        self.able = Able::default();
        self.slots.retain(|_, slot| slot.notice.weight != Weight::Passing || matches!(slot.state, State::Sending(_)));
        for slot in self.slots.values_mut() {
            if let State::Shown(_) = slot.state {
                slot.state = State::Lost;
                slot.forget();
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
        let closing = self.slots.into_values().map(Slot::close);
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
    async fn close(self) {
        if let (State::Shown(_), Some(handle)) = (&self.state, self.handles.last()) {
            handle.close_async().await;
        }
    }

    /// Leaves the bus on behalf of this notice.
    fn forget(&mut self) {
        self.listeners.drain(..).for_each(|listener| listener.abort());
        self.handles.clear();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.forget();
    }
}

impl Said {
    fn id(&self) -> u32 {
        match self {
            Self::Pressed(id, _) | Self::Closed(id) => *id,
        }
    }
}

/// Key of a press on the notice itself.
const DEFAULT: &str = "default";

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

fn compose(notice: &Notice, serial: u64, able: Able, picture: Option<&str>) -> Notification {
    let mut message = Notification::new();
    // Where nothing is known, markup is: nearly every service has it, and unescaped text could use it.
    let body = if able.markup == Some(false) { notice.body.clone() } else { escape(&notice.body) };
    message.appname("Trayphone").icon(picture.unwrap_or("trayphone")).summary(&notice.title).body(&body);
    message.hint(Hint::DesktopEntry("trayphone".to_owned()));
    let (urgency, timeout) = match notice.weight {
        Weight::Urgent => (Urgency::Critical, Timeout::Never),
        Weight::Lasting => (Urgency::Normal, Timeout::Never),
        Weight::Passing => (Urgency::Normal, Timeout::Default),
    };
    message.urgency(urgency).timeout(timeout);
    match &notice.about {
        About::Call(_) => message.hint(Hint::Category("call.incoming".to_owned())),
        About::Missed => message.hint(Hint::Category("call.unanswered".to_owned())),
        About::Account(_) | About::Hint(_) | About::Question | About::Trouble => &mut message,
    };
    if able.actions != Some(false) {
        if notice.press != Act::Nothing {
            message.action(DEFAULT, "Open");
        }
        for (place, button) in notice.buttons.iter().enumerate() {
            message.action(&format!("{serial}.{place}"), button.label);
        }
    }
    message
}

/// A notice without buttons, for a service of which nothing is known.
pub(super) fn plain(notice: &Notice) -> Notification {
    let able = Able { markup: None, actions: Some(false) };
    compose(notice, 0, able, None)
}

/// Text from the network in a body that knows markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

enum Signal {
    Said(Said),
    /// Somebody took over the service, by this name on the bus, or nobody has it any more.
    Owner(Option<String>),
    Other,
}

async fn listen(bus: &Connection) -> zbus::Result<impl StreamExt<Item = zbus::Result<Message>> + Unpin + use<>> {
    let signal = || MatchRule::builder().msg_type(message::Type::Signal);
    let said = signal().sender(NAME)?.path(PATH)?.interface(NAME)?.build();
    let owner = signal().sender("org.freedesktop.DBus")?.member("NameOwnerChanged")?.arg(0, NAME)?.build();
    Ok(futures_util::stream::select_all([
        MessageStream::for_match_rule(said, bus, Some(32)).await?,
        MessageStream::for_match_rule(owner, bus, Some(4)).await?,
    ]))
}

/// The next signal; never, where none can come.
async fn next(signals: &mut Option<impl StreamExt<Item = zbus::Result<Message>> + Unpin>) -> Option<Signal> {
    let Some(signals) = signals else { return std::future::pending().await };
    let signal = signals.next().await?.ok()?;
    let header = signal.header();
    let body = signal.body();
    let read = match header.member().map(|member| member.as_str()) {
        Some("ActionInvoked") => body.deserialize().ok().map(|(id, key)| Signal::Said(Said::Pressed(id, key))),
        Some("NotificationClosed") => body.deserialize().ok().map(|(id, _): (u32, u32)| Signal::Said(Said::Closed(id))),
        Some("NameOwnerChanged") => {
            let new = body.deserialize().ok().map(|(_, _, new): (String, String, String)| new);
            new.map(|new| Signal::Owner(Some(new).filter(|new| !new.is_empty())))
        }
        Some(_) | None => None,
    };
    Some(read.unwrap_or(Signal::Other))
}

async fn ask(bus: &Connection) -> Able {
    let answer = bus.call_method(Some(NAME), PATH, Some(NAME), "GetCapabilities", &());
    let answer = tokio::time::timeout(Duration::from_secs(2), answer).await;
    let Ok(Ok(Ok(able))) = answer.map(|answer| answer.map(|answer| answer.body().deserialize::<Vec<String>>())) else {
        return Able::default();
    };
    let has = |name: &str| Some(able.iter().any(|able| able == name));
    Able { markup: has("body-markup"), actions: has("actions") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::notices::{Button, link_question};

    #[test]
    fn names_bring_no_markup() {
        let mut notice = link_question("tel:1", "1");
        notice.body = "<b>Ann & Bob</b>".into();
        assert_eq!(compose(&notice, 1, Able::default(), None).body, "&lt;b&gt;Ann &amp; Bob&lt;/b&gt;");
        let plain = Able { markup: Some(false), actions: Some(false) };
        assert_eq!(compose(&notice, 1, plain, None).body, "<b>Ann & Bob</b>");
        assert!(compose(&notice, 1, plain, None).actions.is_empty());
    }

    #[test]
    fn each_button_does_its_own_act_and_a_question_none_beside_them() {
        let mut notice = link_question("tel:1", "1");
        assert_eq!(act(&notice, 1, "1.0"), Some(Act::DialLink("tel:1".into())));
        assert_eq!(act(&notice, 1, "1.1"), Some(Act::Nothing));
        assert_eq!(act(&notice, 1, DEFAULT), Some(Act::Nothing));
        assert!(!compose(&notice, 1, Able::default(), None).actions.contains(&DEFAULT.to_owned()));
        notice.buttons = vec![Button { label: "Quit", act: Act::Quit }];
        assert_eq!(act(&notice, 1, "1.7"), None);
    }

    #[test]
    fn a_press_on_the_notice_before_is_none_on_this_one() {
        let dial = |number: &str| Act::Dial { number: number.to_owned(), account: None, yes: true };
        let notice = Notice {
            about: About::Question,
            title: String::new(),
            body: String::new(),
            buttons: vec![Button { label: "Call", act: dial("+4930555002") }],
            press: Act::Nothing,
            weight: Weight::Lasting,
        };
        assert_eq!(act(&notice, 8, "8.0"), Some(dial("+4930555002")));
        assert_eq!(act(&notice, 8, "7.0"), None);
        assert_eq!(act(&notice, 8, "8.1"), None);
    }
}
