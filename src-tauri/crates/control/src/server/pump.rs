//! Writes to one client: answers, and the newest of everything it follows.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use phone_core::{Event, EventName, Reason, Trouble, View};
use tokio::io::AsyncWriteExt;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::timeout;

use super::Phone;
use super::feed::Feed;
use crate::message::{answer, notify};
use crate::protocol::{OpenWindowParams, Stream, method};
use crate::transport::Writer;

/// Bytes gathered for one write; what is more waits for the next.
const GATHER: usize = 256 * 1024;

/// What a request leaves for the writer.
#[derive(Default)]
pub(super) struct Out {
    /// The answer without its line end; empty when there is none.
    pub(super) line: Vec<u8>,
    /// What the client follows from now on.
    pub(super) follow: Vec<Stream>,
    /// The display it does so on, when it said so.
    pub(super) display: Option<String>,
    /// Nothing is said after this.
    pub(super) close: bool,
}

/// What made the writer wake up.
enum Woken {
    Out(Option<Out>),
    View,
    Event(Box<Event>),
    Missed,
    Show(OpenWindowParams),
    People,
    Over,
}

pub(super) struct Pump<P> {
    phone: Arc<P>,
    writer: Writer,
    outs: mpsc::Receiver<Out>,
    stall: Duration,
    view: Option<watch::Receiver<Arc<View>>>,
    view_due: bool,
    events: Option<broadcast::Receiver<Event>>,
    show: Option<broadcast::Receiver<OpenWindowParams>>,
    feed: Option<Feed>,
    gathered: Vec<u8>,
}

impl<P: Phone> Pump<P> {
    pub(super) fn new(phone: Arc<P>, writer: Writer, outs: mpsc::Receiver<Out>, stall: Duration) -> Self {
        Self {
            phone,
            writer,
            outs,
            stall,
            view: None,
            view_due: false,
            events: None,
            show: None,
            feed: None,
            gathered: Vec::new(),
        }
    }

    /// Writes until the client or the agent is done, or the client stops reading.
    pub(super) async fn run(mut self) {
        loop {
            let woken = self.wait().await;
            let mut open = self.take(woken);
            while open && self.gathered.len() < GATHER {
                let Some(woken) = self.at_hand() else { break };
                open = self.take(woken);
            }
            self.gather_view();
            if let Some(feed) = &mut self.feed
                && open
                && feed.is_ready()
                && let Err(trouble) = feed.step(&*self.phone, &mut self.gathered).await
            {
                tracing::debug!(code = ?trouble.code, "people cannot be read any more");
                open = false;
            }
            if let Err(error) = self.write().await {
                if error.kind() == io::ErrorKind::TimedOut {
                    tracing::info!("a client does not read and was dropped");
                }
                return;
            }
            if !open {
                self.writer.shutdown().await.ok();
                return;
            }
        }
    }

    /// Waits for the next thing to write.
    async fn wait(&mut self) -> Woken {
        tokio::select! {
            biased;
            out = self.outs.recv() => Woken::Out(out),
            changed = changed(&mut self.view) => if changed.is_ok() { Woken::View } else { Woken::Over },
            event = received(&mut self.events) => woken_by(event),
            show = received(&mut self.show) => match show {
                Ok(show) => Woken::Show(show),
                // The newest wish to be shown counts, and it is still there.
                Err(broadcast::error::RecvError::Lagged(_)) => Woken::View,
                Err(broadcast::error::RecvError::Closed) => Woken::Over,
            },
            ready = ready(&mut self.feed) => if ready.is_ok() { Woken::People } else { Woken::Over },
        }
    }

