//! A small HTTP/1.1 server side: requests with a length, answers with a length, keep-alive.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::manners::{Delivery, Framing};

const HEAD_LIMIT: usize = 64 * 1024;
const BODY_LIMIT: usize = 1024 * 1024;
/// Size of a chunk: odd, so that it cuts words.
const CHUNK: usize = 1021;

/// One parsed request. Header names are lower case.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
    pub(super) keep_alive: bool,
    /// Whether the client speaks HTTP/1.0.
    pub(super) is_old: bool,
}

impl Asked {
    /// Returns the path without the query, still encoded.
    pub(super) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// Returns the first value of a query parameter, decoded.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Tells whether the request asks for a WebSocket.
    pub(super) fn is_upgrade(&self) -> bool {
        self.header("upgrade").eq_ignore_ascii_case("websocket")
    }

    /// Returns the body as JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns the value of the `session` cookie.
    pub(super) fn cookie(&self) -> Option<&str> {
        self.header("cookie").split(';').find_map(|pair| pair.trim().strip_prefix("session=")).filter(|value| !value.is_empty())
    }

    /// Returns the target with the values of secret parameters struck out.
    pub(super) fn without_secrets(&self) -> String {
        let Some((path, query)) = self.target.split_once('?') else { return self.target.clone() };
        let shown = query.split('&').map(|pair| match pair.split_once('=') {
            Some((key @ ("auth" | "session" | "sessId"), _)) => format!("{key}=…"),
            Some(_) | None => pair.to_owned(),
        });
        format!("{path}?{}", shown.collect::<Vec<_>>().join("&"))
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(super) fn json(value: &Value) -> Self {
        Self { status: 200, content_type: "application/json", body: value.to_string().into_bytes(), headers: Vec::new() }
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        Self { status, content_type: "text/html", body: body.as_bytes().to_vec(), headers: Vec::new() }
    }

    pub(super) fn status(status: u16) -> Self {
        Self { status, content_type: "text/html", body: Vec::new(), headers: Vec::new() }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn bytes(&self, delivery: Delivery) -> Vec<u8> {
        let version = if delivery.framing == Framing::Http10 { "1.0" } else { "1.1" };
        let mut head = format!("HTTP/{version} {} {}\r\n", self.status, reason(self.status));
        let mut field = |name: &str, value: &str| {
            let name = if delivery.lower_case { name.to_ascii_lowercase() } else { name.to_owned() };
            // Writing into a text cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        };
        for (name, value) in &self.headers {
            field(name, value);
        }
        if self.status != 101 {
            field("Content-Type", self.content_type);
            match delivery.framing {
                Framing::Length | Framing::Mixed => field("Content-Length", &self.body.len().to_string()),
                Framing::Chunked => field("Transfer-Encoding", "chunked"),
                Framing::UntilClose | Framing::Http10 => {}
            }
            field("Connection", if delivery.keep_alive { "keep-alive" } else { "close" });
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if self.status != 101 && delivery.framing == Framing::Chunked {
            for chunk in self.body.chunks(CHUNK) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// Reads one request; nothing when the peer closed between two requests. What is left in `buffer` belongs to the next.
pub(super) async fn read_request(wire: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Result<Option<Asked>> {
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        ensure!(buffer.len() <= HEAD_LIMIT, "request head too long");
        // A TLS hello on a plain port never ends its line.
        ensure!(buffer.first().is_none_or(u8::is_ascii_alphabetic), "not HTTP");
        if wire.read_buf(buffer).await.context("read a request")? == 0 {
            ensure!(buffer.is_empty(), "closed within a request");
            return Ok(None);
        }
    };
    let head = std::str::from_utf8(&buffer[..head_end]).context("request head is not text")?.to_owned();
    buffer.drain(..head_end + 4);
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) = (first.next(), first.next(), first.next(), first.next()) else {
        bail!("malformed request line");
    };
    ensure!(version == "HTTP/1.1" || version == "HTTP/1.0", "unknown HTTP version");
    ensure!(target.starts_with('/'), "request target is not a path");
    let mut headers = HashMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').context("malformed header")?;
        ensure!(!name.is_empty() && !name.contains(' '), "malformed header name");
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    ensure!(version == "HTTP/1.0" || headers.contains_key("host"), "no Host header");
    ensure!(!headers.contains_key("transfer-encoding"), "chunked requests are not understood");
    let length: usize = headers.get("content-length").map_or(Ok(0), |text| text.parse()).context("bad Content-Length")?;
    ensure!(length <= BODY_LIMIT, "request body too long");
    while buffer.len() < length {
        ensure!(wire.read_buf(buffer).await.context("read a body")? > 0, "closed within a body");
    }
    let body = buffer.drain(..length).collect();
    let keep_alive = version == "HTTP/1.1" && !headers.get("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let is_old = version == "HTTP/1.0";
    Ok(Some(Asked { method: method.to_owned(), target: target.to_owned(), headers, body, keep_alive, is_old }))
}

/// Decodes a path segment; nothing when it is not UTF-8.
pub(super) fn decode(segment: &str) -> Option<String> {
    percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
