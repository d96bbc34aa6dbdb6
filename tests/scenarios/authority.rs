//! A certificate authority of the tests' own, and TLS in front of what speaks none.

use std::net::SocketAddr;
use std::sync::Arc;

use phone_tests::vodia::Tls;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Where a test's own process finds the authority that its system trusts.
const FILE: &str = "TRAYPHONE_AUTHORITY_FILE";

/// The environment of a process whose system will trust an authority written to this folder.
pub fn trusting(folder: &std::path::Path) -> [(&'static str, String); 2] {
    let file = folder.join("authority.pem").to_str().expect("a plain path").to_owned();
    [("SSL_CERT_FILE", file.clone()), (FILE, file)]
}

/// Somebody who signs certificates.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A signed certificate for loopback with its key.
pub struct Issued {
    chain_pem: String,
    key_pem: String,
}

impl Authority {
    /// One that nobody trusts yet.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Hafenlicht company authority");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// One that the system of this process trusts; see [`trusting`].
    pub fn trusted() -> Self {
        let new = Self::new();
        std::fs::write(std::env::var(FILE).expect("named by the outer process"), &new.pem).expect("written");
        new
    }

    /// A certificate that is valid now.
    pub fn issues(&self) -> Issued {
        self.issues_for(&["localhost"], (2020, 2090))
    }

    /// A certificate for names and loopback that is valid from the first day of one year to that of another.
    pub fn issues_for(&self, names: &[&str], years: (i32, i32)) -> Issued {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, "fake PBX");
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
        (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
        let key = KeyPair::generate().expect("a key");
        let chain_pem = params.signed_by(&key, &self.issuer).expect("signed").pem();
        Issued { chain_pem, key_pem: key.serialize_pem() }
    }
}

impl Issued {
    /// For a fake PBX.
    pub fn tls(&self) -> Tls {
        Tls::Given { chain_pem: self.chain_pem.clone(), key_pem: self.key_pem.clone() }
    }

    /// Its fingerprint.
    pub fn sha256(&self) -> String {
        let certificate = CertificateDer::from_pem_slice(self.chain_pem.as_bytes()).expect("a certificate");
        Sha256::digest(&certificate).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// For any other server.
    pub fn acceptor(&self) -> TlsAcceptor {
        let chain = CertificateDer::pem_slice_iter(self.chain_pem.as_bytes()).collect::<Result<Vec<_>, _>>().expect("a chain");
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("a key");
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("they fit");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Speaks TLS in front of a server that does not; gives the port.
pub async fn front(certificate: &Issued, server: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (port, acceptor) = (listener.local_addr().expect("the port").port(), certificate.acceptor());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await.ok()?;
                let mut server = TcpStream::connect(server).await.ok()?;
                copy_bidirectional(&mut client, &mut server).await.ok()
            });
        }
    });
    port
}
