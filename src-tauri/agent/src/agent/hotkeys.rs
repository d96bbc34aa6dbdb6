//! The hotkeys while the agent runs: taken as the settings say, obeyed, tested, and told about where they do not work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use phone_control::protocol::{HotkeyName, HotkeysReply, TestHotkeyReply};
use phone_core::call::CallState;
use phone_core::view::{CallView, Hint};
use phone_core::{Code, Reason, Request, Trouble};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::Agent;
use crate::bus;
use crate::desktop::hotkey::owners::{self, Known};
use crate::desktop::hotkey::portal::{self, Bound};
use crate::desktop::hotkey::x11::{Grabbed, Keyboard};
use crate::desktop::hotkey::{
    ALL, Combination, HotkeyError, MEANT_FOR, Pressed, State, all_wanted, combinations, plan, problem, wanted,
};
use crate::desktop::notices::{HOTKEY_HINT, trouble};
use crate::desktop::tray::{rings_here, who};
use crate::desktop::{Act, Press};

/// Between two tries to take keys that were taken; the other program may have ended.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// A change of the keyboard's layout comes in several steps, and only the last one counts.
const SETTLED: Duration = Duration::from_secs(1);

/// How long a person who tests a hotkey may take to press it.
const TEST: Duration = Duration::from_secs(15);

/// How long whoever asks about the hotkeys waits for what is being tried.
const ASKED: Duration = Duration::from_secs(3);

/// File with the keys that the user did not let the desktop give us, so that no login asks again.
const REFUSED: &str = "hotkeys-refused";

/// How the hotkeys do.
#[derive(Default)]
pub struct Hotkeys {
    now: watch::Sender<Shown>,
    test: Mutex<Option<Test>>,
    again: Notify,
    /// What the hints say of them.
    told: Mutex<Vec<Hint>>,
}

/// A picture of them, complete for some settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    /// The settings it is about, in the order of [`ALL`].
    wanted: Vec<Option<String>>,
    /// How each does.
    states: Vec<(HotkeyName, State)>,
    /// The desktop decides about the keys.
    by_desktop: bool,
    /// How often somebody was made to try again.
    turn: u64,
}

/// How each hotkey does.
type States = Vec<(HotkeyName, State)>;

struct Test {
    name: HotkeyName,
    arrived: oneshot::Sender<()>,
}

impl Agent {
    /// How each hotkey does, after what is being tried.
    pub async fn hotkey_states(&self) -> Vec<(HotkeyName, State)> {
        self.shown().await.states
    }

    /// How the hotkeys do, for a client.
    pub async fn hotkeys_told(&self) -> HotkeysReply {
        let shown = self.shown().await;
        let settings = self.engine.desktop().borrow().clone();
        let hotkeys = shown.states.iter().map(|(name, state)| state.view(*name, wanted(&settings, *name)));
        HotkeysReply { hotkeys: hotkeys.collect(), by_desktop: shown.by_desktop }
    }

    /// Tries again to take what is not held, and asks the desktop again where the user had said no.
    pub async fn retry_hotkeys(&self) -> HotkeysReply {
        let turn = self.hotkeys.now.borrow().turn;
        self.hotkeys.again.notify_one();
        let mut now = self.hotkeys.now.subscribe();
        // A question of the desktop takes as long as a person takes.
        tokio::time::timeout(ASKED, now.wait_for(|shown| shown.turn != turn)).await.ok();
        self.hotkeys_told().await
    }

    /// Waits for a press of a hotkey, which then does nothing else.
    ///
    /// # Errors
    /// It does not work anyway, and why.
    pub async fn test_hotkey(&self, name: HotkeyName) -> Result<TestHotkeyReply, Trouble> {
        let states = self.hotkey_states().await;
        let state = states.into_iter().find(|(other, _)| *other == name).map(|(_, state)| state).unwrap_or_default();
        match state {
            State::Works(_) => {}
            State::Off => return Err(Reason::WrongUsage("this hotkey has no keys".to_owned()).into()),
            State::Asking => return Err(Reason::WrongUsage("the desktop is still asking for it".to_owned()).into()),
            State::Broken { why, free } => {
                return Err(Trouble {
                    text: problem(name, &why),
                    remedy: Some(why.remedy(name, free)),
                    ..Trouble::from(Reason::NotAvailable)
                });
            }
        }
        let (arrived, pressed) = oneshot::channel();
        // A test before this one is over: nobody looks at it any more.
        *self.test() = Some(Test { name, arrived });
        let arrived = tokio::time::timeout(TEST, pressed).await.is_ok_and(|pressed| pressed.is_ok());
        Ok(TestHotkeyReply { arrived })
    }

