//! The window is another program; it is started when somebody wants to see it.

#[cfg(target_os = "linux")]
pub mod linux;

use phone_control::protocol::OpenWindowParams;

/// Name of the window's program.
pub const PROGRAM: &str = "trayphone-window";

/// The arguments that open the window as it is wished.
///
/// A window that is open already takes the wish over the control socket instead.
pub fn arguments(wish: OpenWindowParams) -> Vec<&'static str> {
    if wish.question.is_some() {
        return vec!["--question"];
    }
    wish.quiet.then_some("--quiet").into_iter().chain(wish.view.map(|view| view.name())).collect()
}
