//! Certificates made at the start.

use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use super::Tls;

/// The server's side of TLS and what a test wants to know about it.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) sha256: String,
    pub(crate) authority_pem: Option<String>,
}

impl Certificate {
    /// Makes or reads the certificate; nothing for plain http.
    pub(crate) fn make(tls: &Tls) -> Result<Option<Self>> {
        let (chain, key, authority_pem) = match tls {
            Tls::None => return Ok(None),
            Tls::SelfSigned => own(names(&["localhost"])?, true)?,
            Tls::Expired => {
                let mut params = names(&["localhost"])?;
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
                own(params, true)?
            }
            Tls::NotYetValid => {
                let mut params = names(&["localhost"])?;
                params.not_before = date_time_ymd(2090, 1, 1);
                params.not_after = date_time_ymd(2095, 1, 1);
                own(params, true)?
            }
            Tls::WrongName => own(names(&["other-pbx.example"])?, false)?,
            Tls::OwnAuthority => {
                let mut authority = CertificateParams::default();
                authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                authority.distinguished_name.push(DnType::CommonName, "Hafenlicht test authority");
                let authority_key = KeyPair::generate()?;
                let authority_pem = authority.self_signed(&authority_key)?.pem();
                let issuer = Issuer::new(authority, authority_key);
                let key = KeyPair::generate()?;
                let certificate = loopback(names(&["localhost"])?).signed_by(&key, &issuer)?;
                (vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into(), Some(authority_pem))
            }
            Tls::Given { chain_pem, key_pem } => {
                let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
                (chain, PrivateKeyDer::from_pem_slice(key_pem.as_bytes())?, None)
            }
        };
        let sha256 = hex(&Sha256::digest(chain.first().context("no certificate given")?));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Some(Self { acceptor: TlsAcceptor::from(Arc::new(config)), sha256, authority_pem }))
    }
}

/// Writes bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)] as char, DIGITS[usize::from(byte & 15)] as char]).collect()
}

type Chain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, Option<String>);

fn names(names: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "fake PBX");
    Ok(params)
}

fn loopback(mut params: CertificateParams) -> CertificateParams {
    params.subject_alt_names.push(SanType::IpAddress(std::net::IpAddr::from([127, 0, 0, 1])));
    params
}

fn own(params: CertificateParams, for_loopback: bool) -> Result<Chain> {
    let params = if for_loopback { loopback(params) } else { params };
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into(), None))
}