    fn test(&self) -> std::sync::MutexGuard<'_, Option<Test>> {
        self.hotkeys.test.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn shown(&self) -> Shown {
        let settings = self.engine.desktop();
        let mut now = self.hotkeys.now.subscribe();
        let current = |shown: &Shown| shown.wanted == all_wanted(&settings.borrow());
        let waited = tokio::time::timeout(ASKED, now.wait_for(current)).await;
        if let Ok(Ok(shown)) = waited {
            return shown.clone();
        }
        let states = ALL.iter().map(|name| match wanted(&settings.borrow(), *name) {
            Some(_) => (*name, State::Asking),
            None => (*name, State::Off),
        });
        Shown { states: states.collect(), by_desktop: self.hotkeys.now.borrow().by_desktop, ..Shown::default() }
    }

    /// Keeps the hotkeys of the settings taken.
    pub(super) async fn follow_hotkeys(self: Arc<Self>) {
        let (pressed, presses) = mpsc::channel(4);
        // Beside this, so that no press waits for what is looked up here.
        tokio::spawn(self.clone().obey_hotkeys(presses));
        if is_wayland() {
            self.clone().follow_desktop(&pressed).await;
        } else {
            self.clone().follow_keyboard(pressed).await;
        }
    }

    /// Does what the presses ask for.
    async fn obey_hotkeys(self: Arc<Self>, mut presses: mpsc::Receiver<Pressed>) {
        while let Some(Pressed { name, at, token }) = presses.recv().await {
            if self.is_test(name) {
                continue;
            }
            if at.elapsed() > MEANT_FOR {
                tracing::info!("a hotkey was pressed too long ago");
                let agent = self.clone();
                tokio::spawn(async move { agent.tell(trouble(&too_late(), None)).await });
                continue;
            }
            let act = match name {
                HotkeyName::Dial => Act::DialSelection,
                HotkeyName::Answer => Act::AnswerAny,
                HotkeyName::HangUp => Act::HangUpAny,
                HotkeyName::Window => Act::Window(None),
            };
            tokio::spawn(self.clone().act(Press { act, token }));
        }
    }

    /// Whether a press belongs to a test. While one runs nothing is dialled, whichever key was hit.
    fn is_test(&self, name: HotkeyName) -> bool {
        let mut test = self.test();
        // Whoever tests may have closed the window.
        let Some(running) = test.take_if(|test| test.name == name || test.arrived.is_closed()) else {
            return test.is_some() && name == HotkeyName::Dial;
        };
        running.arrived.send(()).is_ok()
    }

    /// Answers or hangs up the only call that fits; where several do, says which.
    pub(super) async fn to_only_call(&self, request: Request) {
        let answers = matches!(request, Request::Answer(_));
        let Err(why) = self.engine.ask(request).await else { return };
        tracing::debug!("a hotkey failed: {:?}", why.code);
        let told = if why.code == Code::NoSuchCall {
            let text = if answers { "No call rings." } else { "There is no call to hang up." };
            Trouble { text: text.to_owned(), remedy: None, ..why }
        } else if why.code == Code::WrongUsage {
            // Nothing else can be wrong with a request that names nothing.
            self.several(answers, why)
        } else {
            why
        };
        self.tell(trouble(&told, None)).await;
    }

