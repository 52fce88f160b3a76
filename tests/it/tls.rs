//! Certificates made for a test, and a TLS end before a plain server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs};
use url::Url;

/// An authority that signs for tests only.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn pem(&self) -> &[u8] {
        self.pem.as_bytes()
    }

    /// A certificate for a name, valid from the first of January of one year to that of another.
    pub(crate) fn sign(&self, name: &str, years: (i32, i32)) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate: certificate.der().clone(), key: key.serialize_der() }
    }
}

pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    fn config(self) -> ServerConfig {
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key)))
            .unwrap()
    }
}

/// Takes TLS connections and passes what they hold to a plain server.
pub(crate) struct TlsEnd {
    pub(crate) url: Url,
    /// The protocols that each connection offered.
    offered: Arc<Mutex<Vec<Vec<String>>>>,
}

impl TlsEnd {
    pub(crate) async fn before(plain: &Url, identity: Identity) -> Self {
        let plain: SocketAddr = plain.socket_addrs(|| None).unwrap()[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
        let offered = Arc::new(Mutex::new(Vec::new()));
        let config = Arc::new(identity.config());
        let seen = Arc::clone(&offered);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (config, seen) = (Arc::clone(&config), Arc::clone(&seen));
                tokio::spawn(async move {
                    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
                    let protocols = start.client_hello().alpn().into_iter().flatten();
                    let protocols =
                        protocols.map(|each| String::from_utf8_lossy(each).into_owned()).collect();
                    seen.lock().unwrap().push(protocols);
                    let mut inside = start.into_stream(config).await.ok()?;
                    let mut onward = TcpStream::connect(plain).await.ok()?;
                    copy_bidirectional(&mut inside, &mut onward).await.ok()
                });
            }
        });
        Self { url, offered }
    }

    pub(crate) fn offered(&self) -> Vec<Vec<String>> {
        self.offered.lock().unwrap().clone()
    }
}
