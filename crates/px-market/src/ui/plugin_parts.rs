//! Cards of a plugin's page.

use px_api::market::ListedVersion;
use px_model::{Channel, CoreRange, VersionState};
use px_web::Html;
use px_web::i18n::T;
use px_web::ui::{self, Tone};

use super::markdown;
use super::parts::{channel_word, muted, section, stack};
use crate::Market;
use crate::app::pages::PluginFile;

/// Versions by channel, newest first, each with its release notes behind it.
pub(super) fn versions(t: &T, file: &PluginFile) -> Html {
    let groups = Channel::ALL.iter().filter_map(|channel| {
        let of_channel = || {
            file.detail
                .versions
                .iter()
                .filter(|v| v.channel == *channel)
        };
        of_channel().next()?;
        let rows: String = of_channel()
            .take(50)
            .map(|v| version(t, v).into_string())
            .collect();
        let title = Html::text(&channel_word(t, *channel));
        Some(Html::trusted(format!(
            r#"<h3 class="mkt-group">{title}</h3><ul class="mkt-versions">{rows}</ul>"#
        )))
    });
    Html::join(groups)
}

fn version(t: &T, v: &ListedVersion) -> Html {
    let state = if v.state == VersionState::Listed {
        Html::empty()
    } else {
        ui::version_state(t, v.state)
    };
    let notes = match v.notes.as_deref().filter(|n| !n.trim().is_empty()) {
        Some(notes) => markdown::render(notes),
        None => muted(&t.t("mkt-no-notes")),
    };
    let (number, when, size) = (
        Html::text(&v.version.to_string()),
        ui::time(t, v.listed_at),
        t.size(v.artifact.size),
    );
    Html::trusted(format!(
        r#"<li><details><summary><strong class="px-mono">{number}</strong> {state}<span class="px-muted mkt-end">{size} · {when}</span></summary><div class="mkt-notes">{notes}</div></details></li>"#
    ))
}

pub(super) fn dependencies(t: &T, v: &ListedVersion) -> Html {
    if v.dependencies.is_empty() {
        return muted(&t.t("mkt-needs-none"));
    }
    let rows: String = v
        .dependencies
        .iter()
        .map(|d| {
            let (plugin, range) = (
                Html::text(d.plugin.as_str()),
                Html::text(&d.range.to_string()),
            );
            format!(r#"<li><a href="/plugins/{plugin}">{plugin}</a> <code>{range}</code></li>"#)
        })
        .collect();
    Html::trusted(format!(r#"<ul class="mkt-list">{rows}</ul>"#))
}

/// Which core runs the newest version of each channel.
pub(super) fn compatibility(t: &T, market: &Market, file: &PluginFile) -> Html {
    let newest: Vec<&ListedVersion> = Channel::ALL
        .iter()
        .filter_map(|c| {
            let listed = |v: &&ListedVersion| v.channel == *c && v.state == VersionState::Listed;
            file.detail.versions.iter().find(listed)
        })
        .collect();
    let ranges = newest.iter().map(|v| {
        let range = v
            .corex_version
            .clone()
            .unwrap_or_else(|| t.t("mkt-compat-any"));
        (
            v.version.to_string(),
            Html::trusted(format!("<code>{}</code>", Html::text(&range))),
        )
    });
    let facts = ui::facts(&ranges.collect::<Vec<_>>());
    let cores = &market.config().supported_cores;
    if cores.is_empty() || newest.is_empty() {
        return facts;
    }
    let head: String = newest
        .iter()
        .map(|v| {
            format!(
                r#"<th scope="col">{}</th>"#,
                Html::text(&v.version.to_string())
            )
        })
        .collect();
    let rows: String = cores
        .iter()
        .map(|core| matrix_row(t, core, &newest))
        .collect();
    let (label, core) = (Html::text(&t.t("mkt-compat")), Html::text(&t.t("mkt-core")));
    let table = format!(
        r#"<div class="px-scroll mkt-matrix"><table class="px-table"><caption class="px-sr">{label}</caption><thead><tr><th scope="col">{core}</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"#
    );
    stack([facts, Html::trusted(table)])
}

fn matrix_row(t: &T, core: &px_model::Version, newest: &[&ListedVersion]) -> String {
    let cells: String = newest
        .iter()
        .map(|v| {
            let range: Option<CoreRange> = v.corex_version.as_deref().and_then(|r| r.parse().ok());
            let mark = if range.is_none_or(|r| r.contains(core)) {
                ui::pill(Tone::Ok, "check", &t.t("mkt-compat-yes"))
            } else {
                ui::pill(Tone::Neutral, "minus", &t.t("mkt-compat-no"))
            };
            format!("<td>{mark}</td>")
        })
        .collect();
    format!(
        r#"<tr><th scope="row">{}</th>{cells}</tr>"#,
        Html::text(&core.to_string())
    )
}

/// Who vouches for the version, and how anybody can see for themselves.
pub(super) fn signed(t: &T, market: &Market, file: &PluginFile, v: &ListedVersion) -> Html {
    let keys = file
        .signers
        .get(&v.version_id)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let by = if keys.is_empty() {
        Html::text(&v.publisher)
    } else {
        Html::join(keys.iter().map(|key| ui::copyable(t, key)))
    };
    let facts = ui::facts(&[
        (t.t("mkt-signed-by"), by),
        (
            t.t("mkt-approved-by"),
            Html::text(&t.t("mkt-approved-by-market")),
        ),
        (
            t.t("mkt-digest"),
            ui::copyable(t, &v.artifact.sha256.to_string()),
        ),
    ]);
    let file = format!("{}-{}.pxp", v.plugin_id, v.version);
    let bundle = market.absolute(&v.bundle_url);
    let trust = market.absolute("/api/marketplace/trust");
    let command = format!(
        "curl -fo {file} {bundle}\ncurl -fo trust.json {trust}\npx-plugin verify {file} --trust trust.json"
    );
    let how = section(
        &t.t("mkt-verify"),
        &stack([muted(&t.t("mkt-verify-text")), ui::code(t, &command)]),
    );
    stack([facts, how])
}

/// How a tenant gets it.
pub(super) fn install(t: &T, v: &ListedVersion) -> Html {
    let steps: String = ["mkt-install-1", "mkt-install-2", "mkt-install-3"]
        .iter()
        .map(|key| format!("<li>{}</li>", Html::text(&t.t(key))))
        .collect();
    let list = Html::trusted(format!(r#"<ol class="mkt-list">{steps}</ol>"#));
    let body = serde_json::json!({ "versionId": v.version_id });
    let request = format!("POST /api/v1/admin/plugins/install/url\n{body}");
    let api = section(&t.t("mkt-install-api"), &ui::code(t, &request));
    stack([list, api])
}