    fn several(&self, answers: bool, why: Trouble) -> Trouble {
        let fits = |call: &&CallView| !answers || rings_here(call);
        let view = self.engine.view();
        let names: Vec<String> =
            view.borrow().calls.iter().filter(fits).filter(|call| call.state != CallState::Ended).map(who).collect();
        let text = if answers { "Several calls ring" } else { "There are several calls" };
        let text = if self.hides_names() { format!("{text}.") } else { format!("{text}: {}.", names.join(", ")) };
        let remedy =
            if answers { "Answer one of them by its notice or in the window." } else { "Hang up one of them in the window." };
        Trouble { text, remedy: Some(remedy.to_owned()), ..why }
    }

    async fn follow_keyboard(self: Arc<Self>, pressed: mpsc::Sender<Pressed>) {
        let mut settings = self.engine.desktop();
        let mut keyboard = None;
        // What was found out last, and about what: another try that ends alike is not worth asking the desktop again.
        let mut known: Option<(States, States)> = None;
        loop {
            let wanted = all_wanted(&settings.borrow_and_update());
            let plan = plan(&wanted);
            let tried = self.hold(&mut keyboard, combinations(&plan), &pressed).await;
            let mut grabbed = tried.unwrap_or_else(|error| refused(&plan, &error));
            loop {
                let mut states = states(&plan, |name, keys| match grabbed.iter().find(|(other, _)| *other == name) {
                    Some((_, Ok(_))) => State::Works(keys.to_string()),
                    Some((_, Err(why))) => why.clone().into(),
                    None => State::Asking,
                });
                match &known {
                    Some((found, explained)) if *found == states => states.clone_from(explained),
                    Some(_) | None => {
                        let found = states.clone();
                        self.explain(&mut states, keyboard.as_ref()).await;
                        known = Some((found, states.clone()));
                    }
                }
                self.tell_hotkeys(&wanted, &states, false).await;
                let again = states.iter().any(|(_, state)| may_pass(state));
                tokio::select! {
                    changed = settings.changed() => match changed {
                        Ok(()) if all_wanted(&settings.borrow()) != wanted => {
                            known = None;
                            break;
                        }
                        Ok(()) => {}
                        Err(_) => return,
                    },
                    other = other(&mut keyboard, &grabbed) => match other {
                        Some(other) => grabbed = other,
                        // The X server let go of us; with it everything is gone that was held.
                        None => {
                            keyboard = None;
                            grabbed = refused(&plan, &HotkeyError::Failed("the X server ended the connection".to_owned()));
                        }
                    },
                    () = self.hotkeys.again.notified() => {
                        known = None;
                        break;
                    }
                    () = tokio::time::sleep(TRY_AGAIN), if again => break,
                }
            }
        }
    }

    /// Holds these keys and no others.
    async fn hold(
        &self,
        keyboard: &mut Option<Keyboard>,
        wanted: Vec<(HotkeyName, Combination)>,
        pressed: &mpsc::Sender<Pressed>,
    ) -> Result<Grabbed, HotkeyError> {
        let open = match keyboard.take() {
            // Without any key there is nothing to listen to.
            _ if wanted.is_empty() => return Ok(Vec::new()),
            Some(open) => open,
            None => Keyboard::open(pressed.clone()).await?,
        };
        open.hold(wanted).await?;
        let grabbed = keyboard.insert(open).grabbed.borrow_and_update().clone();
        Ok(grabbed)
    }

    /// Names who has the keys, as far as that can be known, and finds free ones.
    async fn explain(&self, states: &mut [(HotkeyName, State)], keyboard: Option<&Keyboard>) {
        let wants = |state: &State| match state {
            State::Broken { why, .. } => why.wants_another(),
            State::Off | State::Asking | State::Works(_) => None,
        };
        if states.iter().all(|(_, state)| wants(state).is_none()) {
            return;
        }
        let known = owners::known(self.bus.as_ref(), &self.folders.config_home, &self.files).await;
        let settings = self.engine.desktop().borrow().clone();
        let ours = ALL.iter().filter_map(|name| Combination::parse(wanted(&settings, *name)?).ok());
        let mut taken: Vec<Combination> = known.iter().map(|(keys, _)| *keys).chain(ours).collect();
        for (_, state) in states {
            let Some(keys) = wants(state) else { continue };
            let State::Broken { why, free } = state else { continue };
            if let HotkeyError::Taken(_, owner) = why {
                *owner = named(&known, keys);
            }
            if let Some(keyboard) = keyboard {
                *free = keyboard.first_free(keys.others(&taken)).await;
            }
            // Two hotkeys do not get the same proposal.
            taken.extend(*free);
        }
    }

