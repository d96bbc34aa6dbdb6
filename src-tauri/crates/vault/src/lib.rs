//! Secrets of Trayphone: in the keyring of the system, or in memory where nothing must stay behind.
//!
//! [`KeyringVault`] looks before it touches: the state of the keyring is read over D-Bus first, so that reading or
//! storing never makes the keyring ask the user for its password. Only [`phone_engine::Vault::unlock`] may do that.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod memory;
#[cfg(target_os = "linux")]
mod secret_service;
#[cfg(target_os = "linux")]
mod store;
#[cfg(target_os = "linux")]
mod system;

pub use memory::MemoryVault;
#[cfg(target_os = "linux")]
pub use system::{KeyringVault, is_locked};
