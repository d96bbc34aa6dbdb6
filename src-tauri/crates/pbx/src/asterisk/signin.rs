//! From the greeting to a session: the secret never crosses the wire, only its hash with the server's challenge.

use md5::{Digest, Md5};
use phone_core::{Now, Reason, Secret, is_loopback_host};
use url::Url;
use zeroize::Zeroizing;

use super::framing::Packets;
use super::packet::{Action, Packet};
use super::{Asked, Asterisk, Phase};
use crate::dialect::{Effect, Effects, NotOpened, Wire};

/// Port of the unencrypted manager interface.
const PLAIN_PORT: u16 = 5038;
/// Port of the encrypted one.
const TLS_PORT: u16 = 5039;
/// How the greeting begins, whatever the version behind it.
const GREETING: &str = "Asterisk Call Manager";

impl Asterisk {
    pub(super) fn start(&mut self, out: &mut Effects) {
        self.reset();
        let url = &self.config.url;
        let plain = url.scheme() != "amis";
        let host = url.host_str().unwrap_or_default();
        if plain && !is_loopback_host(host) && !self.keys.allow_plain {
            return self.fail(Reason::PlainRefused, out);
        }
        if self.secret.is_none() {
            return self.fail(Reason::SecretMissing, out);
        }
        if self.user.is_empty() || self.keys.extension.is_empty() {
            return self.fail(Reason::UnknownTenantOrUser, out);
        }
        let (scheme, port) = if plain { ("tcp", PLAIN_PORT) } else { ("tls", TLS_PORT) };
        let Ok(url) = Url::parse(&format!("{scheme}://{host}:{}", url.port().unwrap_or(port))) else {
            return self.fail(Reason::HostNotFound, out);
        };
        self.phase = Phase::Opening;
        self.wire = Wire(self.wire.0.wrapping_add(1));
        out.push(Effect::Connect { wire: self.wire, url, framing: Box::new(Packets::default()) });
    }

    pub(super) fn opened(&mut self) {
        if self.phase == Phase::Opening {
            self.phase = Phase::Greeting;
        }
    }

    pub(super) fn not_opened(&mut self, why: NotOpened, out: &mut Effects) {
        if self.phase == Phase::Opening {
            let reason = match why {
                NotOpened::Status(status, _) => Reason::WebSocketRefused(status),
                NotOpened::Reason(reason) => reason,
            };
            self.fail(reason, out);
        }
    }

    /// The first line that the server sends.
    pub(super) fn greeted(&mut self, line: &str, out: &mut Effects) {
        if !line.starts_with(GREETING) {
            self.known.greeted_wrongly(line);
            return self.fail(Reason::NotAPbx, out);
        }
        self.phase = Phase::SigningIn;
        self.ask(Asked::Challenge, |id| Action::new("Challenge", id).with("AuthType", "MD5"), out);
    }

    pub(super) fn challenged(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        let Some(challenge) = packet.text("Challenge").filter(|_| packet.is_success()) else {
            return self.refused_in(packet, out);
        };
        let Some(secret) = &self.secret else { return self.fail(Reason::SecretMissing, out) };
        let key = Zeroizing::new(md5_hex(challenge, secret.expose()));
        let id = self.asked.number(Asked::Login);
        let login = Action::new("Login", id).with("AuthType", "MD5").with("Username", &self.user).with("Key", &key);
        out.push(Effect::SendHidden(self.wire, Secret::new(login.with("Events", "on").text())));
    }

    pub(super) fn logged_in(&mut self, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        if !packet.is_success() {
            return self.refused_in(packet, out);
        }
        self.was_online = true;
        out.push(Effect::SignedIn);
        self.phase = Phase::Syncing;
        self.ping_at = Some(now.mono + super::PING);
        self.begin_sync(now, out);
    }

    /// What a refusal means. The server closes the stream after each.
    fn refused_in(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        let message = packet.message().to_ascii_lowercase();
        let reason = if message.contains("already in use") {
            Reason::TooManySessions
        } else if message.contains("authentication failed") {
            // A wrong user, a wrong secret and an address that may not sign in look the same.
            Reason::SignInDenied
        } else {
            Reason::Garbage
        };
        self.known.refused(&reason);
        self.fail(reason, out);
    }
}

/// Lower-case hex of the MD5 of a challenge with the secret behind it.
fn md5_hex(challenge: &str, secret: &str) -> String {
    let mut md5 = Md5::new();
    md5.update(challenge.as_bytes());
    md5.update(secret.as_bytes());
    md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
