//! Links as they come in, and the test whether they do.

use std::collections::{BTreeSet, VecDeque};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use phone_control::protocol::{OpenWindowParams, TakePairingReply, TestLinkReply, WindowView};
use phone_core::{Reason, Trouble, pairing};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Agent;
use crate::desktop::links::{self, Clicked, TEST};
use crate::desktop::notices::trouble;

/// How long a link may take from one program to the other.
const ON_ITS_WAY: Duration = Duration::from_secs(10);

/// Most links, and most selections, that are under way at a time: whatever brings more is no person who clicks.
const MOST: usize = 8;

/// Most links within [`MOMENTS`] that are shown though nothing is dialled; nobody clicks faster, but a page may fire them.
const MOST_SOON: usize = 3;
/// See [`MOST_SOON`].
const MOMENTS: Duration = Duration::from_secs(10);

/// Places for what is under way; a flood of links takes none from the hotkey.
pub(super) struct Room {
    links: Arc<Mutex<BTreeSet<String>>>,
    selections: Arc<Semaphore>,
    /// When links were shown that nothing was dialled for, of the last moments.
    came: Mutex<VecDeque<Instant>>,
}

impl Default for Room {
    fn default() -> Self {
        Self { links: Arc::default(), selections: Arc::new(Semaphore::new(MOST)), came: Mutex::default() }
    }
}

/// What a link finds.
enum Found {
    /// A place, which is free again when this is dropped.
    Place(Place),
    /// The same link is under way already, and both are one wish.
    Same,
    /// No place.
    Full,
}

struct Place {
    links: Arc<Mutex<BTreeSet<String>>>,
    uri: String,
}

impl Room {
    /// Counts a link that is shown and not dialled; tells whether there is time for it.
    pub(super) fn has_time(&self, now: Instant) -> bool {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.retain(|at| now.saturating_duration_since(*at) < MOMENTS);
        let fits = came.len() < MOST_SOON;
        if fits {
            came.push_back(now);
        }
        fits
    }

    fn enter(&self, uri: &str) -> Found {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.contains(uri) {
            return Found::Same;
        }
        if links.len() >= MOST {
            return Found::Full;
        }
        links.insert(uri.to_owned());
        Found::Place(Place { links: self.links.clone(), uri: uri.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.uri);
    }
}

impl Agent {
    /// Takes a link from another program, or from the command line that started this one.
    ///
    /// # Errors
    /// So many are under way that nobody can have clicked them all; that is told on the screen too.
    pub async fn link_comes(self: &Arc<Self>, uri: String, clicked: Clicked) -> Result<(), Trouble> {
        if uri.starts_with(TEST) {
            // Nobody waits for it when the test has given up.
            self.tests.send(uri).ok();
            return Ok(());
        }
        let place = match self.room.enter(&uri) {
            Found::Place(place) => place,
            Found::Same => return Ok(()),
            Found::Full => return Err(self.too_fast(Reason::TooManyLinks.into()).await),
        };
        let (agent, start) = (self.clone(), self.start());
        tokio::spawn(async move {
            if pairing::is_pairing(&uri) {
                agent.offer_account(&uri).await;
            } else {
                agent.dial_link(uri, clicked, start).await;
            }
            drop(place);
        });
        Ok(())
    }

    /// Dials what is selected at this moment; `display` is another one than ours, where somebody asked for it.
    ///
    /// # Errors
    /// So many selections are being read that nobody can have asked for them all; that is told on the screen too.
    pub async fn selection_comes(self: &Arc<Self>, display: Option<String>) -> Result<(), Trouble> {
        let Ok(place) = self.room.selections.clone().try_acquire_owned() else {
            return Err(self.too_fast(too_many_selections()).await);
        };
        let agent = self.clone();
        tokio::spawn(async move {
            agent.dial_selection(display).await;
            drop(place);
        });
        Ok(())
    }