    async fn follow_desktop(self: Arc<Self>, pressed: &mpsc::Sender<Pressed>) {
        let mut settings = self.engine.desktop();
        let mut asked_again = false;
        // From the beginning, so that one that comes while another is asked is not missed.
        let mut comers = match &self.bus {
            Some(bus) => bus::comers(bus, portal::BUS_NAME).await,
            None => None,
        };
        loop {
            let wanted = all_wanted(&settings.borrow_and_update());
            let plan = plan(&wanted);
            let keys = combinations(&plan);
            let (told, mut bound) = watch::channel(None);
            let line = keys.iter().map(|(name, keys)| format!("{}={keys}", portal::id(*name))).collect::<Vec<_>>().join(" ");
            let was_refused = !asked_again && self.was_refused(&line).await;
            let running = async {
                match (keys.is_empty(), was_refused) {
                    (true, _) => std::future::pending().await,
                    (false, true) => HotkeyError::Refused,
                    (false, false) => portal::run(&keys, pressed, &told).await,
                }
            };
            let mut running = std::pin::pin!(running);
            let mut ended = None;
            loop {
                let given = bound.borrow_and_update().clone();
                let states = states(&plan, |name, _| state_of(name, given.as_ref(), ended.as_ref()));
                self.tell_hotkeys(&wanted, &states, true).await;
                let again = states.iter().any(|(_, state)| may_pass(state));
                tokio::select! {
                    changed = settings.changed() => match changed {
                        Ok(()) if all_wanted(&settings.borrow()) != wanted => break asked_again = false,
                        Ok(()) => {}
                        Err(_) => return,
                    },
                    Ok(()) = bound.changed() => self.remember_refused(None).await,
                    why = &mut running, if ended.is_none() => {
                        tracing::info!("the desktop gives no keys: {why}");
                        if why == HotkeyError::Refused {
                            asked_again = false;
                            self.remember_refused(Some(line.clone())).await;
                        }
                        ended = Some(why);
                    }
                    () = self.hotkeys.again.notified() => break asked_again = true,
                    () = bus::next(&mut comers) => if ended.as_ref().is_some_and(waits_for_portal) { break },
                    () = tokio::time::sleep(TRY_AGAIN), if again => break,
                }
            }
        }
    }

    async fn was_refused(&self, line: &str) -> bool {
        let (file, line) = (self.folders.state().join(REFUSED), line.to_owned());
        self.files.with(move || std::fs::read_to_string(file).is_ok_and(|kept| kept.trim() == line)).await.unwrap_or(false)
    }

    async fn remember_refused(&self, line: Option<String>) {
        let file = self.folders.state().join(REFUSED);
        let written = self.files.with(move || match line {
            Some(line) => std::fs::write(file, line + "\n"),
            None if file.exists() => std::fs::remove_file(file),
            None => Ok(()),
        });
        if let Ok(Err(error)) = written.await {
            tracing::debug!("what the desktop said cannot be remembered: {error}");
        }
    }

