//! HTTP requests of a dialect: each sent once, redirects not followed, nothing logged that may hold a secret.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error as _;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::HeaderMap;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper_util::rt::TokioIo;
use phone_core::{Reason, Secret};
use phone_pbx::dialect::{HttpAnswer, HttpRequest};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Position, Url};

use super::connect::{Duplex, TunnelError, connect, of_io, of_tls, of_tunnel, proxy_for, tls_error};
use super::tls::Tls;
use super::{UNDELIVERED_LIMIT, header_value, wiped};
use crate::ports::Proxies;

/// The HTTP client of one account.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    tls: Tls,
    proxies: Arc<dyn Proxies>,
    /// The proxy of each host and port, looked up before the request; an account has one or two of them.
    found: Found,
}

type Found = Arc<Mutex<HashMap<String, Option<Url>>>>;

/// A host name that nobody knows; tells itself from other failures by its type.
#[derive(Debug, thiserror::Error)]
#[error("no such host")]
struct NoSuchHost(String);

/// The system's resolver, with an error of our own.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => Ok(Box::new(found.collect::<Vec<SocketAddr>>().into_iter()) as Addrs),
                Err(_) => Err(Box::new(NoSuchHost(name.as_str().to_owned())) as Box<dyn std::error::Error + Send + Sync>),
            }
        })
    }
}

