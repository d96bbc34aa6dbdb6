//! The hotkeys: which keys do what, whether they can, and what to do where they cannot.

mod combination;
#[cfg(target_os = "linux")]
pub mod owners;
#[cfg(target_os = "linux")]
pub mod portal;
#[cfg(target_os = "linux")]
pub mod x11;

use std::time::{Duration, Instant};

use phone_control::protocol::{HotkeyHealth, HotkeyName, HotkeyView};
use phone_core::DesktopSettings;

pub use combination::{BadCombination, Combination};

/// All hotkeys. Of two with the same keys, the earlier one here has them.
pub const ALL: [HotkeyName; 4] = [HotkeyName::Dial, HotkeyName::Answer, HotkeyName::HangUp, HotkeyName::Window];

/// After this a press is not meant any more: something else may be selected, and another call may ring.
pub const MEANT_FOR: Duration = Duration::from_secs(2);

/// A press of a hotkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// Which one.
    pub name: HotkeyName,
    /// When it was pressed, as near as that is known.
    pub at: Instant,
    /// What lets a window come to the front under Wayland, when the desktop gave it.
    pub token: Option<String>,
}

/// Who else has a combination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The desktop or program.
    pub program: String,
    /// What it does there.
    pub what: Option<String>,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.what {
            Some(what) => write!(f, "{} (“{what}”)", self.program),
            None => f.write_str(&self.program),
        }
    }
}

/// Why a hotkey does not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HotkeyError {
    /// The text in the settings is no combination.
    #[error(transparent)]
    Bad(#[from] BadCombination),
    /// Another of our hotkeys has the same keys.
    #[error("{0} already {does}", does = does(*.1))]
    Ours(Combination, HotkeyName),
    /// Another program has it.
    #[error("{0} is already used by {by}", by = by(.1.as_ref()))]
    Taken(Combination, Option<Owner>),
    /// The keyboard has no such key.
    #[error("this keyboard has no key for {0}")]
    NoSuchKey(Combination),
    /// Neither an X server nor a desktop that hands out keys.
    #[error("this desktop lets no program take a hotkey by itself")]
    NoWay,
    /// The desktop hands out keys only to programs that it knows.
    #[error("the desktop does not know Trayphone yet")]
    NotKnown,
    /// The user said no to the desktop's question.
    #[error("the desktop was not allowed to give Trayphone any keys")]
    Refused,
    /// The desktop gives no keys any more, or ended its question without an answer.
    #[error("the desktop gives Trayphone no keys at the moment")]
    TakenBack,
    /// The desktop gave other hotkeys keys, and this one none.
    #[error("the desktop has not given it any keys")]
    Unbound,
    /// The X server or the desktop went away or refused.
    #[error("{0}")]
    Failed(String),
}

fn by(owner: Option<&Owner>) -> String {
    owner.map_or_else(|| "another program".to_owned(), ToString::to_string)
}

impl HotkeyError {
    /// What to do about it; `free` is a combination that was tried and is free.
    pub fn remedy(&self, name: HotkeyName, free: Option<Combination>) -> String {
        match (self, free) {
            (Self::Taken(keys, _), Some(free)) => {
                format!("{free} is free: choose it in the settings, or free {keys} in the other program.")
            }
            (Self::Taken(..), None) => "Choose another combination in the settings, or free it in the other program.".to_owned(),
            (Self::Ours(..) | Self::NoSuchKey(_), Some(free)) => format!("{free} is free: choose it in the settings."),
            (Self::Bad(_) | Self::Ours(..) | Self::NoSuchKey(_), _) => "Choose another combination in the settings.".to_owned(),
            (Self::NoWay | Self::Failed(_), _) => format!("Bind a shortcut of your desktop to the command: {}", command(name)),
            (Self::NotKnown, _) => {
                format!("Run trayphone --register and log in again, or bind a shortcut of your desktop to: {}", command(name))
            }
            (Self::Refused | Self::TakenBack, _) => {
                format!("Let Trayphone ask again in its settings, or bind a shortcut of your desktop to: {}", command(name))
            }
            (Self::Unbound, _) => "Give it keys in the keyboard settings of your desktop, under Trayphone.".to_owned(),
        }
    }

