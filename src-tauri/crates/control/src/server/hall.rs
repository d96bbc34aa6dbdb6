//! Who is here: places for clients, and who gives way when they run out.
//!
//! A newcomer is let in at once and has a place of their own once they said something. Where all places are taken, the
//! client that has been quiet for longest gives way, unless it waits for an answer. One that follows something gives way
//! only where nobody else can, and has to have asked nothing for long; it may come back and take the place of another.
//! A window never does: somebody looks at it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::Limits;
use crate::protocol::Stream;

/// How many may stand at the door and have said nothing yet.
const DOOR: usize = 128;
/// How long somebody must have been quiet to give way: whoever is just about to ask keeps the place.
const QUIET: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Connected and said nothing yet.
    Door,
    /// Asks now and then.
    Passing,
    /// Is told what happens.
    Following,
    /// Shows itself when it is told to, and may be quiet for ever.
    Window,
}

struct Guest {
    standing: Standing,
    running: usize,
    quiet_since: Instant,
    leave: Arc<Notify>,
}

#[derive(Default)]
struct Book {
    next: u64,
    guests: BTreeMap<u64, Guest>,
}

/// All clients of a server.
pub(super) struct Hall {
    limits: Limits,
    book: Mutex<Book>,
    /// Somebody left.
    left: Notify,
}

/// What one client is in the hall; it leaves with this.
pub(super) struct Seat {
    hall: Arc<Hall>,
    id: u64,
    leave: Arc<Notify>,
}

impl Hall {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, book: Mutex::default(), left: Notify::new() })
    }

    /// Lets a newcomer stand at the door; where it is crowded, whoever stood there silently for longest goes.
    pub(super) async fn come(self: &Arc<Self>) -> Seat {
        loop {
            if let Some(seat) = self.at_the_door() {
                return seat;
            }
            timeout(QUIET, self.left.notified()).await.ok();
        }
    }

    fn at_the_door(self: &Arc<Self>) -> Option<Seat> {
        let mut book = self.book();
        if book.count(|standing| standing == Standing::Door) >= DOOR && !book.send_away(Standing::Door, QUIET) {
            return None;
        }
        let id = book.next;
        book.next += 1;
        let leave = Arc::new(Notify::new());
        let guest = Guest { standing: Standing::Door, running: 0, quiet_since: Instant::now(), leave: leave.clone() };
        book.guests.insert(id, guest);
        Some(Seat { hall: self.clone(), id, leave })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn count(&self, counts: impl Fn(Standing) -> bool) -> usize {
        self.guests.values().filter(|guest| counts(guest.standing)).count()
    }

    /// Sends away who has been quiet for longest among these; false when none has been for `least`, or all are busy.
    fn send_away(&mut self, standing: Standing, least: Duration) -> bool {
        let now = Instant::now();
        let quiet = self.guests.iter().filter(|(_, guest)| {
            guest.standing == standing && guest.running == 0 && now.saturating_duration_since(guest.quiet_since) >= least
        });
        let Some(id) = quiet.min_by_key(|(_, guest)| guest.quiet_since).map(|(id, _)| *id) else { return false };
        if let Some(guest) = self.guests.remove(&id) {
            tracing::debug!("a quiet client made room for another one");
            guest.leave.notify_one();
        }
        true
    }
}

impl Seat {
    /// Takes a place; false where none becomes free in time.
    pub(super) async fn sit(&self) -> bool {
        let give_up = Instant::now() + self.hall.limits.stall;
        loop {
            if self.sits_now() {
                return true;
            }
            let next = (Instant::now() + QUIET).min(give_up);
            timeout_at(next, self.hall.left.notified()).await.ok();
            if Instant::now() >= give_up {
                return self.sits_now();
            }
        }
    }

    fn sits_now(&self) -> bool {
        let mut book = self.hall.book();
        // Whoever was sent away from the door leaves by itself.
        if !book.guests.contains_key(&self.id) {
            return false;
        }
        let Limits { clients, idle, .. } = self.hall.limits;
        if book.count(|standing| standing != Standing::Door) >= clients
            && !book.send_away(Standing::Passing, QUIET)
            && !book.send_away(Standing::Following, idle)
        {
            return false;
        }
        if let Some(guest) = book.guests.get_mut(&self.id) {
            guest.standing = Standing::Passing;
            guest.quiet_since = Instant::now();
        }
        true
    }

    /// It asks something, and keeps its place until [`Seat::answered`].
    pub(super) fn asks(&self) {
        self.with(|guest| guest.running += 1);
    }

    /// It was answered, and follows these from now on.
    pub(super) fn answered(&self, follows: &[Stream]) {
        self.with(|guest| {
            guest.running = guest.running.saturating_sub(1);
            guest.quiet_since = Instant::now();
            if follows.contains(&Stream::Show) {
                guest.standing = Standing::Window;
            } else if !follows.is_empty() && guest.standing != Standing::Window {
                guest.standing = Standing::Following;
            }
        });
    }

    /// Waits until it has to give way.
    pub(super) async fn sent_away(&self) {
        self.leave.notified().await;
    }

    fn with(&self, change: impl FnOnce(&mut Guest)) {
        if let Some(guest) = self.hall.book().guests.get_mut(&self.id) {
            change(guest);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hall.book().guests.remove(&self.id);
        self.hall.left.notify_waiters();
    }
}
