//! A plugin: what it does, what it may do, who vouches for it, how to install it.

use axum::extract::{Path, State};
use px_api::market::ListedVersion;
use px_model::{Channel, PluginId, VersionState};
use px_web::i18n::T;
use px_web::ui::{self, Card, Note, Tone, icon};
use px_web::{Answer, Failure, Html, Ui};

use super::markdown;
use super::parts::{
    beta, category_word, channel_word, fail, kind_word, link, muted, number, publisher_name, split,
    stack,
};
use super::plugin_parts::{compatibility, dependencies, install, signed, versions};
use crate::Market;
use crate::app::pages::PluginFile;

/// `GET /plugins/{pluginId}`
pub(super) async fn page(
    ui: Ui,
    State(market): State<Market>,
    Path(plugin): Path<String>,
) -> Answer {
    let plugin: PluginId = plugin.parse().map_err(|_| Failure::not_found("plugin"))?;
    let file = market.plugin_file(&plugin).await.map_err(fail)?;
    let t = &ui.t;
    let shown = chosen(&file);
    let summary = &file.detail.summary;
    let to_install = link(
        "#install",
        "btn btn-primary",
        &icon("download"),
        &t.t("mkt-install"),
    );
    let body = stack([
        warning(t, shown),
        split(
            &wide(t, &market, &file, shown),
            &narrow(t, &market, &file, shown),
        ),
    ]);
    let page = ui
        .page(summary.name.as_str())
        .lead(summary.summary.as_str());
    let page = page.crumb(t.t("mkt-explore"), "/").actions(to_install);
    Ok(page.active("explore").show_html(body))
}

/// The version the page speaks of: the one in the search results.
fn chosen(file: &PluginFile) -> Option<&ListedVersion> {
    let latest = &file.detail.summary.latest_version;
    let versions = &file.detail.versions;
    versions
        .iter()
        .find(|v| v.version == *latest)
        .or_else(|| versions.first())
}

fn warning(t: &T, shown: Option<&ListedVersion>) -> Html {
    match shown.map(|v| v.state) {
        Some(VersionState::Withdrawn) => {
            Note::new(Tone::Warn, t.t("mkt-withdrawn"), t.t("mkt-withdrawn-text"))
        }
        Some(VersionState::Quarantined) => Note::new(
            Tone::Warn,
            t.t("mkt-quarantined"),
            t.t("mkt-quarantined-text"),
        ),
        Some(VersionState::Recalled) => {
            Note::new(Tone::Danger, t.t("mkt-recalled"), t.t("mkt-recalled-text"))
        }
        _ => return Html::empty(),
    }
    .html()
}

fn wide(t: &T, market: &Market, file: &PluginFile, shown: Option<&ListedVersion>) -> Html {
    let readme = match file
        .detail
        .readme
        .as_deref()
        .filter(|r| !r.trim().is_empty())
    {
        Some(readme) => markdown::render(readme),
        None => muted(&t.t("mkt-no-readme")),
    };
    let mut cards = vec![
        Card::new(t.t("mkt-about"), readme).html(),
        Card::new(t.t("mkt-versions"), versions(t, file))
            .flush()
            .id("versions")
            .html(),
    ];
    if let Some(version) = shown {
        let how = Card::new(t.t("mkt-install"), install(t, version)).id("install");
        cards.push(how.html());
        cards.push(Card::new(t.t("mkt-trust"), signed(t, market, file, version)).html());
    }
    stack(cards)
}

fn narrow(t: &T, market: &Market, file: &PluginFile, shown: Option<&ListedVersion>) -> Html {
    let mut cards = vec![Card::new(t.t("mkt-facts"), facts(t, file, shown)).html()];
    if let Some(version) = shown {
        let perms = ui::permission_list(t, &version.permissions, &[]);
        cards.push(Card::new(t.t("mkt-permissions"), perms).html());
        cards.push(Card::new(t.t("mkt-needs"), dependencies(t, version)).html());
        cards.push(Card::new(t.t("mkt-compat"), compatibility(t, market, file)).html());
    }
    stack(cards)
}

fn facts(t: &T, file: &PluginFile, shown: Option<&ListedVersion>) -> Html {
    let summary = &file.detail.summary;
    let perms = shown.map(|v| v.permissions.as_slice()).unwrap_or_default();
    let reasons = ui::risk_reasons(t, summary.risk, perms, &summary.kind);
    let mut list = vec![
        (
            t.t("mkt-publisher"),
            publisher_name(t, &summary.publisher, summary.verified),
        ),
        (
            t.t("mkt-latest"),
            latest(t, summary.latest_version.to_string(), summary.channel),
        ),
        (t.t("mkt-listed"), ui::time(t, summary.listed_at)),
        (t.t("mkt-risk"), ui::risk(t, summary.risk, &reasons)),
        (t.t("mkt-kind"), kind_word(t, &summary.kind).into()),
        (
            t.t("mkt-installs-label"),
            number(t, summary.installs).into(),
        ),
    ];
    if let Some(category) = &summary.category {
        list.push((t.t("mkt-category"), category_word(t, category).into()));
    }
    if let Some(version) = shown {
        list.push((t.t("mkt-size"), t.size(version.artifact.size).into()));
    }
    list.push((t.t("mkt-id"), ui::copyable(t, summary.plugin_id.as_str())));
    ui::facts(&list)
}

fn latest(t: &T, version: String, channel: Channel) -> Html {
    let chip = match channel {
        Channel::Stable => ui::chip(&channel_word(t, channel)),
        Channel::Beta => beta(t, channel),
    };
    Html::join([Html::text(&version), Html::trusted(" "), chip])
}