    fn health(&self) -> HotkeyHealth {
        match self {
            Self::Bad(_) => HotkeyHealth::Bad,
            Self::Ours(..) => HotkeyHealth::Ours,
            Self::Taken(..) => HotkeyHealth::Taken,
            Self::NoSuchKey(_) => HotkeyHealth::NoKey,
            Self::NoWay => HotkeyHealth::NoWay,
            Self::NotKnown => HotkeyHealth::NotKnown,
            Self::Refused | Self::TakenBack => HotkeyHealth::Refused,
            Self::Unbound => HotkeyHealth::Unbound,
            Self::Failed(_) => HotkeyHealth::Failed,
        }
    }

    /// Another combination could do what this one cannot.
    pub fn wants_another(&self) -> Option<Combination> {
        match self {
            Self::Taken(keys, _) | Self::Ours(keys, _) | Self::NoSuchKey(keys) => Some(*keys),
            Self::Bad(_) | Self::NoWay | Self::NotKnown | Self::Refused | Self::TakenBack | Self::Unbound | Self::Failed(_) => {
                None
            }
        }
    }

    /// May go away by itself: another program ends, a service starts again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Taken(..) | Self::Failed(_) => true,
            Self::Bad(_)
            | Self::Ours(..)
            | Self::NoSuchKey(_)
            | Self::NoWay
            | Self::NotKnown
            | Self::Refused
            | Self::TakenBack
            | Self::Unbound => false,
        }
    }
}

/// How a hotkey does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It has no keys.
    #[default]
    Off,
    /// The desktop is being asked for them.
    Asking,
    /// It works; the keys as people read them.
    Works(String),
    /// It does not work.
    Broken {
        /// Why.
        why: HotkeyError,
        /// A combination that was tried and is free.
        free: Option<Combination>,
    },
}

impl From<HotkeyError> for State {
    fn from(why: HotkeyError) -> Self {
        Self::Broken { why, free: None }
    }
}

impl State {
    /// What clients are told of it; `wanted` is what stands in the settings.
    pub fn view(&self, name: HotkeyName, wanted: Option<&str>) -> HotkeyView {
        let told = wanted.map(|wanted| Combination::parse(wanted).map_or_else(|_| wanted.to_owned(), |keys| keys.to_string()));
        let mut view = HotkeyView {
            name,
            health: HotkeyHealth::Off,
            keys: told,
            by: None,
            other: None,
            free: None,
            text: None,
            remedy: None,
            command: command(name).to_owned(),
        };
        match self {
            Self::Off => {}
            Self::Asking => view.health = HotkeyHealth::Asking,
            Self::Works(keys) => {
                view.health = HotkeyHealth::Works;
                view.keys = Some(keys.clone());
            }
            Self::Broken { why, free } => {
                view.health = why.health();
                view.text = Some(problem(name, why));
                view.remedy = Some(why.remedy(name, *free));
                view.free = free.map(|free| free.to_string());
                match why {
                    HotkeyError::Taken(_, owner) => view.by = owner.as_ref().map(ToString::to_string),
                    HotkeyError::Ours(_, other) => view.other = Some(*other),
                    HotkeyError::Bad(_)
                    | HotkeyError::NoSuchKey(_)
                    | HotkeyError::NoWay
                    | HotkeyError::NotKnown
                    | HotkeyError::Refused
                    | HotkeyError::TakenBack
                    | HotkeyError::Unbound
                    | HotkeyError::Failed(_) => {}
                }
            }
        }
        view
    }
}

/// That it does not work, as a sentence.
pub fn problem(name: HotkeyName, why: &HotkeyError) -> String {
    format!("The {} does not work: {why}.", title(name))
}

/// What a hotkey is called within a sentence.
pub fn title(name: HotkeyName) -> &'static str {
    match name {
        HotkeyName::Dial => "dial hotkey",
        HotkeyName::Answer => "answer hotkey",
        HotkeyName::HangUp => "hang-up hotkey",
        HotkeyName::Window => "window hotkey",
    }
}

/// What a hotkey does, with the keys as subject.
pub fn does(name: HotkeyName) -> &'static str {
    match name {
        HotkeyName::Dial => "dials the selected number",
        HotkeyName::Answer => "answers the call that rings",
        HotkeyName::HangUp => "hangs up the call",
        HotkeyName::Window => "shows the window",
    }
}

/// What a desktop is to run for the user who binds the keys there.
pub fn command(name: HotkeyName) -> &'static str {
    match name {
        HotkeyName::Dial => "trayphone --dial-selection",
        HotkeyName::Answer => "trayphonectl answer",
        HotkeyName::HangUp => "trayphonectl hangup",
        HotkeyName::Window => "trayphone --window",
    }
}

