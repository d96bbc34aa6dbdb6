//! The window of Trayphone: it draws what the agent tells over the control socket, and hands requests on to it.
//!
//! Start reading at [`link`], which follows the agent; [`intents`] is everything the page may ask.
#![forbid(unsafe_code)]
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod ask;
mod instance;
mod intents;
mod key;
mod link;
mod place;
mod window;
mod wish;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use instance::Claim;
use key::WindowKey;

const USAGE: &str = "usage: trayphone-window [calls|people|history|settings|wallboard]";

fn main() -> ExitCode {
    let key = WindowKey::given();
    let Some(wish) = wish::read(std::env::args().skip(1)) else { return fail(USAGE, 2) };
    let socket = match phone_control::default_path() {
        Ok(path) => path,
        Err(error) => return fail(&error.to_string(), 1),
    };
    let display = phone_control::display();
    if cfg!(target_os = "linux") && display.is_none() {
        return fail("there is no display to open the window on: neither WAYLAND_DISPLAY nor DISPLAY is set", 1);
    }
    // Named after the agent's own socket: whoever talks to another agent is another window.
    let door = match instance::claim(&socket.with_file_name(door(display.as_deref())), wish) {
        Ok(Claim::First(door)) => Some(Arc::new(door)),
        Ok(Claim::HandedOver) => return ExitCode::SUCCESS,
        // Without a door a second start opens a second window; that is better than none.
        Err(error) => {
            fail(&format!("a second start will not find this window: {error}"), 0);
            None
        }
    };
    match window::run(socket, door, wish, key) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the window could not be opened: {error}"), 1),
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
}
