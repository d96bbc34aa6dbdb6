//! Sleep, screen lock and the end of the session.

#[cfg(target_os = "linux")]
pub mod linux;