    /// Lets clients, doctor and screen know how they do.
    async fn tell_hotkeys(&self, wanted: &[Option<String>], states: &[(HotkeyName, State)], by_desktop: bool) {
        self.hotkeys.now.send_modify(|shown| {
            let turn = shown.turn + 1;
            *shown = Shown { wanted: wanted.to_vec(), states: states.to_vec(), by_desktop, turn };
        });
        for (name, state) in states {
            let about = about(*name);
            let old = self.told().iter().find(|hint| hint.about == about).cloned();
            match (old, hint_of(*name, state)) {
                (old, Some(now)) if old.as_ref() != Some(&now) => {
                    tracing::info!("{}", now.text);
                    self.told().retain(|hint| hint.about != about);
                    self.told().push(now.clone());
                    self.hint_once(now, true).await;
                }
                // While the desktop is asked, nobody knows whether it still is so.
                (Some(old), None) if *state != State::Asking => {
                    self.told().retain(|hint| hint.about != about);
                    self.hint_once(old, false).await;
                }
                (_, _) => {}
            }
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<Hint>> {
        self.hotkeys.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn about(name: HotkeyName) -> String {
    match name {
        HotkeyName::Dial => HOTKEY_HINT.to_owned(),
        HotkeyName::Answer => format!("{HOTKEY_HINT}_answer"),
        HotkeyName::HangUp => format!("{HOTKEY_HINT}_hang_up"),
        HotkeyName::Window => format!("{HOTKEY_HINT}_window"),
    }
}

/// What a hint says of a hotkey that does not work.
fn hint_of(name: HotkeyName, state: &State) -> Option<Hint> {
    match state {
        State::Broken { why, free } => {
            Some(Hint { about: about(name), text: problem(name, why), remedy: Some(why.remedy(name, *free)) })
        }
        State::Off | State::Asking | State::Works(_) => None,
    }
}

fn states(
    plan: &[(HotkeyName, Option<Result<Combination, HotkeyError>>)],
    of: impl Fn(HotkeyName, Combination) -> State,
) -> Vec<(HotkeyName, State)> {
    let state = |(name, read): &(HotkeyName, Option<Result<Combination, HotkeyError>>)| match read {
        None => (*name, State::Off),
        Some(Err(why)) => (*name, why.clone().into()),
        Some(Ok(keys)) => (*name, of(*name, *keys)),
    };
    plan.iter().map(state).collect()
}

fn refused(plan: &[(HotkeyName, Option<Result<Combination, HotkeyError>>)], why: &HotkeyError) -> Grabbed {
    plan.iter().map(|(name, _)| (*name, Err(why.clone()))).collect()
}

/// What the desktop gave a hotkey, or why it gives nothing.
fn state_of(name: HotkeyName, given: Option<&Bound>, ended: Option<&HotkeyError>) -> State {
    match (ended, given) {
        (Some(why), _) => why.clone().into(),
        (None, None) => State::Asking,
        (None, Some(given)) => given.get(portal::id(name)).map_or(HotkeyError::Unbound.into(), |keys| State::Works(keys.clone())),
    }
}

fn may_pass(state: &State) -> bool {
    match state {
        State::Broken { why, .. } => why.may_pass(),
        State::Off | State::Asking | State::Works(_) => false,
    }
}

fn waits_for_portal(why: &HotkeyError) -> bool {
    matches!(why, HotkeyError::NoWay | HotkeyError::TakenBack | HotkeyError::Failed(_))
}

fn named(known: &Known, keys: Combination) -> Option<crate::desktop::hotkey::Owner> {
    known.iter().find(|(taken, _)| *taken == keys).map(|(_, owner)| owner.clone())
}

/// What became of the grabs, as soon as that changes and has settled; none when the thread is gone, never without one.
async fn other(keyboard: &mut Option<Keyboard>, known: &Grabbed) -> Option<Grabbed> {
    let Some(keyboard) = keyboard else { return std::future::pending().await };
    keyboard.grabbed.wait_for(|grabbed| grabbed != known).await.ok()?;
    tokio::time::sleep(SETTLED).await;
    Some(keyboard.grabbed.borrow_and_update().clone())
}

/// The X server inside a Wayland desktop lets keys be grabbed, but only its own windows ever press them.
fn is_wayland() -> bool {
    let var = |name| std::env::var(name).unwrap_or_default();
    !var("WAYLAND_DISPLAY").is_empty() || var("XDG_SESSION_TYPE") == "wayland"
}

fn too_late() -> Trouble {
    Trouble {
        text: "Trayphone came to a hotkey too late, so nothing was done.".to_owned(),
        remedy: Some("Press it again if it is still meant.".to_owned()),
        ..Trouble::from(Reason::NotAvailable)
    }
}
