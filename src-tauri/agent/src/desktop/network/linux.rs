//! Changes of addresses, routes and links, as the kernel tells them.
//!
//! Source: `rtnetlink(7)`. The messages only say that something changed; what it means is read from `/proc/net`.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::time::Duration;

use phone_engine::SystemEvent;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use super::Ways;

/// Groups `LINK`, `IPV4_IFADDR`, `IPV4_ROUTE`, `IPV6_IFADDR`, `IPV6_ROUTE` of `linux/rtnetlink.h`.
const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

/// A cable that is plugged in makes dozens of messages; the last of them counts.
const SETTLED: Duration = Duration::from_millis(300);

/// A network that never comes to rest is looked at all the same.
const LONGEST: Duration = Duration::from_secs(2);

/// Tells changes of the network until the receiver is gone.
pub async fn watch(told: mpsc::Sender<SystemEvent>) {
    match follow(&told).await {
        Ok(()) => {}
        Err(error) => tracing::warn!("changes of the network are not seen: {error}"),
    }
}

async fn follow(told: &mpsc::Sender<SystemEvent>) -> io::Result<()> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    // No protocol stands for routes, the first of them.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
    // SAFETY: an owned descriptor stays open and the same for as long as its owner lives, which is this `AsyncFd`.
    let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?;
    let mut known = ways();
    while !told.is_closed() {
        drain(&socket).await?;
        settle(&socket).await?;
        let now = ways();
        if now != known {
            tracing::debug!("the network changed");
            known = now;
            if told.send(SystemEvent::NetworkChanged).await.is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Waits until no more messages come, but not for ever.
async fn settle(socket: &AsyncFd<OwnedFd>) -> io::Result<()> {
    let quiet = async {
        while let Ok(more) = tokio::time::timeout(SETTLED, drain(socket)).await {
            more?;
        }
        Ok(())
    };
    tokio::time::timeout(LONGEST, quiet).await.unwrap_or(Ok(()))
}

/// Waits for messages and throws them away.
async fn drain(socket: &AsyncFd<OwnedFd>) -> io::Result<()> {
    let mut buffer = [0u8; 8192];
    loop {
        let mut ready = socket.readable().await?;
        let read = ready.try_io(|socket| match recv(socket.get_ref(), &mut buffer[..], RecvFlags::DONTWAIT) {
            // Messages were lost, which only says once more that something changed.
            Err(rustix::io::Errno::NOBUFS) => Ok(()),
            Err(error) => Err(io::Error::from(error)),
            Ok(_) => Ok(()),
        });
        match read {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
            Ok(Err(error)) => return Err(error),
            // Not readable after all.
            Err(_) => {}
        }
    }
}

fn ways() -> Ways {
    // A missing file is a protocol that this kernel does not have.
    let read = |name: &str| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
    Ways::read(&read("fib_trie"), &read("if_inet6"), &read("route"), &read("ipv6_route"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kernel_that_never_stops_talking_is_not_waited_for() {
        let (heard, said) = std::os::unix::net::UnixDatagram::pair().expect("two sockets");
        heard.set_nonblocking(true).expect("a socket that does not block");
        // SAFETY: an owned descriptor stays open and the same for as long as its owner lives, which is this `AsyncFd`.
        let heard = unsafe { AsyncFd::register_with_interest(OwnedFd::from(heard), Interest::READABLE) }.expect("a socket");
        let talks = async {
            let mut turns = tokio::time::interval(SETTLED / 10);
            loop {
                turns.tick().await;
                said.send(b"changed").expect("said");
            }
        };
        let settled = tokio::time::timeout(LONGEST * 2, settle(&heard));
        tokio::select! {
            settled = settled => settled.expect("an end of waiting").expect("no failure"),
            () = talks => {}
        }
    }
}