impl Http {
    /// A client with these TLS rules and proxies.
    pub fn new(tls: Tls, proxies: Arc<dyn Proxies>) -> Result<Self, reqwest::Error> {
        let found: Found = Arc::default();
        let known = Arc::clone(&found);
        let proxy = reqwest::Proxy::custom(move |url| known.lock().ok()?.get(&place(url)).cloned().flatten());
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls.config).clone())
            .proxy(proxy)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(SystemNames))
            .connect_timeout(Duration::from_secs(8))
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(20));
        #[cfg(target_os = "linux")]
        let builder = builder.tcp_user_timeout(UNDELIVERED_LIMIT);
        let client = builder.build()?;
        Ok(Self { client, tls, proxies, found })
    }

    /// Makes one request; also gives how many seconds the server's clock is ahead.
    ///
    /// One that must have no effect after a moment is not sent after it, and what of it was not delivered by then is discarded.
    pub async fn request(&self, request: HttpRequest, not_after: Option<Instant>) -> (Result<HttpAnswer, Reason>, Option<i64>) {
        let limit = Instant::now() + request.limit;
        let sent = match not_after {
            Some(at) if at <= Instant::now() => return (Err(Reason::AnswerTimedOut), None),
            Some(at) => tokio::time::timeout_at(at.min(limit).into(), self.send_alone(request)).await,
            None => tokio::time::timeout_at(limit.into(), self.send(request)).await,
        };
        match sent {
            Ok(Ok((answer, ahead))) => (Ok(answer), ahead),
            Ok(Err(reason)) => (Err(reason), None),
            Err(_) => (Err(Reason::AnswerTimedOut), None),
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<(HttpAnswer, Option<i64>), Reason> {
        let proxy = proxy_for(&request.url, &*self.proxies).await;
        if proxy.as_ref().is_some_and(|proxy| proxy.scheme() == "socks4") {
            // The client would name the first address of a host, whether this proxy can take it or not.
            return self.send_alone(request).await;
        }
        let mut url = request.url;
        if let Some(query) = &request.hidden_query {
            url.set_query(Some(query.expose()));
        }
        let plain = url.scheme() == "http";
        if let Ok(mut found) = self.found.lock() {
            found.insert(place(&url), proxy.clone());
        }
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|_| Reason::NotAPbx)?;
        let mut builder = self.client.request(method, url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, header_value(value)?);
        }
        if let Some(body) = &request.body {
            builder = builder.header("Content-Type", "application/json").body(wiped(body.clone()));
        }
        let mut response = builder.send().await.map_err(|error| self.reason(&error, proxy.as_ref(), plain))?;
        if proxy.is_some() && plain && response.status().as_u16() == 403 && said_by_proxy(response.headers()) {
            // The PBX never heard of it, so it is no right of the user that is missing.
            return Err(Reason::ProxyFailed);
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body: Vec<u8> = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| self.reason(&error, proxy.as_ref(), plain))? {
            if body.len() + chunk.len() > request.most_bytes {
                return Err(Reason::MessageTooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer_of(status, &headers, request.want_cookie, body))
    }

    /// Makes a request on a connection of its own, whose end discards what was not delivered: in one that is shared, or that
    /// a client keeps to itself, the system would go on sending it long after whoever asked was told that nothing came back.
    async fn send_alone(&self, request: HttpRequest) -> Result<(HttpAnswer, Option<i64>), Reason> {
        let mut url = request.url;
        if let Some(query) = &request.hidden_query {
            url.set_query(Some(query.expose()));
        }
        let (stream, _) = connect(&url, &*self.proxies, &self.tls).await?;
        let host = url.host_str().ok_or(Reason::HostNotFound)?;
        let stream: Box<dyn Duplex> =
            if url.scheme() == "https" { Box::new(self.tls.connect(host, stream, None).await?) } else { stream };
        let place = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let mut made = http::Request::builder().method(request.method).uri(&url[Position::BeforePath..Position::AfterQuery]);
        made = made.header("Host", place).header("Accept", "*/*");
        for (name, value) in &request.headers {
            made = made.header(*name, header_value(value)?);
        }
        if request.body.is_some() {
            made = made.header("Content-Type", "application/json");
        }
        let body = request.body.clone().map(wiped);
        let made = made.body(Whole(body)).map_err(|_| Reason::NotAPbx)?;
        let lost = |error: hyper::Error| if error.is_parse() { Reason::NotAPbx } else { Reason::Dropped };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let exchange = async {
            let mut response = sender.send_request(made).await.map_err(lost)?;
            let mut body: Vec<u8> = vec![];
            while let Some(frame) = poll_fn(|context| Pin::new(response.body_mut()).poll_frame(context)).await {
                let Ok(data) = frame.map_err(lost)?.into_data() else { continue };
                if body.len() + data.len() > request.most_bytes {
                    return Err(Reason::MessageTooLong);
                }
                body.extend_from_slice(&data);
            }
            Ok(answer_of(response.status().as_u16(), response.headers(), request.want_cookie, body))
        };
        let mut exchange = std::pin::pin!(exchange);
        // Both end with this request; a task of its own would outlive it.
        tokio::select! {
            answer = &mut exchange => answer,
            _ = connection => exchange.await,
        }
    }

    /// What a failed request means; told apart by types, never by message text.
    fn reason(&self, error: &reqwest::Error, proxy: Option<&Url>, plain: bool) -> Reason {
        if let Some(refused) = self.tls.take_refusal(proxy) {
            return refused;
        }
        let by_proxy = proxy.is_some();
        // Nobody else speaks TLS here.
        let tls_of_proxy = plain && proxy.is_some_and(|proxy| proxy.scheme() == "https");
        let mut cause = error.source();
        let mut found = None;
        while let Some(inner) = cause {
            if let Some(NoSuchHost(name)) = inner.downcast_ref() {
                // With some proxies the name of the PBX is looked up here, with others only the proxy's own.
                let is_own = error.url().and_then(Url::host_str) == Some(name.as_str());
                return if is_own { Reason::HostNotFound } else { Reason::ProxyFailed };
            }
            if let Some(tunnel) = inner.downcast_ref::<TunnelError>() {
                return of_tunnel(tunnel);
            }
            if inner.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
                return if plain { Reason::NotHttp } else { Reason::NotAPbx };
            }
            if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                return if tls_of_proxy { Reason::ProxyFailed } else { of_tls(tls) };
            }
            if let Some(io) = inner.downcast_ref::<std::io::Error>() {
                if let Some(tls) = tls_error(io) {
                    return if tls_of_proxy { Reason::ProxyFailed } else { of_tls(tls) };
                }
                found = Some(of_io(io));
            }
            cause = inner.source();
        }
        match found {
            // The connection that failed was the one to the proxy.
            Some(_) if by_proxy && error.is_connect() => Reason::ProxyFailed,
            Some(reason) => reason,
            None if error.is_timeout() => Reason::ConnectTimedOut,
            None if error.is_connect() => Reason::ProxyFailed,
            None => Reason::Dropped,
        }
    }
}

