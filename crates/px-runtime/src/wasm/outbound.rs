//! Requests a component makes: only to hosts its tenant granted, and only to public addresses.

use crate::address::is_public;
use crate::fault::LaunchFault;
use crate::stats::Recorder;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use px_model::Permission;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

/// Longest wait for a connection, and for the first byte of an answer.
const CONNECT: Duration = Duration::from_secs(10);
const FIRST_BYTE: Duration = Duration::from_secs(60);

type Driver = Box<dyn Future<Output = Result<()>> + Send>;

/// Hosts from `http:outbound:HOST[:PORT]`; a leading `*.` stands for any number of labels.
#[derive(Debug)]
pub(crate) struct Grants(Vec<(String, Option<u16>)>);

impl Grants {
    pub(crate) fn new(granted: &[Permission]) -> Self {
        let hosts = granted.iter().filter_map(Permission::outbound_host);
        Self(hosts.filter_map(parse_grant).collect())
    }

    /// Without a port in the grant, the scheme's own port only.
    fn allows(&self, host: &str, port: u16, standard_port: u16) -> bool {
        self.0.iter().any(|(pattern, granted_port)| {
            granted_port.unwrap_or(standard_port) == port
                && match pattern.strip_prefix("*.") {
                    Some(suffix) => host
                        .strip_suffix(suffix)
                        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                    None => host == pattern,
                }
        })
    }
}

fn parse_grant(text: &str) -> Option<(String, Option<u16>)> {
    let wildcard = text.strip_prefix("*.");
    let authority: Authority = wildcard.unwrap_or(text).parse().ok()?;
    let host = authority.host().to_ascii_lowercase();
    let host = if wildcard.is_some() {
        format!("*.{host}")
    } else {
        host
    };
    Some((host, authority.port_u16()))
}

/// The guest's way out.
#[derive(Clone)]
pub(crate) struct Outbound {
    pub(super) grants: Arc<Grants>,
    pub(super) allow_private: bool,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) recorder: Arc<Recorder>,
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _done: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Driver)>> + Send> {
        let outbound = self.clone();
        Box::new(async move {
            let asked = request.uri().to_string();
            let sent = outbound.send(request, options.unwrap_or_default()).await;
            if let Err(error) = &sent {
                let log = &outbound.recorder.log;
                log.note(&format!("outgoing request to {asked} failed: {error}"));
            }
            sent
        })
    }
}

impl Outbound {
    async fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<(Response<WasiBody>, Driver)> {
        let secure = request.uri().scheme() == Some(&Scheme::HTTPS);
        let authority = request.uri().authority();
        let authority = authority.ok_or(Error::HttpRequestUriInvalid)?;
        let host = authority.host().to_ascii_lowercase();
        let standard_port = if secure { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(standard_port);
        if !self.grants.allows(&host, port, standard_port) {
            return Err(Error::HttpRequestDenied);
        }
        let limit = options.connect_timeout.unwrap_or(CONNECT).min(CONNECT);
        let connected = timeout(limit, self.connect(&host, port, secure));
        let mut sender = connected.await.map_err(|_| Error::ConnectionTimeout)??;

        // An origin server is sent the path only (RFC 9112 section 3.2.1).
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        let limit = options.first_byte_timeout.unwrap_or(FIRST_BYTE);
        let response = timeout(limit.min(FIRST_BYTE), sender.send_request(request))
            .await
            .map_err(|_| Error::HttpResponseTimeout)??;
        let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
        Ok((response, Box::new(async { Ok(()) })))
    }

    async fn connect(
        &self,
        host: &str,
        port: u16,
        secure: bool,
    ) -> Result<hyper::client::conn::http1::SendRequest<WasiBody>> {
        let stream = connect_any(&self.addresses(host, port).await?).await?;
        if secure {
            let literal = host.trim_start_matches('[').trim_end_matches(']');
            let name = ServerName::try_from(literal.to_owned());
            let name = name.map_err(|_| Error::HttpRequestUriInvalid)?;
            let connector = TlsConnector::from(self.tls.clone());
            let stream = connector.connect(name, stream).await.map_err(Error::Tls)?;
            handshake(stream).await
        } else {
            handshake(stream).await
        }
    }

    /// Addresses of `host` that may be reached. Resolved once and connected to as resolved, so that
    /// a second answer of the name server cannot differ.
    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let resolved = tokio::net::lookup_host((literal, port)).await;
        let resolved: Vec<_> = resolved
            .map_err(|_| Error::DnsError {
                rcode: None,
                info_code: None,
            })?
            .collect();
        let allowed = |address: &SocketAddr| self.allow_private || is_public(address.ip());
        if resolved.iter().all(allowed) {
            Ok(resolved)
        } else {
            Err(Error::DestinationIpProhibited)
        }
    }
}

async fn connect_any(addresses: &[SocketAddr]) -> Result<TcpStream> {
    let mut last = Error::DestinationNotFound;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Error::Connect(error),
        }
    }
    Err(last)
}

async fn handshake<S>(stream: S) -> Result<hyper::client::conn::http1::SendRequest<WasiBody>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends by itself when the sender and the response body are dropped, which the guest's store owns.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "outgoing connection of a plugin ended");
        }
    });
    Ok(sender)
}

/// TLS with the public root certificates.
pub(crate) fn tls_config() -> Result<Arc<ClientConfig>, LaunchFault> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.into(),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(LaunchFault::host)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_covers_its_host_and_port_only() {
        let granted = [
            "http:outbound:api.example.com",
            "http:outbound:*.cdn.net:8443",
        ];
        let grants = Grants::new(&granted.map(|text| text.parse().unwrap()));
        assert!(grants.allows("api.example.com", 443, 443));
        assert!(grants.allows("api.example.com", 80, 80));
        assert!(!grants.allows("api.example.com", 22, 80));
        assert!(!grants.allows("evil-api.example.com", 443, 443));
        assert!(!grants.allows("example.com", 443, 443));
        assert!(grants.allows("a.b.cdn.net", 8443, 443));
        assert!(!grants.allows("cdn.net", 8443, 443));
        assert!(!grants.allows(".cdn.net", 8443, 443));
        assert!(!grants.allows("a.cdn.net", 443, 443));
        assert!(!Grants::new(&[]).allows("localhost", 80, 80));
    }
}
