use std::sync::atomic::{AtomicUsize, Ordering};

use phone_core::Secret;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::*;
use crate::actor::tests::{Lines, OneProxy, SOON};

/// Collects what is told; each frame needs a leave.
struct Told {
    frames: AtomicUsize,
    bytes: AtomicUsize,
    last: std::sync::Mutex<String>,
    leave: Semaphore,
}

impl Told {
    fn with_leave(frames: usize) -> Arc<Self> {
        let (frames, bytes) = (Semaphore::new(frames), AtomicUsize::new(0));
        Arc::new(Self { leave: frames, bytes, frames: AtomicUsize::new(0), last: Default::default() })
    }

    /// What the actor's inbox is to a stream: it takes messages as far as there is room.
    fn teller(self: &Arc<Self>) -> impl Fn(FromNet) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + use<> {
        let told = Arc::clone(self);
        move |from| {
            let told = Arc::clone(&told);
            Box::pin(async move {
                if let FromNet::Text(_, text) = from {
                    told.leave.acquire().await.expect("open").forget();
                    told.frames.fetch_add(1, Ordering::Relaxed);
                    told.bytes.fetch_add(text.len(), Ordering::Relaxed);
                    *told.last.lock().expect("no panic") = text.to_string();
                }
            })
        }
    }
}

/// A peer, what its stream tells, and the way to send.
async fn open_to(told: &Arc<Told>) -> (TcpStream, mpsc::Sender<ToSocket>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("tcp://{}", listener.local_addr().expect("the port")).parse().expect("an address");
    let (sender, to_send) = mpsc::channel(64);
    let tls = Tls::new("127.0.0.1", None, false).expect("TLS");
    let framing = Box::new(Lines::default());
    tokio::spawn(run(Wire(0), url, framing, tls, Arc::new(OneProxy::default()), to_send, told.teller()));
    let (peer, _) = tokio::time::timeout(SOON, listener.accept()).await.expect("in time").expect("a connection");
    (peer, sender)
}

#[tokio::test]
async fn frames_may_be_split_anywhere() {
    let text = "Event: one\r\n\r\nName: Märä\r\n".repeat(3);
    for piece in [1, 2, 3, 7, text.len()] {
        // No more than such a piece fits at once.
        let (mut peer, read) = tokio::io::duplex(piece);
        let told = Told::with_leave(100);
        let (teller, mut framing) = (told.teller(), Lines::default());
        let (ended, ()) = tokio::join!(reading(Wire(0), read, &mut framing, &teller), async {
            peer.write_all(text.as_bytes()).await.expect("sent");
            drop(peer);
        });
        assert!(matches!(ended, FromNet::Closed(Wire(0))));
        assert_eq!(told.frames.load(Ordering::Relaxed), 9, "{piece}");
        assert_eq!(told.bytes.load(Ordering::Relaxed), text.len() - 18, "{piece}");
        assert_eq!(*told.last.lock().expect("no panic"), "Name: Märä");
    }
}

#[tokio::test]
async fn a_peer_that_floods_waits_for_whoever_reads() {
    const MOST: usize = 64 << 20;
    let told = Told::with_leave(10);
    let (mut peer, _sender) = open_to(&told).await;
    let line = format!("{}\r\n", "x".repeat(1022));
    let mut written = 0;
    // What can be sent without being read is what the two systems hold.
    while let Ok(count) = tokio::time::timeout(Duration::from_millis(500), peer.write(line.as_bytes())).await {
        written += count.expect("sent");
        assert!(written < MOST, "somebody takes whatever comes");
    }
    assert_eq!(told.frames.load(Ordering::Relaxed), 10);
    assert!(written < 16 << 20, "{written} bytes are kept");
    // Nothing of it is lost.
    told.leave.add_permits(MOST);
    let end = format!("{}\r\nEnd: 1\r\n", "x".repeat(1024 - written % 1024));
    peer.write_all(end.as_bytes()).await.expect("sent");
    let all = written / 1024 + 2;
    let arrived = async {
        while *told.last.lock().expect("no panic") != "End: 1" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, arrived).await.expect("in time");
    assert!(told.frames.load(Ordering::Relaxed) >= all, "{} of {all}", told.frames.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_peer_that_floods_does_not_keep_back_what_is_to_be_sent() {
    let told = Told::with_leave(0);
    let (mut peer, sender) = open_to(&told).await;
    peer.write_all(&b"Flood: 1\r\n".repeat(10_000)).await.expect("sent");
    sender.send(ToSocket::Text("Dial: 1\r\n".into(), Instant::now() + SOON)).await.ok();
    let mut said = [0; 9];
    tokio::time::timeout(SOON, peer.read_exact(&mut said)).await.expect("in time").expect("a line");
    assert_eq!(&said, b"Dial: 1\r\n");
}

#[tokio::test]
async fn a_late_frame_is_not_sent_and_ends_the_stream() {
    for hidden in [false, true] {
        let (mut peer, write) = tokio::io::duplex(1000);
        let (sender, to_send) = mpsc::channel(4);
        let late = Instant::now();
        let first = ToSocket::Text("First: 1\r\n".into(), late + SOON);
        let text = "Dial: 1\r\n".to_owned();
        let second = if hidden { ToSocket::Hidden(Secret::new(text), late) } else { ToSocket::Text(text, late) };
        for message in [first, ToSocket::Ping, second, ToSocket::Text("Last: 1\r\n".into(), late + SOON)] {
            sender.try_send(message).ok();
        }
        let ended = tokio::time::timeout(SOON, writing(Wire(0), write, to_send)).await;
        assert!(matches!(ended.expect("in time"), Some(FromNet::Closed(Wire(0)))));
        let mut said = String::new();
        peer.read_to_string(&mut said).await.expect("text");
        assert_eq!(said, "First: 1\r\n");
    }
}

#[tokio::test]
async fn a_frame_that_a_peer_does_not_take_in_time_goes_no_further() {
    let (mut peer, write) = tokio::io::duplex(16);
    let (sender, to_send) = mpsc::channel(4);
    sender.try_send(ToSocket::Text("x".repeat(100), Instant::now() + Duration::from_millis(50))).ok();
    let ended = tokio::time::timeout(SOON, writing(Wire(0), write, to_send)).await;
    assert!(matches!(ended.expect("in time"), Some(FromNet::Closed(Wire(0)))));
    let mut said = vec![];
    peer.read_to_end(&mut said).await.expect("bytes");
    assert_eq!(said.len(), 16, "what it had room for");
}

#[tokio::test]
async fn a_stream_ends_when_nobody_can_send_any_more() {
    let (sender, to_send) = mpsc::channel(4);
    drop(sender);
    assert!(writing(Wire(0), tokio::io::sink(), to_send).await.is_none());
}