/// An answer as dialects read it, and how many seconds the server's clock is ahead.
fn answer_of(status: u16, headers: &HeaderMap, want_cookie: Option<&str>, body: Vec<u8>) -> (HttpAnswer, Option<i64>) {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let ahead = header("date").and_then(|date| clock_ahead(&date));
    let retry_after = header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let cookie = want_cookie.and_then(|name| cookie(headers, name));
    // Old servers send Latin-1 here and there; a name with a mark is better than no answer.
    let body = String::from_utf8(body).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
    (HttpAnswer { status, server: header("server"), cookie, retry_after, body: Secret::new(body) }, ahead)
}

/// A body that is sent as a whole.
struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |text| text.len() as u64))
    }
}

/// Tells whether a proxy answered by itself, as far as it says so (RFC 9209, and the header of the most used one).
fn said_by_proxy(headers: &HeaderMap) -> bool {
    let error = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("error"));
    error("proxy-status") || headers.contains_key("x-squid-error")
}

/// Host and port, which is what proxies are chosen by.
fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// The value of one cookie, read by ourselves: a strict jar would not send a `Secure` one back over http.
fn cookie(headers: &HeaderMap, name: &str) -> Option<Secret> {
    headers.get_all("set-cookie").iter().find_map(|value| {
        let (key, rest) = value.to_str().ok()?.split_once('=')?;
        let value = rest.split(';').next().unwrap_or_default().trim();
        (key.trim() == name && !value.is_empty()).then(|| Secret::new(value.to_owned()))
    })
}

/// How many seconds the server's clock is ahead of ours.
fn clock_ahead(date: &str) -> Option<i64> {
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(theirs.duration_since(jiff::Timestamp::now()).as_secs())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::EnvironmentProxies;

    /// What a server that never answers gets of a command that must have its effect within this time.
    async fn received(within: Duration) -> String {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url: Url = format!("http://{}/rest/calls", server.local_addr().expect("the port")).parse().expect("an address");
        let reading = tokio::spawn(async move {
            let mut text = vec![];
            if let Ok((mut stream, _)) = server.accept().await {
                stream.read_to_end(&mut text).await.ok();
            }
            String::from_utf8_lossy(&text).into_owned()
        });
        let http = Http::new(Tls::new("127.0.0.1", None, false).expect("TLS"), Arc::new(EnvironmentProxies)).expect("a client");
        let request = HttpRequest {
            id: 1,
            method: "POST",
            url,
            hidden_query: None,
            headers: vec![],
            body: Some(Secret::new("{}".to_owned())),
            want_cookie: None,
            most_bytes: 100,
            limit: Duration::from_secs(1),
            carries: Some(1),
        };
        assert!(http.request(request, Some(Instant::now() + within)).await.0.is_err());
        drop(http);
        match tokio::time::timeout(Duration::from_secs(1), reading).await {
            Ok(text) => text.expect("no panic"),
            Err(_) => String::new(),
        }
    }

    #[tokio::test]
    async fn a_command_is_not_sent_after_its_time() {
        assert!(received(Duration::from_millis(500)).await.ends_with("{}"));
        assert_eq!(received(Duration::ZERO).await, "");
    }
}
