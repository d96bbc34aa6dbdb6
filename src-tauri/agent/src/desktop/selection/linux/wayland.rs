//! The primary selection of Wayland, by the protocols that let a program without a window read it.
//!
//! Source: `ext-data-control-v1.xml` of wayland-protocols, `wlr-data-control-unstable-v1.xml` of wlr-protocols.

use std::io::{self, PipeReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::fd::AsFd as _;
use wayland_client::backend::WaylandError;
use wayland_client::protocol::wl_callback::{self, WlCallback};
use wayland_client::protocol::wl_registry::{self, WlRegistry};
use wayland_client::protocol::wl_seat::{self, WlSeat};
use wayland_client::{Connection, Dispatch, EventQueue, QueueHandle, event_created_child};
use wayland_protocols::ext::data_control::v1::client as ext;
use wayland_protocols_wlr::data_control::v1::client as wlr;

use ext::ext_data_control_device_v1::{self as ext_device, ExtDataControlDeviceV1};
use ext::ext_data_control_manager_v1::{self as ext_manager, ExtDataControlManagerV1};
use ext::ext_data_control_offer_v1::{self as ext_offer, ExtDataControlOfferV1};
use wlr::zwlr_data_control_device_v1::{self as wlr_device, ZwlrDataControlDeviceV1};
use wlr::zwlr_data_control_manager_v1::{self as wlr_manager, ZwlrDataControlManagerV1};
use wlr::zwlr_data_control_offer_v1::{self as wlr_offer, ZwlrDataControlOfferV1};

use super::{SelectionError, reach, wait};
use crate::desktop::selection::{LONGEST, fit};

/// A character has at most four bytes.
const MOST: usize = 4 * (LONGEST + 1);

/// Names under which programs offer text, the best first.
const TEXTS: [&str; 5] = ["text/plain;charset=utf-8", "UTF8_STRING", "text/plain", "TEXT", "STRING"];

/// The version of the older protocol that knows the primary selection.
const WITH_PRIMARY: u32 = 2;

/// Reads the selected text of the compositor `name`.
///
/// # Errors
/// [`SelectionError::NotShown`] where there is no compositor, or it shows nothing to programs without a window; otherwise
/// nothing is selected, it is too long, or nobody hands it over.
pub fn read(name: &str, give_up: Instant) -> Result<String, SelectionError> {
    let socket = path(name).and_then(|path| reach(&path).ok()).ok_or(SelectionError::NotShown)?;
    let connection = Connection::from_socket(socket).map_err(|_| SelectionError::NotShown)?;
    let mut talk = Talk { queue: connection.new_event_queue(), connection, seen: Seen::default(), give_up };
    let queue = talk.queue.handle();
    talk.connection.display().get_registry(&queue, ());
    talk.catch_up()?;
    let Seen { seat: Some(seat), ext, wlr, .. } = &talk.seen else { return Err(SelectionError::NotShown) };
    if let Some(manager) = ext {
        manager.get_data_device(seat, &queue, ());
    } else if let Some(manager) = wlr {
        manager.get_data_device(seat, &queue, ());
    } else {
        return Err(SelectionError::NotShown);
    }
    talk.catch_up()?;
    let (reader, writer) = io::pipe().map_err(failed)?;
    match &talk.seen.primary {
        Primary::Unheard => return Err(SelectionError::NotShown),
        Primary::Nobody => return Err(SelectionError::Nothing),
        Primary::Of(offer) => {
            let text = talk.seen.text_of(offer).ok_or(SelectionError::Nothing)?;
            match offer {
                Offer::Ext(offer) => offer.receive(text.to_owned(), writer.as_fd()),
                Offer::Wlr(offer) => offer.receive(text.to_owned(), writer.as_fd()),
            }
        }
    }
    talk.send()?;
    // The pipe ends when the last one who could write into it has gone; that must not be us.
    drop(writer);
    text_from(&reader, give_up)
}

/// Where the socket of a compositor lies.
fn path(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").unwrap_or_default();
    // An absolute name stands for itself.
    let path = Path::new(&folder).join(name);
    path.is_absolute().then_some(path)
}

/// Reads what a program writes into a pipe until it closes it.
fn text_from(mut reader: &PipeReader, give_up: Instant) -> Result<String, SelectionError> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        wait(reader.as_fd(), PollFlags::IN, Some(give_up)).map_err(failed)?;
        let read = reader.read(&mut piece).map_err(failed)?;
        let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else { break };
        bytes.extend_from_slice(read);
        if bytes.len() > MOST {
            return Err(SelectionError::TooLong);
        }
    }
    // Some programs count the end of their string among it.
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    fit(String::from_utf8(bytes).map_err(|_| SelectionError::Nothing)?)
}

/// A conversation with a compositor that ends at a time.
struct Talk {
    connection: Connection,
    queue: EventQueue<Seen>,
    seen: Seen,
    give_up: Instant,
}

