//! A real desktop session for tests: screen, window frames, panel with tray, notifications, keyring,
//! login service and two message buses, all private to one test.
//!
//! ```no_run
//! # async fn example() {
//! use phone_tests::desktop::{Options, Session};
//!
//! let session = Session::start(Options::default()).await;
//! let mut agent = session.spawn("agent", session.command("target/debug/trayphone"));
//! let item = session.tray_item("Trayphone").await;
//! session.press_menu(&item, "Quit").await;
//! agent.exited().await;
//! # }
//! ```
//!
//! Everything here panics with the reason when the desktop does not do as told: a test has no better answer.
//! Nothing survives a [`Session`]: programs carry a mark in their environment, by which all of them are found and
//! ended when the session is dropped, and by a watchdog when the test itself is killed.

mod bus;
mod chromium;
mod compositor;
mod keyring;
mod links;
mod login;
mod mute_proxy;
mod network;
mod notices;
mod open_uri;
mod page;
mod panel;
mod portal;
pub(crate) mod programs;
mod sample_item;
mod screen;
mod session;
mod shortcuts;
mod socks;
mod tray;
mod waiting;
mod wayland;
mod webdriver;
mod x_owner;

pub use bus::BusServices;
pub use chromium::Chromium;
pub use compositor::{Compositor, Knows};
pub use keyring::{KEYRING_PASSWORD, Keyring, Lookup, Prompter};
pub use links::LinkRecorder;
pub use login::Inhibitor;
pub use mute_proxy::MuteProxy;
pub use network::Network;
pub use notices::{Closed, Notice, OldNotice};
pub use open_uri::OpenUri;
pub use page::{Drive, Page, Thing};
pub use portal::{Portal, PortalManner};
pub use programs::{Finished, Running};
pub use sample_item::SampleItem;
pub use screen::{ActiveWindow, Button, Place, Xterm, artefact};
pub use session::{Options, Session};
pub use shortcuts::{ShortcutsManner, ShortcutsPortal};
pub use socks::SocksProxy;
pub use tray::{MenuEntry, Pixmap, TrayItem};
pub use waiting::{PATIENCE, wait_for, wait_until};
pub use wayland::Wayland;
pub use x_owner::{Giving, Offers, XOwner};
