//! A wire between a program and its PBX that can be cut, or go silent without anybody being told.

use rustix::net::{Shutdown, shutdown};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A TCP proxy on loopback; dropping it cuts every connection.
#[derive(Debug)]
pub struct MuteProxy {
    address: SocketAddr,
    wire: Arc<Wire>,
    accepting: Option<(JoinHandle<()>, Arc<TcpListener>)>,
}

#[derive(Debug)]
struct Wire {
    target: SocketAddr,
    muted: watch::Sender<bool>,
    /// Counts the cuts; each connection ends when it sees one more.
    cuts: watch::Sender<u64>,
    open: AtomicUsize,
    accepted: AtomicUsize,
    bytes: AtomicU64,
}

impl MuteProxy {
    /// Starts a proxy on a free port in front of `target`.
    pub async fn start(target: SocketAddr) -> Self {
        let wire = Arc::new(Wire {
            target,
            muted: watch::Sender::new(false),
            cuts: watch::Sender::new(0),
            open: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let mut proxy = Self { address, wire, accepting: None };
        proxy.accept_from(listener);
        proxy
    }

    /// Where programs connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets nothing through any more, in both directions, and closes nothing; what is sent waits.
    ///
    /// New connections are accepted, as the kernel does that, and are as silent.
    pub fn mute(&self) {
        self.wire.muted.send_replace(true);
    }

    /// Lets everything through again, first what has waited.
    pub fn unmute(&self) {
        self.wire.muted.send_replace(false);
    }

    /// Resets every connection on both sides; new ones are still accepted.
    pub fn cut(&self) {
        self.wire.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Refuses new connections; those that exist stay, unless [`MuteProxy::cut`].
    pub async fn refuse(&mut self) {
        if let Some((accepting, listener)) = self.accepting.take() {
            accepting.abort();
            // Its end by abort is what was wanted.
            let _ = accepting.await;
            // Closing alone is not enough: a child that is just being started holds a copy for a moment.
            shutdown(&*listener, Shutdown::Both).expect("a listener that can be shut down");
        }
    }

    /// Accepts connections again, on the same port.
    pub fn accept_again(&mut self) {
        if self.accepting.is_some() {
            return;
        }
        let socket = TcpSocket::new_v4().expect("a socket");
        // Connections of before may still linger on the port.
        socket.set_reuseaddr(true).expect("a socket option");
        socket.bind(self.address).expect("the port is still ours to take");
        self.accept_from(socket.listen(128).expect("a listening socket"));
    }

    fn accept_from(&mut self, listener: TcpListener) {
        let listener = Arc::new(listener);
        let accepting = tokio::spawn(accept(Arc::clone(&listener), Arc::clone(&self.wire)));
        self.accepting = Some((accepting, listener));
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.wire.open.load(Ordering::SeqCst)
    }

    /// How many connections there have been.
    pub fn accepted(&self) -> usize {
        self.wire.accepted.load(Ordering::SeqCst)
    }

    /// How many bytes went through, both directions together.
    pub fn bytes(&self) -> u64 {
        self.wire.bytes.load(Ordering::SeqCst)
    }
}

impl Drop for MuteProxy {
    fn drop(&mut self) {
        if let Some((accepting, _)) = &self.accepting {
            accepting.abort();
        }
        self.cut();
    }
}

async fn accept(listener: Arc<TcpListener>, wire: Arc<Wire>) {
    while let Ok((near, _)) = listener.accept().await {
        wire.accepted.fetch_add(1, Ordering::SeqCst);
        // Subscribed before the task starts, so that a cut right now counts for this connection.
        let cuts = wire.cuts.subscribe();
        tokio::spawn(carry(near, Arc::clone(&wire), cuts));
    }
}

async fn carry(mut near: TcpStream, wire: Arc<Wire>, mut cuts: watch::Receiver<u64>) {
    wire.open.fetch_add(1, Ordering::SeqCst);
    let mut muted = wire.muted.subscribe();
    tokio::select! {
        _ = cuts.changed() => reset(&near),
        () = open_gate(&mut muted) => {
            // Never given up halfway: the other side may have accepted already, and a cut must reset it.
            if let Ok(mut far) = TcpStream::connect(wire.target).await {
                carry_both(&mut near, &mut far, &wire, &mut cuts).await;
            }
        }
    }
    wire.open.fetch_sub(1, Ordering::SeqCst);
}

async fn carry_both(near: &mut TcpStream, far: &mut TcpStream, wire: &Wire, cuts: &mut watch::Receiver<u64>) {
    // Both hops send at once, so that measured times are the programs' own.
    let _ = far.set_nodelay(true);
    let _ = near.set_nodelay(true);
    let is_cut = {
        let (near_in, near_out) = near.split();
        let (far_in, far_out) = far.split();
        tokio::select! {
            biased;
            _ = cuts.changed() => true,
            _ = async { tokio::join!(copy(near_in, far_out, wire), copy(far_in, near_out, wire)) } => false,
        }
    };
    if is_cut {
        reset(near);
        reset(far);
    }
}

/// Makes the closing of `stream` a reset, as it gets no time to linger.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Carries one direction until its sender is done, and passes that on.
async fn copy(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, wire: &Wire) {
    let mut muted = wire.muted.subscribe();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        open_gate(&mut muted).await;
        let read = tokio::select! {
            biased;
            // Muted while waiting: look at the gate again before reading.
            _ = muted.changed() => continue,
            read = from.read(&mut buffer) => read,
        };
        let Ok(length @ 1..) = read else { break };
        open_gate(&mut muted).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
        wire.bytes.fetch_add(u64::try_from(length).unwrap_or_default(), Ordering::SeqCst);
    }
    let _ = to.shutdown().await;
}

/// Waits until the wire is not muted.
async fn open_gate(muted: &mut watch::Receiver<bool>) {
    // The sender lives as long as the wire, which the caller holds.
    let _ = muted.wait_for(|muted| !muted).await;
}