    /// The next answer or event that is there already.
    fn at_hand(&mut self) -> Option<Woken> {
        if let Ok(out) = self.outs.try_recv() {
            return Some(Woken::Out(Some(out)));
        }
        match self.events.as_mut()?.try_recv() {
            Ok(event) => Some(Woken::Event(Box::new(event))),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Woken::Missed),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
        }
    }

    /// Gathers it; says whether the client is to be served further.
    fn take(&mut self, woken: Woken) -> bool {
        match woken {
            Woken::Out(Some(out)) => {
                if !out.line.is_empty() {
                    self.gathered.extend_from_slice(&out.line);
                    self.gathered.push(b'\n');
                }
                for stream in out.follow {
                    self.follow(stream, out.display.as_deref());
                }
                !out.close
            }
            Woken::Out(None) | Woken::Over => false,
            Woken::View => {
                self.view_due = true;
                true
            }
            Woken::Event(event) => {
                // Changes of presence are told from the list of people, where they are merged.
                if event.event != EventName::Presence {
                    notify(&mut self.gathered, method::CALL_EVENT, &*event);
                }
                true
            }
            Woken::Missed => {
                // Every event was promised, and these cannot be told any more: better no stream than one with holes.
                tracing::info!("a client was too slow for the events and was dropped");
                self.gathered.extend_from_slice(&answer(None, Err(missed().into())));
                self.gathered.push(b'\n');
                false
            }
            Woken::Show(show) => {
                notify(&mut self.gathered, method::SHOW, &show);
                true
            }
            Woken::People => true,
        }
    }

    fn follow(&mut self, stream: Stream, display: Option<&str>) {
        let phone = self.phone.clone();
        match stream {
            Stream::View => {
                self.view.get_or_insert_with(|| phone.view());
                self.view_due = true;
            }
            Stream::Presence => self.feed.get_or_insert_with(|| Feed::new(phone.people())).follow_parts(),
            Stream::CallEvent => {
                self.events.get_or_insert_with(|| phone.events());
                self.feed.get_or_insert_with(|| Feed::new(phone.people())).follow_events();
            }
            Stream::Show => self.show = self.show.take().or_else(|| phone.show_on(display)),
        }
    }

    fn gather_view(&mut self) {
        if !std::mem::take(&mut self.view_due) {
            return;
        }
        let newest = match &mut self.view {
            Some(view) => view.borrow_and_update().clone(),
            None => self.phone.view().borrow().clone(),
        };
        notify(&mut self.gathered, method::VIEW, &*newest);
    }

    /// Writes all that was gathered, as long as the client keeps reading.
    async fn write(&mut self) -> io::Result<()> {
        let mut rest = self.gathered.as_slice();
        while !rest.is_empty() {
            let written = timeout(self.stall, self.writer.write(rest)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = &rest[written..];
        }
        self.gathered.clear();
        self.gathered.shrink_to(GATHER / 4);
        Ok(())
    }
}

/// What a client is told that did not keep up with the events; its stream ends with it.
fn missed() -> Trouble {
    Trouble {
        text: "Events were missed, because this program reads too slowly.".to_owned(),
        remedy: Some("Connect again and read the whole picture.".to_owned()),
        ..Reason::NotAvailable.into()
    }
}

fn woken_by(event: Result<Event, broadcast::error::RecvError>) -> Woken {
    match event {
        Ok(event) => Woken::Event(Box::new(event)),
        Err(broadcast::error::RecvError::Lagged(_)) => Woken::Missed,
        Err(broadcast::error::RecvError::Closed) => Woken::Over,
    }
}

async fn changed<T>(watched: &mut Option<watch::Receiver<T>>) -> Result<(), watch::error::RecvError> {
    match watched {
        Some(watched) => watched.changed().await,
        None => std::future::pending().await,
    }
}

async fn received<T: Clone>(heard: &mut Option<broadcast::Receiver<T>>) -> Result<T, broadcast::error::RecvError> {
    match heard {
        Some(heard) => heard.recv().await,
        None => std::future::pending().await,
    }
}

async fn ready(feed: &mut Option<Feed>) -> Result<(), watch::error::RecvError> {
    match feed {
        Some(feed) => feed.ready().await,
        None => std::future::pending().await,
    }
}
