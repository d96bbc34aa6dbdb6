//! HTTP requests of a dialect: each sent once, redirects not followed, nothing logged that may hold a secret.

use std::collections::HashMap;
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phone_core::{Reason, Secret};
use phone_pbx::dialect::{Header, HttpAnswer, HttpRequest};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use url::Url;

use super::connect::{TunnelError, of_io, of_tls, of_tunnel, proxy_for, tls_error};
use super::tls::Tls;
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
struct NoSuchHost;

/// The system's resolver, with an error of our own.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => Ok(Box::new(found.collect::<Vec<SocketAddr>>().into_iter()) as Addrs),
                Err(_) => Err(Box::new(NoSuchHost) as Box<dyn std::error::Error + Send + Sync>),
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
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls.config).clone())
            .proxy(proxy)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(SystemNames))
            .connect_timeout(Duration::from_secs(8))
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self { client, tls, proxies, found })
    }

    /// Makes one request; also gives how many seconds the server's clock is ahead.
    pub async fn request(&self, request: HttpRequest) -> (Result<HttpAnswer, Reason>, Option<i64>) {
        let limit = request.limit;
        match tokio::time::timeout(limit, self.send(request)).await {
            Ok(Ok((answer, ahead))) => (Ok(answer), ahead),
            Ok(Err(reason)) => (Err(reason), None),
            Err(_) => (Err(Reason::AnswerTimedOut), None),
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<(HttpAnswer, Option<i64>), Reason> {
        let mut url = request.url;
        if let Some(query) = &request.hidden_query {
            url.set_query(Some(query.expose()));
        }
        let proxy = proxy_for(&url, &*self.proxies).await;
        let plain = url.scheme() == "http";
        if let Ok(mut found) = self.found.lock() {
            found.insert(place(&url), proxy.clone());
        }
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|_| Reason::NotAPbx)?;
        let mut builder = self.client.request(method, url);
        for (name, value) in &request.headers {
            let (text, hidden) = match value {
                Header::Plain(text) => (text.as_str(), false),
                Header::Hidden(secret) => (secret.expose(), true),
            };
            let mut value = reqwest::header::HeaderValue::from_str(text).map_err(|_| Reason::CredentialsRefused)?;
            value.set_sensitive(hidden);
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.header("Content-Type", "application/json").body(body.expose().to_owned());
        }
        let mut response = builder.send().await.map_err(|error| self.reason(&error, proxy.as_ref(), plain))?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let ahead = header("date").and_then(|date| clock_ahead(&date));
        let retry_after = header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        if proxy.is_some() && plain && response.status().as_u16() == 403 && said_by_proxy(response.headers()) {
            // The PBX never heard of it, so it is no right of the user that is missing.
            return Err(Reason::ProxyFailed);
        }
        let cookie = request.want_cookie.and_then(|name| cookie(response.headers(), name));
        let (status, server) = (response.status().as_u16(), header("server"));
        let mut body: Vec<u8> = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| self.reason(&error, proxy.as_ref(), plain))? {
            if body.len() + chunk.len() > request.most_bytes {
                return Err(Reason::MessageTooLong);
            }
            body.extend_from_slice(&chunk);
        }
        // Old servers send Latin-1 here and there; a name with a mark is better than no answer.
        let body = String::from_utf8(body).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
        Ok((HttpAnswer { status, server, cookie, retry_after, body: Secret::new(body) }, ahead))
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
            if inner.is::<NoSuchHost>() {
                return if by_proxy { Reason::ProxyFailed } else { Reason::HostNotFound };
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

/// Tells whether a proxy answered by itself, as far as it says so (RFC 9209, and the header of the most used one).
fn said_by_proxy(headers: &reqwest::header::HeaderMap) -> bool {
    let error = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("error"));
    error("proxy-status") || headers.contains_key("x-squid-error")
}

/// Host and port, which is what proxies are chosen by.
fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// The value of one cookie, read by ourselves: a strict jar would not send a `Secure` one back over http.
fn cookie(headers: &reqwest::header::HeaderMap, name: &str) -> Option<Secret> {
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
