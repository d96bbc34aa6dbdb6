//! Faults that a test switches on and off.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::options::FarEnd;

/// Which requests a refusal covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// The WebSocket handshake.
    Handshake,
    /// Everything under `/rest/` but the session resource, and `/remote_call.htm`.
    Rest,
    /// `POST` and `PUT` of `/rest/system/session`.
    SignIn,
    /// Every request.
    Everything,
}

/// A status answered instead of the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Value of `Retry-After`.
    pub retry_after: Option<Duration>,
}

/// One answer that is not the real one, for the next requests that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Method of the requests.
    pub method: &'static str,
    /// How their path ends, without the query.
    pub path_end: &'static str,
    /// HTTP status.
    pub status: u16,
    /// How many requests it is answered to; none of them has an effect.
    pub times: u32,
}

/// What the server pretends to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Disguise {
    /// A PBX.
    #[default]
    None,
    /// A hotel's login page: HTML with status 200 for everything.
    CaptivePortal,
    /// Some other web server: 404 for everything but `/`.
    NotAPbx,
}

/// Bytes that no good server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Garbage {
    /// A text frame that is not JSON.
    NotJson,
    /// Valid JSON that is not an object.
    NotAnObject,
    /// An object without `action` and without a reserved key.
    NoAction,
    /// An action nobody knows.
    UnknownAction,
    /// `calls` of a wrong type.
    WrongTypes,
    /// A flat WebRTC frame (section 2.2).
    FlatBye,
    /// A text frame that is not UTF-8; RFC 6455 wants the connection failed.
    InvalidUtf8,
    /// A binary frame.
    Binary,
    /// Two hundred thousand nested arrays.
    DeepJson,
    /// A text frame of 50 MB, made while it is written.
    FiftyMegabytes,
    /// A masked frame; a server must not mask.
    Masked,
    /// Bytes that are no WebSocket frame.
    NotAFrame,
}

impl Garbage {
    /// All kinds, harmless ones first.
    pub const ALL: [Self; 12] = [
        Self::NotJson,
        Self::NotAnObject,
        Self::NoAction,
        Self::UnknownAction,
        Self::WrongTypes,
        Self::FlatBye,
        Self::Binary,
        Self::DeepJson,
        Self::InvalidUtf8,
        Self::FiftyMegabytes,
        Self::Masked,
        Self::NotAFrame,
    ];

    /// Returns the word that scripts use.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotJson => "not-json",
            Self::NotAnObject => "not-an-object",
            Self::NoAction => "no-action",
            Self::UnknownAction => "unknown-action",
            Self::WrongTypes => "wrong-types",
            Self::FlatBye => "flat-bye",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::Binary => "binary",
            Self::DeepJson => "deep-json",
            Self::FiftyMegabytes => "fifty-megabytes",
            Self::Masked => "masked",
            Self::NotAFrame => "not-a-frame",
        }
    }

    pub(super) fn made(self) -> Garbled {
        let text = |text: &str| Garbled::Frame { opcode: 1, payload: text.as_bytes().to_vec() };
        match self {
            Self::NotJson => text("<html>Bad gateway</html>"),
            Self::NotAnObject => text(r#"["call-state",42,null]"#),
            Self::NoAction => text(r#"{"hello":"world"}"#),
            Self::UnknownAction => text(r#"{"action":"weather-state","rain":true}"#),
            Self::WrongTypes => {
                text(r#"{"action":"user-state","account":{"a":1},"registered":"perhaps","calls":"none","code":{}}"#)
            }
            Self::FlatBye => text(r#"{"bye":"true","callid":"x1","cseq":7,"code":415}"#),
            Self::InvalidUtf8 => Garbled::Frame { opcode: 1, payload: b"{\"action\":\"call-state\xff\xfe\"}".to_vec() },
            Self::Binary => Garbled::Frame { opcode: 2, payload: vec![0, 1, 2, 3, 255] },
            Self::DeepJson => text(&format!("{}{}", "[".repeat(200_000), "]".repeat(200_000))),
            Self::FiftyMegabytes => Garbled::Long { bytes: 50_000_000 },
            Self::Masked => Garbled::Raw(vec![0x81, 0x82, 1, 2, 3, 4, b'{' ^ 1, b'}' ^ 2]),
            Self::NotAFrame => Garbled::Raw(b"HTTP/1.1 502 Bad Gateway\r\n\r\n".to_vec()),
        }
    }
}

/// Garbage, ready to write.
pub(super) enum Garbled {
    Frame { opcode: u8, payload: Vec<u8> },
    Long { bytes: u64 },
    Raw(Vec<u8>),
}

impl Garbled {
    pub(super) async fn write(&self, wire: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        match self {
            Self::Frame { opcode, payload } => write_frame(wire, *opcode, payload).await,
            Self::Raw(bytes) => wire.write_all(bytes).await,
            Self::Long { bytes } => {
                let (head, tail) = (br#"{"action":"call-state","calls":[],"filler":""#, br#""}"#);
                let mut header = vec![0x81, 127];
                header.extend_from_slice(&bytes.to_be_bytes());
                wire.write_all(&header).await?;
                wire.write_all(head).await?;
                let block = [b'x'; 16_384];
                let mut left = bytes - (head.len() + tail.len()) as u64;
                while left > 0 {
                    let part = left.min(block.len() as u64);
                    wire.write_all(&block[..part as usize]).await?;
                    left -= part;
                }
                wire.write_all(tail).await
            }
        }
    }
}

/// Appends one unmasked frame to a buffer (RFC 6455, section 5.2).
pub(super) fn encode_frame(buffer: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    encode_part(buffer, true, opcode, payload);
}

/// Appends one unmasked frame that may be a part of a message (RFC 6455, section 5.4).
pub(super) fn encode_part(buffer: &mut Vec<u8>, last: bool, opcode: u8, payload: &[u8]) {
    buffer.push(if last { 0x80 | opcode } else { opcode });
    match payload.len() {
        short @ 0..=125 => buffer.push(short as u8),
        middle @ 126..=65_535 => {
            buffer.push(126);
            buffer.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            buffer.push(127);
            buffer.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    buffer.extend_from_slice(payload);
}

/// Writes one unmasked frame in a single call, so that a small frame is a single packet.
pub(super) async fn write_frame(wire: &mut (impl AsyncWrite + Unpin), opcode: u8, payload: &[u8]) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(payload.len() + 10);
    encode_frame(&mut bytes, opcode, payload);
    wire.write_all(&bytes).await
}

/// The faults that are on now.
#[derive(Default)]
pub(super) struct Mischief {
    pub(super) refusals: HashMap<What, Refusal>,
    pub(super) sign_in_says_false: bool,
    pub(super) slow: Option<Duration>,
    pub(super) disguise: Disguise,
    pub(super) far_ends: HashMap<String, FarEnd>,
    pub(super) ignores_dials: bool,
    pub(super) drops_on_dial: bool,
    pub(super) clock_ahead: Option<i64>,
    pub(super) slips: Vec<Slip>,
    /// Sockets on which nothing is written any more.
    pub(super) silent_sockets: BTreeSet<u64>,
}
