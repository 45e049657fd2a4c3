//! What is offered to everybody.

use axum::extract::{Query, State};
use jiff::Timestamp;
use px_api::Problem;
use px_api::market::{ListedVersion, PluginDetail, PluginPage};
use px_model::{Channel, PluginId, VersionId};
use px_web::http::Cursor;
use px_web::{Answer, Failure, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::Named;
use crate::Market;
use crate::app::catalog::{Position, SearchQuery};

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Words that occur in id, name, summary, category or publisher.
    q: Option<String>,
    /// Only this category.
    category: Option<String>,
    /// `stable` or `beta`.
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Results per page, 1 to 100.
    limit: Option<u32>,
}

/// A category and how many plugins are in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Category {
    /// Its name.
    name: String,
    /// Plugins in it.
    plugins: u64,
}

/// Searches what is offered, newest listing first.
#[utoipa::path(get, path = "/api/marketplace/plugins", tag = "catalog", params(Search),
    responses((status = 200, body = PluginPage), (status = "default", body = Problem)))]
pub(super) async fn search(
    State(market): State<Market>,
    Query(query): Query<Search>,
) -> Answer<Json<PluginPage>> {
    let after = query.cursor.as_deref().map(position).transpose()?;
    let wanted = SearchQuery {
        q: query.q,
        category: query.category,
        channel: query.channel,
        after,
        limit: query.limit.unwrap_or(24),
    };
    let page = market.search(&wanted).await?;
    Ok(Json(page.wire(|(at, plugin)| {
        Cursor::new(vec![at.as_microsecond().to_string(), plugin.to_string()]).encode()
    })))
}

fn position(text: &str) -> Result<Position, Failure> {
    let cursor = Cursor::decode(text)?;
    let read = || match cursor.values() {
        [micros, plugin] => {
            let at = Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
            Some((at, plugin.parse().ok()?))
        }
        _ => None,
    };
    read().ok_or_else(|| {
        let detail = "`cursor` is not one this list gave out.";
        Failure::new(px_api::Code::InvalidField, detail)
    })
}

/// Categories in use.
#[utoipa::path(get, path = "/api/marketplace/categories", tag = "catalog",
    responses((status = 200, body = Vec<Category>), (status = "default", body = Problem)))]
pub(super) async fn categories(State(market): State<Market>) -> Answer<Json<Vec<Category>>> {
    let found = market.categories().await?;
    let categories = found
        .into_iter()
        .map(|(name, plugins)| Category { name, plugins })
        .collect();
    Ok(Json(categories))
}

/// A plugin with its listed versions and README.
#[utoipa::path(get, path = "/api/marketplace/plugins/{pluginId}", tag = "catalog",
    params(("pluginId" = String, Path)),
    responses((status = 200, body = PluginDetail), (status = "default", body = Problem)))]
pub(super) async fn detail(
    State(market): State<Market>,
    Named(plugin): Named<PluginId>,
) -> Answer<Json<PluginDetail>> {
    Ok(Json(market.plugin_detail(&plugin).await?))
}

/// Every version of a plugin that was ever listed, greatest version first.
#[utoipa::path(get, path = "/api/marketplace/plugins/{pluginId}/versions", tag = "catalog",
    params(("pluginId" = String, Path)),
    responses((status = 200, body = Vec<ListedVersion>), (status = "default", body = Problem)))]
pub(super) async fn versions(
    State(market): State<Market>,
    Named(plugin): Named<PluginId>,
) -> Answer<Json<Vec<ListedVersion>>> {
    Ok(Json(market.listed_versions(&plugin).await?))
}

/// One listed version, with all a core needs to install it.
#[utoipa::path(get, path = "/api/marketplace/versions/{versionId}", tag = "catalog",
    params(("versionId" = String, Path)),
    responses((status = 200, body = ListedVersion), (status = "default", body = Problem)))]
pub(super) async fn version(
    State(market): State<Market>,
    Named(version): Named<VersionId>,
) -> Answer<Json<ListedVersion>> {
    Ok(Json(market.listed_version(version).await?))
}
