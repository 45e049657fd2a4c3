//! Permissions in plain words, with the risk each brings.

use px_model::{Permission, Risk};
use px_web::Html;
use px_web::i18n::T;
use px_web::ui;

/// One permission as a sentence.
pub(super) fn sentence(t: &T, permission: &Permission) -> String {
    if let Some(host) = permission.outbound_host() {
        return t.t_args("mkt-perm-http", &[("host", host.into())]);
    }
    let key = match (permission.resource(), permission.action()) {
        ("kv", "read" | "list" | "get") => "mkt-perm-kv-read",
        ("kv", _) => "mkt-perm-kv-write",
        ("config", _) => "mkt-perm-config",
        ("secret" | "secrets", _) => "mkt-perm-secret",
        (_, "read" | "list" | "view" | "get" | "observe") => "mkt-perm-read",
        (_, "create" | "add") => "mkt-perm-create",
        (_, "update" | "write" | "edit" | "patch") => "mkt-perm-write",
        (_, "delete" | "remove") => "mkt-perm-delete",
        (_, "manage" | "admin" | "grant" | "*") => "mkt-perm-manage",
        _ => "mkt-perm-other",
    };
    let resource = permission.resource().to_owned();
    let action = permission.action().to_owned();
    t.t_args(
        key,
        &[("resource", resource.into()), ("action", action.into())],
    )
}

/// Why a version has its risk: the permissions that bring it, and native code.
pub(super) fn reasons(
    t: &T,
    risk: Risk,
    permissions: &[Permission],
    kind: Option<&str>,
) -> Vec<String> {
    let mut reasons = Vec::new();
    match kind {
        Some("process") => reasons.push(t.t("mkt-risk-native")),
        Some("remote") => reasons.push(t.t("mkt-risk-remote")),
        _ => {}
    }
    let same = permissions
        .iter()
        .filter(|p| p.risk() == risk && risk > Risk::Low);
    reasons.extend(same.map(|p| sentence(t, p)));
    if reasons.is_empty() {
        reasons.push(t.t("mkt-risk-none"));
    }
    reasons
}

/// A list in plain words, the riskiest first; those in `added` are marked as new.
pub(super) fn list(t: &T, permissions: &[Permission], added: &[Permission]) -> Html {
    if permissions.is_empty() {
        return Html::trusted(format!(
            r#"<p class="px-muted mb-0">{}</p>"#,
            Html::text(&t.t("mkt-perm-none"))
        ));
    }
    let mut sorted: Vec<&Permission> = permissions.iter().collect();
    sorted.sort_by_key(|p| std::cmp::Reverse(p.risk()));
    let items: String = sorted
        .into_iter()
        .map(|permission| {
            let (words, code) = (Html::text(&sentence(t, permission)), Html::text(&permission.to_string()));
            let new = if added.contains(permission) {
                ui::chip(&t.t("mkt-new"))
            } else {
                Html::empty()
            };
            let risk = ui::risk(t, permission.risk(), &[]);
            format!(
                r#"<li class="mkt-perm"><div>{words} {new}<div class="px-id"><code>{code}</code></div></div>{risk}</li>"#
            )
        })
        .collect();
    Html::trusted(format!(r#"<ul class="mkt-perms">{items}</ul>"#))
}

/// Permissions of `now` that `before` did not have.
pub(super) fn added(before: &[Permission], now: &[Permission]) -> Vec<Permission> {
    now.iter()
        .filter(|p| !before.contains(p))
        .cloned()
        .collect()
}
