//! Gives a wish to the agent that runs already. No runtime, no log, no settings: this has a few milliseconds.

use std::path::Path;
use std::time::{Duration, Instant};

use phone_control::client::blocking::call;
use phone_control::protocol::{HandleLinkParams, Nothing, OpenWindowParams, WindowView, method};
use phone_core::{Code, Reason, Trouble};

use crate::arguments::Wish;
use crate::desktop::links::Clicked;
use crate::desktop::notices::once;
use crate::desktop::window;

/// A running agent answers within a millisecond; a stopped one must not hold up the caller for long.
const ANSWER: Duration = Duration::from_secs(5);
/// A selection is read when the agent comes to it; after this the user may have selected something else.
const SELECTION: Duration = Duration::from_secs(2);

/// What an agent in another session of this user says; it runs, so a further start has nothing to do.
pub const ELSEWHERE: &str = "Trayphone already runs in another session of yours.";

/// Who we say we are.
const NAME: &str = "trayphone";

/// What became of a wish.
pub enum Handed {
    /// A running agent has it.
    Over,
    /// Nobody runs.
    NobodyThere,
}

/// The moment after which a wish that was uttered now is not meant any more.
pub fn meant_until(wish: &Wish) -> Instant {
    Instant::now() + if *wish == Wish::DialSelection { SELECTION } else { ANSWER }
}

/// Hands a wish over to the agent behind `socket`, if there is one.
///
/// # Errors
/// The agent refused, or does not answer before `until`.
pub fn hand_over(socket: &Path, wish: &Wish, clicked: Clicked, until: Instant) -> anyhow::Result<Handed> {
    let left = until.saturating_duration_since(Instant::now());
    let answer = match wish {
        Wish::Link(uri) => {
            let link = HandleLinkParams { uri: uri.clone(), clicked_ms: Some(clicked.ms()) };
            call(socket, NAME, method::HANDLE_LINK, &link, left)
        }
        Wish::DialSelection => call(socket, NAME, method::DIAL_SELECTION, &Nothing {}, left),
        Wish::Window(view) => {
            call(socket, NAME, method::OPEN_WINDOW, &OpenWindowParams { view: *view, ..OpenWindowParams::default() }, left)
        }
        // Whoever starts it a second time wants to see something.
        Wish::Tray => call(socket, NAME, method::OPEN_WINDOW, &OpenWindowParams::default(), left),
        Wish::Register(_) | Wish::Unregister(_) | Wish::Help | Wish::Version => return Ok(Handed::NobodyThere),
    };
    match (answer, wish) {
        (Ok(_), _) => Ok(Handed::Over),
        (Err(why), _) if why.code == Code::NoAgent && why.detail.is_none() => Ok(Handed::NobodyThere),
        // It runs in another session of this user, or without a desktop: the window can be opened here all the same.
        (Err(why), Wish::Window(view)) if why.code == Code::NotAvailable => open_here(*view).map(|()| Handed::Over),
        (Err(why), Wish::Tray) if why.code == Code::NotAvailable && why.text == ELSEWHERE => {
            eprintln!("trayphone: {}", sentence(&why));
            once::tell(&why, None);
            Ok(Handed::Over)
        }
        // The agent has told it, once for all of them.
        (Err(why), _) if why.code == Code::RateLimited => Err(anyhow::anyhow!(sentence(&why))),
        (Err(why), _) => Err(given_up(&why, wish)),
    }
}

/// Says on the screen and in the error why a wish is not fulfilled. Not within a runtime.
pub fn given_up(why: &Trouble, wish: &Wish) -> anyhow::Error {
    let concerning = if let Wish::Link(uri) = wish { Some(uri.as_str()) } else { None };
    once::tell(why, concerning);
    anyhow::anyhow!(sentence(why))
}

/// Says on the screen that a link cannot be opened: whoever clicked it sees nothing else. Not within a runtime.
pub fn no_link(problem: &str) {
    let why = Trouble {
        text: "This link cannot be opened.".to_owned(),
        remedy: Some("Dial the number by hand if you trust where it stands.".to_owned()),
        ..Trouble::from(Reason::WrongUsage(problem.to_owned()))
    };
    once::tell(&why, Some(problem));
}

fn open_here(view: Option<WindowView>) -> anyhow::Result<()> {
    let Some(program) = window::linux::find() else {
        anyhow::bail!("the program {} is missing; install it beside trayphone", window::PROGRAM);
    };
    let token = std::env::var("XDG_ACTIVATION_TOKEN").ok();
    window::linux::command(
        &program,
        &window::arguments(OpenWindowParams { view, ..OpenWindowParams::default() }),
        token.as_deref(),
    )
    .spawn()?;
    Ok(())
}

fn sentence(why: &Trouble) -> String {
    [Some(why.text.as_str()), why.remedy.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
