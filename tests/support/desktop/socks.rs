//! A SOCKS proxy that leads every host to this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A SOCKS5 proxy on loopback; dropping it refuses new connections.
///
/// Source: RFC 1928, as far as a client without a password goes.
#[derive(Debug)]
pub struct SocksProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl SocksProxy {
    /// Starts a proxy on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let asked = Arc::default();
        let list = Arc::clone(&asked);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that gives up ends its own connection only.
                tokio::spawn(serve(client, Arc::clone(&list)));
            }
        });
        Self { address, asked, accepting }
    }

    /// How settings name it.
    pub fn url(&self) -> String {
        format!("socks://{}", self.address)
    }

    /// Host and port of every connection through it.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic while held").clone()
    }
}

impl Drop for SocksProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut client: TcpStream, asked: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let (_version, methods) = (client.read_u8().await?, client.read_u8().await?);
    client.read_exact(&mut vec![0; usize::from(methods)]).await?;
    client.write_all(&[5, 0]).await?;
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let host = if head[3] == 1 {
        Ipv4Addr::from(client.read_u32().await?).to_string()
    } else {
        let mut name = vec![0; usize::from(client.read_u8().await?)];
        client.read_exact(&mut name).await?;
        String::from_utf8_lossy(&name).into_owned()
    };
    let port = client.read_u16().await?;
    asked.lock().expect("no panic while held").push(format!("{host}:{port}"));
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
