//! One request through the gateway.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, header};
use px_api::{Code, Problem};
use px_model::{PluginId, TenantId};
use px_runtime::{Body, Instance, RunFault, join_base_path};
use serde::Serialize;

use super::instances::Instances;
use super::table::{Served, Table};

/// Which part of a plugin is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `/_p/{plugin}/api/*`, joined to `http_base_path`.
    Api,
    /// `/_p/{plugin}/admin/*`, its administration pages.
    Admin,
}

/// The gateway: table and instances.
#[derive(Clone)]
pub struct Gateway {
    /// Who serves whom.
    pub table: Arc<Table>,
    /// What runs.
    pub instances: Arc<Instances>,
}

/// Headers that are this server's business and never a plugin's.
const STRIPPED: [HeaderName; 3] = [
    header::COOKIE,
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
];

impl Gateway {
    /// Passes a request of a tenant to the version that serves it. `rest` is the path below the
    /// side's prefix with its query; `context` tells the plugin who asks.
    ///
    /// # Errors
    /// A problem document: `PX-0416` not installed, `PX-0501` not available, `PX-0502` the plugin
    /// failed, `PX-0503` it took too long.
    pub async fn serve(
        &self,
        tenant: TenantId,
        plugin: &PluginId,
        side: Side,
        rest: &str,
        context: &(impl Serialize + Sync),
        request: Request<Body>,
    ) -> Result<Response<Body>, Problem> {
        let unit = match self.table.serving(tenant, plugin) {
            None => {
                return Err(Problem::new(
                    Code::PluginNotInstalled,
                    format!("`{plugin}`"),
                ));
            }
            Some(Served::Held) => {
                let text = "No version of it works at the moment; an operator was told.";
                return Err(Problem::new(Code::PluginUnavailable, text));
            }
            Some(Served::By(unit)) => unit,
        };
        let running = self.instances.get(&unit).await.map_err(|fault| {
            tracing::warn!(%tenant, %plugin, %fault, "plugin cannot be started");
            Problem::new(
                Code::PluginUnavailable,
                "The plugin cannot be started right now.",
            )
        })?;
        let (instance, path) = match side {
            Side::Api => {
                let main = running.main.as_ref();
                (
                    main,
                    main.map(|m| join_base_path(&m.spec().base_path, rest)),
                )
            }
            Side::Admin if running.admin_is_main => {
                (running.admin.as_ref(), Some(join_base_path("/admin", rest)))
            }
            Side::Admin => (running.admin.as_ref(), Some(join_base_path("", rest))),
        };
        let (Some(instance), Some(path)) = (instance, path) else {
            let text = "The plugin has nothing at this address.";
            return Err(Problem::new(Code::NotFound, text));
        };
        pass(instance, side, &path, context, request).await
    }
}

async fn pass(
    instance: &Instance,
    side: Side,
    path: &str,
    context: &(impl Serialize + Sync),
    mut request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let uri: Uri = path
        .parse()
        .map_err(|_| Problem::new(Code::NotFound, "The address cannot be passed on."))?;
    *request.uri_mut() = uri;
    for name in &STRIPPED {
        request.headers_mut().remove(name);
    }
    instance.identify(request.headers_mut(), Some(context));
    match instance.handle(request).await {
        Ok(mut answer) => {
            guard(answer.headers_mut(), side);
            Ok(answer)
        }
        Err(fault) => Err(problem(&fault)),
    }
}

/// A plugin sets no cookies of this site and no policy for it, and what its API answers is data:
/// a browser that is led there runs nothing of it.
fn guard(headers: &mut HeaderMap, side: Side) {
    if side == Side::Api {
        let policy = HeaderValue::from_static("default-src 'none'; sandbox");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.remove(header::SET_COOKIE);
    headers.remove(header::STRICT_TRANSPORT_SECURITY);
    headers.remove(HeaderName::from_static("service-worker-allowed"));
    headers.remove(HeaderName::from_static("clear-site-data"));
}

fn problem(fault: &RunFault) -> Problem {
    let code = match fault {
        RunFault::Trap { .. } | RunFault::MemoryLimit { .. } | RunFault::BadGateway { .. } => {
            Code::PluginFault
        }
        RunFault::Timeout { .. } => Code::PluginTimeout,
        RunFault::BodyTooLarge { .. } => Code::TooLarge,
        RunFault::Unavailable { .. }
        | RunFault::Busy
        | RunFault::Unhealthy { .. }
        | RunFault::Host { .. } => Code::PluginUnavailable,
    };
    let text = match fault {
        // What the engine said is for the plugin's author, not for whoever asked.
        RunFault::Trap { .. } => "The plugin stopped while answering.".to_owned(),
        RunFault::Host { .. } => "The plugin host failed.".to_owned(),
        other => other.to_string(),
    };
    Problem::new(code, text)
}
