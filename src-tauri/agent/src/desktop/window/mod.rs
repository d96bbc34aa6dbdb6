//! The window is another program; it is started when somebody wants to see it.

#[cfg(target_os = "linux")]
pub mod linux;

use phone_control::protocol::WindowView;

/// Name of the window's program.
pub const PROGRAM: &str = "trayphone-window";

/// The arguments that open the window at a place.
///
/// A window that is open already takes them over the control socket instead.
pub fn arguments(view: Option<WindowView>) -> Vec<&'static str> {
    view.map_or_else(Vec::new, |view| vec![view.name()])
}
