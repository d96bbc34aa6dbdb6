//! The window of Trayphone: it draws what the agent tells over the control socket, and hands requests on to it.
//!
//! Start reading at [`link`], which follows the agent; [`intents`] is everything the page may ask.
#![forbid(unsafe_code)]
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod instance;
mod intents;
mod key;
mod link;
mod place;
mod window;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use phone_control::protocol::WindowView;

use instance::Claim;
use key::WindowKey;

const USAGE: &str = "usage: trayphone-window [calls|people|history|settings|wallboard]";

fn main() -> ExitCode {
    let key = WindowKey::given();
    let view = match wanted(std::env::args().skip(1)) {
        Ok(view) => view,
        Err(()) => return fail(USAGE, 2),
    };
    let socket = match phone_control::default_path() {
        Ok(path) => path,
        Err(error) => return fail(&error.to_string(), 1),
    };
    let display = phone_control::display();
    if cfg!(target_os = "linux") && display.is_none() {
        return fail("there is no display to open the window on: neither WAYLAND_DISPLAY nor DISPLAY is set", 1);
    }
    // Named after the agent's own socket: whoever talks to another agent is another window.
    let door = match instance::claim(&socket.with_file_name(door(display.as_deref())), view) {
        Ok(Claim::First(door)) => Some(Arc::new(door)),
        Ok(Claim::HandedOver) => return ExitCode::SUCCESS,
        // Without a door a second start opens a second window; that is better than none.
        Err(error) => {
            fail(&format!("a second start will not find this window: {error}"), 0);
            None
        }
    };
    match window::run(socket, door, view, key) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the window could not be opened: {error}"), 1),
    }
}

/// Reads the page to open; the agent writes `--view PAGE`.
fn wanted(arguments: impl Iterator<Item = String>) -> Result<Option<WindowView>, ()> {
    let rest: Vec<String> = arguments.filter(|argument| argument != "--view").collect();
    match rest.as_slice() {
        [] => Ok(None),
        [name] => WindowView::parse(name).map(Some).ok_or(()),
        _ => Err(()),
    }
}

/// Name of the place at which later starts knock.
///
/// Another login of the same user has a screen of its own, and a window there is no use here.
fn door(display: Option<&str>) -> String {
    let display = display.map(phone_control::without_screen).unwrap_or_default();
    let plain: String = display.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("window{plain}.sock")
}

fn fail(text: &str, status: u8) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    writeln!(std::io::stderr(), "trayphone-window: {text}").ok();
    ExitCode::from(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_display_has_a_door_of_its_own() {
        assert_eq!(door(Some(":0.0")), door(Some(":0")));
        assert_ne!(door(Some(":0")), door(Some(":1")));
        assert_eq!(door(Some("wayland-0")), "windowwayland-0.sock");
        assert!(!door(Some("../evil/x:0")).contains('/'));
        assert_eq!(door(None), "window.sock");
    }

    #[test]
    fn the_page_may_be_named_with_and_without_its_option() {
        let read = |list: &[&str]| wanted(list.iter().map(|s| (*s).to_owned()));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["history"]), Ok(Some(WindowView::History)));
        assert_eq!(read(&["--view", "settings"]), Ok(Some(WindowView::Settings)));
        assert_eq!(read(&["--evil"]), Err(()));
        assert_eq!(read(&["people", "calls"]), Err(()));
    }
}
