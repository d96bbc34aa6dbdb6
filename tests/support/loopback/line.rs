//! The lowest layer: a TCP connection that can fall silent or be reset.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Anything bytes flow over: plain or encrypted.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A silence that covers all connections, and the wish to end them by a reset.
#[derive(Default)]
pub(crate) struct Gate {
    muted: AtomicBool,
    reset: AtomicBool,
    sleepers: Mutex<Vec<Waker>>,
}

impl Gate {
    pub(crate) fn mute(&self) {
        self.muted.store(true, Ordering::SeqCst);
    }

    pub(crate) fn unmute(&self) {
        let sleepers = {
            let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
            self.muted.store(false, Ordering::SeqCst);
            std::mem::take(&mut *sleepers)
        };
        for sleeper in sleepers {
            sleeper.wake();
        }
    }

    pub(crate) fn is_muted(&self) -> bool {
        self.muted.load(Ordering::SeqCst)
    }

    pub(crate) fn ends_by_reset(&self, reset: bool) {
        self.reset.store(reset, Ordering::SeqCst);
    }

    fn holds_back(&self, context: &Context<'_>) -> bool {
        if !self.is_muted() {
            return false;
        }
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at again under the lock, so that no waker is left behind by an unmute in between.
        if !self.is_muted() {
            return false;
        }
        if !sleepers.iter().any(|sleeper| sleeper.will_wake(context.waker())) {
            sleepers.push(context.waker().clone());
        }
        true
    }
}

/// One accepted TCP connection below TLS.
pub(crate) struct Line {
    tcp: TcpStream,
    gate: Arc<Gate>,
}

impl Line {
    pub(crate) fn new(tcp: TcpStream, gate: Arc<Gate>) -> Self {
        Self { tcp, gate }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.gate.reset.load(Ordering::SeqCst) {
            // A failure leaves an ordinary end, which the test would notice.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.gate.holds_back(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.gate.holds_back(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gate.holds_back(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
