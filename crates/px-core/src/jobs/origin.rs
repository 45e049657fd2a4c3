//! Where bundles come from: the Marketplace, or an allowed host that the address guard lets through.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use px_api::Code;
use px_notify::{GuardedResolver, check_url};
use reqwest::header::{CONTENT_RANGE, LOCATION, RANGE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use crate::app::fault::Fault;
use crate::app::ports::{Opened, Origin};

/// Redirects followed for one download.
const HOPS: usize = 5;

/// Where downloads may come from.
#[derive(Debug, Clone)]
pub struct OriginSettings {
    /// The Marketplace; addresses of listed versions are relative to it.
    pub marketplace: Url,
    /// Token for the Marketplace, never sent elsewhere.
    pub token: Option<String>,
    /// `PX_ONLINE_ALLOWED_HOSTS`: hosts an install URL may name and the
    /// Marketplace may send downloads on to, `*.example.com` for all below.
    pub allowed_hosts: Vec<String>,
    /// Whether private, loopback and link-local addresses may be called.
    pub allow_private_addresses: bool,
}

/// Downloads over HTTP.
pub struct HttpOrigin {
    settings: OriginSettings,
    own: Client,
    foreign: Client,
}

impl HttpOrigin {
    /// Builds the two clients: one for the configured Marketplace, one that the guard watches.
    ///
    /// # Errors
    /// When the TLS library finds no trust roots.
    pub fn new(settings: OriginSettings) -> Result<Self, reqwest::Error> {
        let client = || {
            Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(Duration::from_secs(20))
                .user_agent(concat!("PowerX/", env!("CARGO_PKG_VERSION")))
        };
        let guard = GuardedResolver::new(settings.allow_private_addresses);
        Ok(Self {
            own: client().build()?,
            foreign: client().dns_resolver(Arc::new(guard)).build()?,
            settings,
        })
    }

    /// Checks an address a person gave before anything is written.
    ///
    /// # Errors
    /// `PX-0401` when the host is not allowed, `PX-0601` when the address may not be called.
    pub fn check(settings: &OriginSettings, source: &str) -> Result<Url, Fault> {
        let url = settings.marketplace.join(source).map_err(|e| {
            Fault::tenant(
                Code::InvalidField,
                "url",
                format!("`url` is not a URL: {e}"),
            )
        })?;
        if url.origin() == settings.marketplace.origin() {
            return Ok(url);
        }
        check_foreign(settings, &url)?;
        Ok(url)
    }

    async fn ask(&self, url: &Url, offset: u64) -> Result<Response, Fault> {
        let own = url.origin() == self.settings.marketplace.origin();
        let client = if own { &self.own } else { &self.foreign };
        let mut request = client.get(url.clone());
        if offset > 0 {
            request = request.header(RANGE, format!("bytes={offset}-"));
        }
        if let (true, Some(token)) = (own, &self.settings.token) {
            request = request.bearer_auth(token);
        }
        request.send().await.map_err(|e| network(&e))
    }
}

#[async_trait]
impl Origin for HttpOrigin {
    async fn open(&self, source: &str, offset: u64) -> Result<Opened, Fault> {
        let mut url = Self::check(&self.settings, source)?;
        let named_by_marketplace = url.origin() == self.settings.marketplace.origin();
        for _ in 0..HOPS {
            let answer = self.ask(&url, offset).await?;
            let own = url.origin() == self.settings.marketplace.origin();
            if named_by_marketplace && !own && refuses(answer.status()) {
                let status = answer.status();
                return Err(away(&format!(
                    "The store that the Marketplace sent this download on to answered {status}."
                )));
            }
            if !answer.status().is_redirection() {
                return opened(answer, offset);
            }
            let target = answer
                .headers()
                .get(LOCATION)
                .and_then(|v| v.to_str().ok())
                .and_then(|to| url.join(to).ok())
                .ok_or_else(|| gone("The origin redirects to nowhere."))?;
            if target.origin() != self.settings.marketplace.origin() {
                check_foreign(&self.settings, &target).map_err(|mut fault| {
                    if named_by_marketplace {
                        fault.detail =
                            format!("The Marketplace sends this download on: {}", fault.detail);
                    }
                    fault
                })?;
            }
            url = target;
        }
        Err(gone("The origin redirects in circles."))
    }
}

/// Answers of a store to a signed address that is void, for one, because it came too late; the next
/// try is given a new one.
fn refuses(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
    )
}

