//! Whether the agent starts with the session; off until the user chooses it.

#[cfg(target_os = "linux")]
pub mod linux;