impl Talk {
    /// Waits until the compositor has answered everything asked so far.
    fn catch_up(&mut self) -> Result<(), SelectionError> {
        self.seen.up_to_date = false;
        self.connection.display().sync(&self.queue.handle(), ());
        self.send()?;
        loop {
            self.queue.dispatch_pending(&mut self.seen).map_err(refused)?;
            if self.seen.up_to_date {
                return Ok(());
            }
            let Some(reading) = self.queue.prepare_read() else { continue };
            wait(reading.connection_fd(), PollFlags::IN, Some(self.give_up)).map_err(failed)?;
            match reading.read() {
                Ok(_) => {}
                Err(WaylandError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(refused(error)),
            }
        }
    }

    /// Hands over everything asked so far; that is far less than a socket holds.
    fn send(&self) -> Result<(), SelectionError> {
        self.connection.flush().map_err(refused)
    }
}

/// What the compositor has told.
#[derive(Default)]
struct Seen {
    up_to_date: bool,
    seat: Option<WlSeat>,
    ext: Option<ExtDataControlManagerV1>,
    wlr: Option<ZwlrDataControlManagerV1>,
    texts: Vec<(Offer, &'static str)>,
    primary: Primary,
}

impl Seen {
    /// The best name for text under which `offer` can be had.
    fn text_of(&self, offer: &Offer) -> Option<&'static str> {
        TEXTS.into_iter().find(|text| self.texts.iter().any(|(of, offered)| of == offer && offered == text))
    }

    fn offered(&mut self, offer: Offer, kind: &str) {
        let text = TEXTS.into_iter().find(|text| text.eq_ignore_ascii_case(kind));
        self.texts.extend(text.map(|text| (offer, text)));
    }
}

/// Who has the primary selection.
#[derive(Default)]
enum Primary {
    /// The compositor knows no such thing.
    #[default]
    Unheard,
    Nobody,
    Of(Offer),
}

/// What a program offers to hand over.
#[derive(PartialEq)]
enum Offer {
    Ext(ExtDataControlOfferV1),
    Wlr(ZwlrDataControlOfferV1),
}

fn failed(error: io::Error) -> SelectionError {
    if error.kind() == io::ErrorKind::TimedOut { SelectionError::NoAnswer } else { SelectionError::Failed(error.to_string()) }
}

fn refused(error: impl std::fmt::Display) -> SelectionError {
    SelectionError::Failed(error.to_string())
}

impl Dispatch<WlRegistry, ()> for Seen {
    fn event(
        seen: &mut Self,
        registry: &WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _: &Connection,
        queue: &QueueHandle<Self>,
    ) {
        let wl_registry::Event::Global { name, interface, version } = event else { return };
        match interface.as_str() {
            "wl_seat" if seen.seat.is_none() => seen.seat = Some(registry.bind(name, 1, queue, ())),
            "ext_data_control_manager_v1" => seen.ext = Some(registry.bind(name, 1, queue, ())),
            "zwlr_data_control_manager_v1" if version >= WITH_PRIMARY => {
                seen.wlr = Some(registry.bind(name, WITH_PRIMARY, queue, ()));
            }
            _ => {}
        }
    }
}

impl Dispatch<WlCallback, ()> for Seen {
    fn event(seen: &mut Self, _: &WlCallback, _: wl_callback::Event, (): &(), _: &Connection, _: &QueueHandle<Self>) {
        seen.up_to_date = true;
    }
}

impl Dispatch<WlSeat, ()> for Seen {
    fn event(_: &mut Self, _: &WlSeat, _: wl_seat::Event, (): &(), _: &Connection, _: &QueueHandle<Self>) {}
}

/// Both protocols say the same in different names.
macro_rules! speaks {
    ($wrap:ident, $manager:ident $manager_kind:ident, $device:ident $device_kind:ident, $offer:ident $offer_kind:ident) => {
        impl Dispatch<$manager_kind, ()> for Seen {
            fn event(_: &mut Self, _: &$manager_kind, _: $manager::Event, (): &(), _: &Connection, _: &QueueHandle<Self>) {}
        }

        impl Dispatch<$device_kind, ()> for Seen {
            fn event(
                seen: &mut Self,
                _: &$device_kind,
                event: $device::Event,
                (): &(),
                _: &Connection,
                _: &QueueHandle<Self>,
            ) {
                if let $device::Event::PrimarySelection { id } = event {
                    seen.primary = id.map_or(Primary::Nobody, |offer| Primary::Of(Offer::$wrap(offer)));
                }
            }

            event_created_child!(Self, $device_kind, [$device::EVT_DATA_OFFER_OPCODE => ($offer_kind, ())]);
        }

        impl Dispatch<$offer_kind, ()> for Seen {
            fn event(
                seen: &mut Self,
                offer: &$offer_kind,
                event: $offer::Event,
                (): &(),
                _: &Connection,
                _: &QueueHandle<Self>,
            ) {
                if let $offer::Event::Offer { mime_type } = event {
                    seen.offered(Offer::$wrap(offer.clone()), &mime_type);
                }
            }
        }
    };
}

speaks!(Ext, ext_manager ExtDataControlManagerV1, ext_device ExtDataControlDeviceV1, ext_offer ExtDataControlOfferV1);
speaks!(Wlr, wlr_manager ZwlrDataControlManagerV1, wlr_device ZwlrDataControlDeviceV1, wlr_offer ZwlrDataControlOfferV1);
