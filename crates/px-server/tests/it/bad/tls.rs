//! An https host under names and addresses of one's choosing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// A certificate authority of this test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// Writes `ca.pem`, `cert.pem` and `key.pem` for these names and addresses.
    pub fn write(&self, folder: &Path, names: &[&str], addresses: &[&str]) {
        let all = names.iter().chain(addresses).map(|n| (*n).to_owned());
        let params = CertificateParams::new(all.collect::<Vec<_>>()).unwrap();
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        for (name, text) in [
            ("ca.pem", self.pem.clone()),
            ("cert.pem", cert.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
}

/// A host that is up.
pub struct Host {
    pub port: u16,
    connections: Arc<AtomicUsize>,
    hooks: Arc<AtomicUsize>,
}

impl Host {
    /// Messages posted to `/hook` so far.
    pub fn told(&self) -> usize {
        self.hooks.load(Ordering::SeqCst)
    }

    /// Connections so far, whatever came of them.
    pub fn asked(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

struct Listener {
    tcp: TcpListener,
    tls: TlsAcceptor,
    connections: Arc<AtomicUsize>,
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else {
                continue;
            };
            self.connections.fetch_add(1, Ordering::SeqCst);
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// Serves `/good` and `/hook`; `/to/HOST` leads to `HOST` at `port`.
pub async fn serve(folder: &Path, address: &str, good: &[u8], port: u16) -> Host {
    let certs = vec![CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certs, key)
        .unwrap();
    let tcp = TcpListener::bind(address).await.unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let host = Host {
        port: tcp.local_addr().unwrap().port(),
        connections: Arc::clone(&connections),
        hooks: Arc::default(),
    };
    let hooks = Arc::clone(&host.hooks);
    let hook = async move || {
        hooks.fetch_add(1, Ordering::SeqCst);
        axum::http::StatusCode::NO_CONTENT
    };
    let listener = Listener {
        tcp,
        tls: TlsAcceptor::from(Arc::new(config)),
        connections,
    };
    let good = good.to_vec();
    let away = async move |axum::extract::Path(to): axum::extract::Path<String>| {
        Redirect::temporary(&format!("https://{to}:{port}/good")).into_response()
    };
    let app = Router::new()
        .route("/good", get(async move || good.clone()))
        .route("/hook", post(hook))
        .route("/to/{host}", get(away).post(away));
    tokio::spawn(async move { axum::serve(listener, app).await });
    host
}
