//! Which certificates count: those the system trusts, or the one the user accepted by hand.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use phone_core::Reason;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

use super::connect::{of_io, of_tls, tls_error};

/// TLS settings of one account, and why the last certificate was refused.
#[derive(Clone)]
pub(crate) struct Tls {
    /// For every client of this account that speaks HTTP.
    pub config: Arc<ClientConfig>,
    host: String,
    /// The account signs in by a page on another host than the PBX.
    has_sign_in_page: bool,
    refused: Refused,
}

/// Whose certificate was refused last, and why.
type Refused = Arc<Mutex<Option<(String, Reason)>>>;

impl Tls {
    /// TLS for an account at a host; with a pin, that certificate counts there and no other.
    pub fn new(host: &str, pin: Option<String>, has_sign_in_page: bool) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let refused = Refused::default();
        let host = bare(host).to_owned();
        let checker = Checker {
            provider: Arc::clone(&provider),
            system: OnceLock::new(),
            host: host.clone(),
            pin,
            refused: Arc::clone(&refused),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(checker))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), host, has_sign_in_page, refused })
    }

    /// Why the last certificate was refused on the way by this proxy, if any; asking takes it.
    pub fn take_refusal(&self, proxy: Option<&Url>) -> Option<Reason> {
        let (host, reason) = self.refused.lock().ok()?.take()?;
        let is_proxy = proxy.and_then(Url::host_str).is_some_and(|proxy| bare(proxy).eq_ignore_ascii_case(&host));
        if host.eq_ignore_ascii_case(&self.host) {
            return Some(reason);
        }
        // Nobody is asked to vouch for others than the PBX.
        Some(match (is_proxy, self.has_sign_in_page) {
            (true, _) => Reason::ProxyFailed,
            (false, true) => Reason::TokenPageFailed(0),
            (false, false) => Reason::TlsFailed,
        })
    }

    /// Agrees on TLS with the host behind a stream, to speak HTTP there.
    pub async fn connect<S>(&self, host: &str, stream: S, proxy: Option<&Url>) -> Result<TlsStream<S>, Reason>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.agree(Arc::clone(&self.config), host, stream, proxy).await
    }

    /// Agrees on TLS with the host behind a stream and on nothing else: what is spoken there has no name among web protocols.
    pub async fn connect_bare<S>(&self, host: &str, stream: S) -> Result<TlsStream<S>, Reason>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols.clear();
        self.agree(Arc::new(config), host, stream, None).await
    }

    async fn agree<S>(
        &self,
        config: Arc<ClientConfig>,
        host: &str,
        stream: S,
        proxy: Option<&Url>,
    ) -> Result<TlsStream<S>, Reason>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(bare(host).to_owned()).map_err(|_| Reason::HostNotFound)?;
        TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
            let refused = self.take_refusal(proxy);
            refused.unwrap_or_else(|| tls_error(&error).map_or_else(|| of_io(&error), of_tls))
        })
    }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

/// Asks the system, or compares with the pin; remembers why it refused.
struct Checker {
    provider: Arc<CryptoProvider>,
    /// The system's roots are read at the first handshake, not at the start.
    system: OnceLock<Result<Verifier, Error>>,
    /// The PBX's own host; a pin counts for it and for no other.
    host: String,
    pin: Option<String>,
    refused: Refused,
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checker")
    }
}

impl Checker {
    fn system(&self) -> Result<&Verifier, Error> {
        self.system.get_or_init(|| Verifier::new(Arc::clone(&self.provider))).as_ref().map_err(Clone::clone)
    }

    fn refuse(&self, host: &str, reason: Reason) {
        if let Ok(mut refused) = self.refused.lock() {
            *refused = Some((host.to_owned(), reason));
        }
    }
}

/// SHA-256 of a certificate's DER in lower-case hex.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    use fmt::Write;
    Sha256::digest(certificate).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").ok();
        hex
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong with a certificate, nobody vouches for it")]
impl ServerCertVerifier for Checker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let sha256 = fingerprint(end_entity);
        let host = server_name.to_str();
        let own = host.eq_ignore_ascii_case(&self.host);
        if let Some(pin) = self.pin.as_ref().filter(|_| own) {
            if *pin == sha256 {
                return Ok(ServerCertVerified::assertion());
            }
            self.refuse(&host, Reason::CertificateChanged { sha256 });
            return Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
        }
        let result = self.system()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if let Err(Error::InvalidCertificate(error)) = &result {
            let reason = match error {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Reason::CertificateExpired { sha256 },
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Reason::CertificateNotYetValid { sha256 }
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Reason::CertificateWrongName { sha256 }
                }
                _ => Reason::CertificateUnknown { sha256 },
            };
            self.refuse(&host, reason);
        }
        result
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