    /// Puts what a link says of an account into the form of a sign-in; the user looks at it, and types the password.
    async fn offer_account(self: &Arc<Self>, link: &str) {
        if self.is_locked() {
            return self.tell_locked().await;
        }
        if !self.room.has_time(Instant::now()) {
            return self.tell_flood(&Reason::TooManyLinks.into()).await;
        }
        match pairing::read(link, &phone_engine::offered_kinds()) {
            Ok(offered) => {
                *self.pairing.lock().unwrap_or_else(PoisonError::into_inner) = Some(offered);
                let wish = OpenWindowParams { view: Some(WindowView::Settings), question: None, quiet: true };
                self.open(wish, None).await;
            }
            Err(error) => {
                let why = Trouble {
                    text: error.to_string(),
                    remedy: Some(error.remedy().to_owned()),
                    ..Trouble::from(Reason::NotAvailable)
                };
                self.tell(trouble(&why, None)).await;
            }
        }
    }

    /// What waits for the form of a sign-in, once; on a locked screen it goes on waiting.
    pub fn take_pairing(&self) -> TakePairingReply {
        let waiting = || self.pairing.lock().unwrap_or_else(PoisonError::into_inner).take();
        TakePairingReply { pairing: if self.is_locked() { None } else { waiting() } }
    }

    async fn too_fast(&self, why: Trouble) -> Trouble {
        self.tell_flood(&why).await;
        why
    }

    /// Opens a link of our own scheme as any program would, and tells whether it comes back.
    ///
    /// # Errors
    /// Another program opens such links, or links cannot be opened at all.
    pub async fn test_link(&self) -> Result<TestLinkReply, Trouble> {
        let folders = self.folders.clone();
        let owner = self.files.with(move || links::linux::owners(&folders).remove("pbx").flatten()).await;
        if let Ok(owner) = owner
            && !links::linux::is_ours(owner.as_ref())
        {
            return Err(Trouble {
                text: "Links that begin with pbx: are not opened by Trayphone.".to_owned(),
                remedy: Some("Switch them on, and test again.".to_owned()),
                ..Trouble::from(Reason::NotAvailable)
            });
        }
        let mut come = self.tests.subscribe();
        let uri = format!("{TEST}{}", Clicked::now().ms());
        let mut open = tokio::process::Command::new("xdg-open");
        open.arg(&uri).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut opening = open.spawn().map_err(|error| Trouble {
            text: "Links cannot be opened on this system.".to_owned(),
            remedy: Some("Install xdg-utils.".to_owned()),
            detail: Some(error.to_string()),
            ..Trouble::from(Reason::NotAvailable)
        })?;
        let arrives = async {
            loop {
                match come.recv().await {
                    Ok(link) if link == uri => return true,
                    Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return false,
                }
            }
        };
        let arrived = tokio::time::timeout(ON_ITS_WAY, arrives).await.unwrap_or(false);
        // It may outlive the test where it waits for what it has opened.
        tokio::spawn(async move { opening.wait().await });
        Ok(TestLinkReply { arrived })
    }
}

/// Whoever asks that often waits for a program that does not hand its selection over, or is no person.
fn too_many_selections() -> Trouble {
    Trouble {
        text: "The selected number is asked for again and again before it can be read.".to_owned(),
        remedy: Some("Nothing was dialled for this press; wait some seconds.".to_owned()),
        ..Trouble::from(Reason::TooManyLinks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_links_within_ten_seconds_have_time_whatever_becomes_of_them() {
        let room = Room::default();
        let three: Vec<bool> = (0..4).map(|_| room.has_time(Instant::now())).collect();
        assert_eq!(three, [true, true, true, false]);
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(!room.has_time(Instant::now()));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(room.has_time(Instant::now()));
    }

    #[test]
    fn eight_links_are_under_way_at_most_and_the_same_one_once() {
        let room = Room::default();
        let mut places: Vec<Place> = (0..MOST)
            .map(|number| match room.enter(&format!("tel:{number}")) {
                Found::Place(place) => place,
                Found::Same | Found::Full => panic!("a place for {number}"),
            })
            .collect();
        assert!(matches!(room.enter("tel:0"), Found::Same));
        assert!(matches!(room.enter("tel:9"), Found::Full));
        places.remove(0);
        assert!(matches!(room.enter("tel:0"), Found::Place(_)));
    }
}