fn check_foreign(settings: &OriginSettings, url: &Url) -> Result<(), Fault> {
    let host = url.host_str().unwrap_or_default();
    if !settings.allowed_hosts.iter().any(|a| matches(a, host)) {
        let text = format!("`{host}` is not among PX_ONLINE_ALLOWED_HOSTS.");
        return Err(Fault::tenant(Code::HostNotAllowed, "host", text));
    }
    let secure = url.scheme() == "https";
    let plain = settings.allow_private_addresses && url.scheme() == "http";
    if !secure && !plain {
        let text = "Bundles are fetched over https only.";
        return Err(Fault::tenant(Code::AddressRefused, "scheme", text));
    }
    if settings.allow_private_addresses {
        return Ok(());
    }
    check_url(url).map_err(|e| Fault::tenant(Code::AddressRefused, "address", e.to_string()))
}

fn matches(allowed: &str, host: &str) -> bool {
    match allowed.strip_prefix("*.") {
        Some(parent) => host
            .strip_suffix(parent)
            .is_some_and(|rest| rest.ends_with('.')),
        None => allowed.eq_ignore_ascii_case(host),
    }
}

fn opened(answer: Response, asked: u64) -> Result<Opened, Fault> {
    let status = answer.status();
    let (offset, total) = match status {
        StatusCode::PARTIAL_CONTENT => {
            let (start, total) = content_range(&answer).unwrap_or((asked, None));
            if start > asked {
                return Err(away("The origin sent another range than asked for."));
            }
            (start, total)
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            return Ok(Opened {
                offset: asked,
                total: Some(asked),
                chunks: futures::stream::empty().boxed(),
            });
        }
        _ if status.is_success() => (0, answer.content_length()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            return Err(answered(&answer));
        }
        _ if status.is_client_error() => {
            return Err(gone(&format!("The origin answered {status}.")));
        }
        _ => return Err(answered(&answer)),
    };
    let chunks = answer.bytes_stream();
    Ok(Opened {
        offset,
        total,
        chunks: chunks.map(|c| c.map_err(|e| network(&e))).boxed(),
    })
}

/// A refusal that may pass; only the form of `Retry-After` in seconds is read, a date would need a
/// clock both sides agree on.
fn answered(answer: &Response) -> Fault {
    let seconds = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|v| v.to_str().ok()?.trim().parse().ok());
    away(&format!("The origin answered {}.", answer.status()))
        .after(seconds.map(Duration::from_secs))
}

/// First byte and total length of `bytes START-END/TOTAL` (RFC 9110 section 14.4).
fn content_range(answer: &Response) -> Option<(u64, Option<u64>)> {
    let text = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.parse().ok()?;
    Some((start, total.parse().ok()))
}

fn network(error: &reqwest::Error) -> Fault {
    // The guard's refusal is somewhere in the chain of a connection error.
    let mut text = String::new();
    let mut at: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(cause) = at {
        if cause.downcast_ref::<px_notify::AddressRefused>().is_some() {
            return Fault::tenant(Code::AddressRefused, "address", cause.to_string());
        }
        text = cause.to_string();
        at = cause.source();
    }
    away(&format!("The origin cannot be reached: {text}"))
}

fn away(text: &str) -> Fault {
    Fault::infrastructure(Code::DownloadFailed, "origin", text)
}

/// An answer that asking again will not change.
fn gone(text: &str) -> Fault {
    Fault::tenant(Code::DownloadFailed, "origin_refuses", text)
}
