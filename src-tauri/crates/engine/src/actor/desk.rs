//! One account's sockets: opened for an attempt, void with it.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use phone_core::link::LinkInput;
use phone_core::{AccountConfig, AccountName, Link, Reason};
use phone_pbx::dialect::{Framing, Header, HttpRequest, Input, Wire};
use tokio::sync::mpsc;
use url::Url;

use super::keyring::AskAgain;
use super::{Actor, Desk, Inner, KEPT_BYTES, KEPT_FRAMES, KeptFrame, SecretState};
use crate::net::http::Http;
use crate::net::tls::Tls;
use crate::net::{FromNet, ToSocket, host_of, socket, stream};

impl Desk {
    pub(super) fn new(config: AccountConfig, provisional: bool) -> Self {
        Self {
            config,
            link: Link::new(),
            dialect: None,
            attempt: 0,
            refused: false,
            proven: false,
            signed_out: false,
            tls: None,
            http: None,
            wires: HashMap::new(),
            tasks: vec![],
            addresses: None,
            secret: SecretState::Asked,
            looked_again: None,
            look_again_at: None,
            read_again: false,
            keyring: AskAgain::default(),
            storing: vec![],
            unstored: None,
            being_stored: None,
            provisional,
            frames: VecDeque::new(),
            skipped: 0,
            clock_ahead: None,
            road: super::examination::Road::default(),
            retry_at: None,
        }
    }

    /// Tells whether a typed secret is to be stored: it is known to work, and the account is kept.
    pub(super) fn stores(&self) -> bool {
        self.unstored.is_some() && !self.provisional && self.link.is_online()
    }

    /// Tells whether the secret was refused, or so that it may have been: sent once more it could lock the account.
    pub(super) fn is_refused(&self) -> bool {
        self.refused || self.link.why().is_some_and(Reason::is_doubtful_denial)
    }

    /// Keeps the beginning of a frame for a report; the newest ones stay.
    pub(super) fn keep_frame(&mut self, way: char, text: &str) {
        let mut end = text.len().min(KEPT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.keep(KeptFrame::Shown { way, length: text.len(), beginning: text.get(..end).unwrap_or_default().into() });
    }

    /// Keeps that a frame with a credential was sent, and nothing of it, not even how long it was.
    pub(super) fn keep_hidden(&mut self) {
        self.keep(KeptFrame::Hidden);
    }

    fn keep(&mut self, frame: KeptFrame) {
        if self.frames.len() >= KEPT_FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
    }
}

/// By what an account is connected, and what that needs.
pub(super) enum Way {
    /// A WebSocket with these headers.
    WebSocket(Vec<(&'static str, Header)>),
    /// A byte stream with this framing.
    Stream(Box<dyn Framing>),
}

impl Actor {
    /// Begins an attempt: fresh sockets, the dialect from its start.
    pub(super) fn open(&mut self, name: &AccountName) {
        let proxies = Arc::clone(&self.proxies);
        self.attempts += 1;
        let attempt = self.attempts;
        let Some(desk) = self.desks.get_mut(name) else { return };
        desk.attempt = attempt;
        if desk.tls.is_none() || desk.http.is_none() {
            let built = Tls::new(&host_of(&desk.config.url), desk.config.pin.clone(), !phone_pbx::needs_secret(&desk.config))
                .map_err(|e| e.to_string())
                .and_then(|tls| {
                    let http = Http::new(tls.clone(), proxies).map_err(|e| e.to_string())?;
                    Ok((tls, http))
                });
            match built {
                Ok((tls, http)) => {
                    desk.tls = Some(tls);
                    desk.http = Some(http);
                }
                Err(error) => {
                    tracing::error!(account = %name, error, "no client could be built");
                    return self.link(name, LinkInput::Stop(Reason::TlsFailed));
                }
            }
        }
        self.dialect(name, Input::Start);
    }

    /// Ends an attempt: all its sockets and requests are void, and what they did not deliver is discarded.
    pub(super) fn close(&mut self, name: &AccountName) {
        self.attempts += 1;
        let attempt = self.attempts;
        let Some(desk) = self.desks.get_mut(name) else { return };
        desk.attempt = attempt;
        desk.wires.clear();
        desk.addresses = None;
        desk.road.ends();
        for task in desk.tasks.drain(..) {
            task.abort();
        }
        self.dialect(name, Input::Stop);
    }

    pub(super) fn open_wire(&mut self, name: &AccountName, wire: Wire, url: Url, way: Way) {
        let (inner, proxies) = (self.inner.clone(), Arc::clone(&self.proxies));
        let Some(desk) = self.desks.get_mut(name) else { return };
        let Some(tls) = desk.tls.clone() else { return };
        desk.road.leads_to(&url);
        let (sender, to_send) = mpsc::channel(64);
        desk.wires.insert(wire, sender);
        let (account, attempt) = (name.clone(), desk.attempt);
        let tell = move |from: FromNet| {
            let (inner, account) = (inner.clone(), account.clone());
            async move {
                inner.send(Inner::Net(account, attempt, from)).await.ok();
            }
        };
        desk.tasks.retain(|task| !task.is_finished());
        let task = match way {
            Way::WebSocket(headers) => tokio::spawn(socket::run(wire, url, headers, tls, proxies, to_send, tell)),
            Way::Stream(framing) => tokio::spawn(stream::run(wire, url, framing, tls, proxies, to_send, tell)),
        };
        desk.tasks.push(task.abort_handle());
    }

    pub(super) fn send(&mut self, name: &AccountName, wire: Wire, message: ToSocket) {
        let Some(desk) = self.desks.get(name) else { return };
        let sent = desk.wires.get(&wire).is_some_and(|socket| socket.try_send(message).is_ok());
        if !sent && desk.link.is_up() {
            // A peer that reads nothing any more is lost; nothing is kept for it.
            self.link(name, LinkInput::Failed(Reason::Dropped, None));
        }
    }

    pub(super) fn http(&mut self, name: &AccountName, request: HttpRequest) {
        let inner = self.inner.clone();
        let not_after = match request.carries.map(|command| self.model.due(command)) {
            // It has ended, and its outcome was told: nothing of it may be sent now.
            Some(None) => return self.dialect(name, Input::Http(request.id, Err(Reason::AnswerTimedOut))),
            Some(due) => due,
            None => None,
        };
        let Some(desk) = self.desks.get_mut(name) else { return };
        let Some(http) = desk.http.clone() else { return };
        // A sign-in page may stand elsewhere.
        if host_of(&request.url) == host_of(&desk.config.url) {
            desk.road.leads_to(&request.url);
        }
        tracing::debug!(account = %name, method = request.method, path = request.url.path().split('/').nth(1).unwrap_or_default(), "request");
        let (account, attempt, id) = (name.clone(), desk.attempt, request.id);
        let task = async move {
            let (answer, ahead) = http.request(request, not_after).await;
            inner.send(Inner::Net(account, attempt, FromNet::Http(id, answer, ahead))).await.ok();
        };
        desk.tasks.retain(|task| !task.is_finished());
        desk.tasks.push(tokio::spawn(task).abort_handle());
    }
}

/// The own address that the system would use towards a peer; nothing is sent.
pub(super) fn own_address_towards(peer: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if peer.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(peer).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