/// What the settings say of a hotkey; none where it is switched off.
pub fn wanted(settings: &DesktopSettings, name: HotkeyName) -> Option<&str> {
    let text = match name {
        HotkeyName::Dial => &settings.dial_hotkey,
        HotkeyName::Answer => &settings.answer_hotkey,
        HotkeyName::HangUp => &settings.hang_up_hotkey,
        HotkeyName::Window => &settings.window_hotkey,
    };
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// What the settings say of all of them.
pub fn all_wanted(settings: &DesktopSettings) -> Vec<Option<String>> {
    ALL.iter().map(|name| wanted(settings, *name).map(str::to_owned)).collect()
}

/// What is to be taken for each hotkey of [`ALL`], or why it cannot even be tried; none where it is switched off.
pub type Plan = Vec<(HotkeyName, Option<Result<Combination, HotkeyError>>)>;

/// Reads the settings; of two hotkeys with the same keys only the first gets them.
pub fn plan(wanted: &[Option<String>]) -> Plan {
    let mut plan: Plan = Vec::new();
    for (name, text) in ALL.into_iter().zip(wanted) {
        let read = text.as_deref().map(|text| Combination::parse(text).map_err(HotkeyError::from));
        let read = read.map(|read| {
            let keys = read?;
            let same = |other: &&(HotkeyName, Option<Result<Combination, HotkeyError>>)| other.1 == Some(Ok(keys));
            match plan.iter().find(same) {
                Some((other, _)) => Err(HotkeyError::Ours(keys, *other)),
                None => Ok(keys),
            }
        });
        plan.push((name, read));
    }
    plan
}

/// What of a plan can be tried.
pub fn combinations(plan: &Plan) -> Vec<(HotkeyName, Combination)> {
    let usable = |(name, read): &(HotkeyName, Option<Result<Combination, HotkeyError>>)| match read {
        Some(Ok(keys)) => Some((*name, *keys)),
        Some(Err(_)) | None => None,
    };
    plan.iter().filter_map(usable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Combination {
        Combination::parse(text).expect("a combination")
    }

    #[test]
    fn of_two_hotkeys_with_the_same_keys_the_first_has_them_and_the_other_says_so() {
        let wanted = [Some("ctrl+alt+p"), Some("Control + Alt + P"), None, Some("nonsense")].map(|text| text.map(str::to_owned));

        let plan = plan(&wanted);

        assert_eq!(combinations(&plan), [(HotkeyName::Dial, keys("ctrl+alt+p"))]);
        let [_, (_, Some(Err(answer))), (_, None), (_, Some(Err(window)))] = plan.as_slice() else { panic!("{plan:?}") };
        assert_eq!(
            problem(HotkeyName::Answer, answer),
            "The answer hotkey does not work: Ctrl+Alt+P already dials the selected number."
        );
        assert!(matches!(window, HotkeyError::Bad(_)));
    }

    #[test]
    fn a_conflict_is_named_and_a_free_combination_proposed() {
        let owner = Owner { program: "Xfce".into(), what: Some("show desktop".into()) };
        for (owner, free, text, remedy) in [
            (
                Some(owner),
                Some(keys("ctrl+alt+o")),
                "The dial hotkey does not work: Ctrl+Alt+P is already used by Xfce (“show desktop”).",
                "Ctrl+Alt+O is free: choose it in the settings, or free Ctrl+Alt+P in the other program.",
            ),
            (
                None,
                None,
                "The dial hotkey does not work: Ctrl+Alt+P is already used by another program.",
                "Choose another combination in the settings, or free it in the other program.",
            ),
        ] {
            let state = State::Broken { why: HotkeyError::Taken(keys("ctrl+alt+p"), owner), free };
            let view = state.view(HotkeyName::Dial, Some("ctrl+alt+p"));
            assert_eq!((view.text.as_deref(), view.remedy.as_deref()), (Some(text), Some(remedy)));
            assert_eq!(view.free, free.map(|free| free.to_string()));
        }
    }

    #[test]
    fn where_a_desktop_gives_no_keys_the_command_to_bind_is_offered() {
        for (name, command) in [(HotkeyName::Dial, "trayphone --dial-selection"), (HotkeyName::Answer, "trayphonectl answer")] {
            for why in [HotkeyError::NoWay, HotkeyError::NotKnown, HotkeyError::Refused, HotkeyError::Failed("gone".into())] {
                assert!(why.remedy(name, None).contains(command), "{why}");
            }
        }
    }
}
