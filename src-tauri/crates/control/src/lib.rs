//! The control protocol of Trayphone: types, server, client.
//!
//! Start reading at [`protocol`]; the words of its answers are those of `phone_core`. The agent calls
//! [`bind`] and [`serve`], everybody else [`client`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod client;
mod clock;
mod display;
mod folders;
pub mod keys;
mod line;
mod message;
mod password;
pub mod protocol;
pub mod server;
mod transport;

pub use client::Client;
pub use clock::now_ms;
pub use display::{display, wayland_socket, without_screen};
pub use folders::{private_folder, takes_files, user_folder};
pub use password::Password;
pub use server::{DesktopReply, DesktopRequest, Limits, Phone, serve, serve_within};
pub use transport::{BindError, Listener, Name, NoPlace, SOCKET_VARIABLE, bind, default_path, take_name};
