//! `/_p/{plugin}/api/*` and `/_p/{plugin}/admin/*`.

use axum::body::Body as AxumBody;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http_body_util::BodyExt;
use px_api::Code;
use px_model::{PluginId, TenantId};
use px_runtime::BodyError;
use px_web::http::AsIs;
use px_web::{Answer, Failure};
use serde::{Deserialize, Serialize};

use super::who::Who;
use crate::Core;
use crate::gateway::Side;

/// Parts of the path.
#[derive(Debug, Deserialize)]
pub struct Address {
    plugin: String,
}

/// What a plugin is told of who asks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    plugin_id: &'a PluginId,
    tenant_id: TenantId,
    user: Person<'a>,
}

#[derive(Serialize)]
struct Person<'a> {
    id: &'a str,
    kind: &'a str,
    name: &'a str,
}

/// A plugin's API.
pub async fn api(
    State(core): State<Core>,
    Path(address): Path<Address>,
    who: Who,
    request: Request,
) -> Answer<Response> {
    pass(core, &address, who, Side::Api, request).await
}

/// A plugin's administration pages.
pub async fn admin(
    State(core): State<Core>,
    Path(address): Path<Address>,
    who: Who,
    request: Request,
) -> Answer<Response> {
    pass(core, &address, who, Side::Admin, request).await
}

async fn pass(
    core: Core,
    address: &Address,
    who: Who,
    side: Side,
    request: Request,
) -> Answer<Response> {
    let plugin: PluginId = address
        .plugin
        .parse()
        .map_err(|_| Failure::new(Code::PluginNotInstalled, "This is not a plugin's name."))?;
    let viewer = who.viewer(None).await?;
    let rest = rest_of(request.uri(), &address.plugin, side).to_owned();
    let context = Context {
        plugin_id: &plugin,
        tenant_id: viewer.tenant,
        user: Person {
            id: &viewer.actor.id,
            kind: &viewer.actor.kind,
            name: &viewer.actor.name,
        },
    };
    let request = request.map(|body| {
        body.map_err(|e| BodyError::Broken(e.to_string()))
            .boxed_unsync()
    });
    let answer = core
        .gateway()
        .serve(viewer.tenant, &plugin, side, &rest, &context, request)
        .await?;
    let mut answer = answer.map(AxumBody::new);
    answer.extensions_mut().insert(AsIs);
    Ok(answer)
}

/// Path below the side's prefix with its query, as it came: decoding it would change its meaning.
fn rest_of<'a>(uri: &'a http::Uri, plugin: &str, side: Side) -> &'a str {
    let whole = uri.path_and_query().map_or("/", |p| p.as_str());
    let part = match side {
        Side::Api => "api",
        Side::Admin => "admin",
    };
    // The plugin's segment may be percent-encoded; its length is what it is in the address.
    let mut segments = whole.splitn(4, '/');
    let known = segments.nth(2).map_or(plugin.len(), str::len);
    let prefix = "/_p/".len() + known + 1 + part.len();
    whole.get(prefix..).unwrap_or_default()
}
