//! One listening server: routes in their shared layers, background work, and an orderly end.

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use px_web::http::{Health, Limits, Listening, Peer, Rate, health_routes};
use px_web::i18n::Words;
use px_web::{Site, Web, WebConfig};
use px_work::Running;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use crate::settings::Settings;

/// A server that is up.
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
    work: Vec<Running>,
}

impl Served {
    /// Takes no more connections, lets running requests and jobs end.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        futures::future::join_all(self.work.into_iter().map(Running::stop)).await;
        // Live streams never end by themselves; those who follow come back to the next process.
        if tokio::time::timeout(std::time::Duration::from_secs(2), self.task)
            .await
            .is_err()
        {
            tracing::debug!("connections were still open");
        }
    }
}

/// What a site is made of.
pub struct Parts {
    /// Pages and API.
    pub routes: Router,
    /// Brand and navigation.
    pub site: Site,
    /// Words of both languages.
    pub words: Words,
    /// Health and metrics.
    pub health: Health,
    /// Background work, started already.
    pub work: Vec<Running>,
}

/// Binds a listener, so that its address is known before anything is built on it.
///
/// # Errors
/// When the address is taken.
pub async fn bind(settings: &Settings, name: &str) -> anyhow::Result<TcpListener> {
    let address = settings.text(name);
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{name}: cannot listen on {address}"))
}

/// The address people use: the one that was set, else the listener's.
///
/// # Errors
/// When it is not a URL.
pub fn public_url(settings: &Settings, name: &str, listener: &TcpListener) -> anyhow::Result<Url> {
    match settings.optional(name) {
        Some(url) => Ok(url.parse()?),
        None => Ok(format!("http://{}/", listener.local_addr()?).parse()?),
    }
}

/// How many requests are taken.
fn limits(settings: &Settings) -> Limits {
    let rate = |name| {
        let per_minute = u32::try_from(settings.number(name)).unwrap_or(u32::MAX);
        Rate {
            burst: (per_minute / 10).max(1),
            per_minute,
        }
    };
    Limits {
        per_address: rate("PX_ADDRESS_REQUESTS_PER_MINUTE"),
        per_caller: rate("PX_CALLER_REQUESTS_PER_MINUTE"),
    }
}

/// Serves a site.
///
/// # Errors
/// When the listener is gone.
pub fn serve(
    settings: &Settings,
    db: px_store::Db,
    listener: TcpListener,
    parts: Parts,
) -> anyhow::Result<Served> {
    let address = listener.local_addr()?;
    let web = Web::new(WebConfig {
        db,
        words: parts.words,
        site: parts.site,
        secure_cookies: settings.on("PX_SECURE_COOKIES"),
        trust_forwarded: settings.on("PX_TRUST_FORWARDED"),
        limits: limits(settings),
    });
    let routes = parts
        .routes
        .merge(px_web::identity::routes())
        .merge(px_web::assets::routes())
        .merge(health_routes(parts.health));
    let app = px_web::wrap(&web, routes).into_make_service_with_connect_info::<Peer>();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(Listening::new(listener), app).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let task = tokio::spawn(async move { server.await });
    Ok(Served {
        address,
        stop,
        task,
        work: parts.work,
    })
}
