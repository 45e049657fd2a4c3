//! Permissions in plain words, with the risk each brings.

use super::{chip, risk as badge};
use crate::html::Html;
use crate::i18n::T;
use px_model::{Permission, Risk};
use std::cmp::Reverse;

/// One permission as a sentence.
#[must_use]
pub fn permission_words(t: &T, permission: &Permission) -> String {
    if let Some(host) = permission.outbound_host() {
        return t.t_args("perm-http", &[("host", host.into())]);
    }
    let key = match (permission.resource(), permission.action()) {
        ("kv", "read" | "list" | "get") => "perm-kv-read",
        ("kv", _) => "perm-kv-write",
        ("config", _) => "perm-config",
        ("secret" | "secrets", _) => "perm-secret",
        (_, "read" | "list" | "view" | "get" | "observe") => "perm-read",
        (_, "create" | "add") => "perm-create",
        (_, "update" | "write" | "edit" | "patch") => "perm-write",
        (_, "delete" | "remove") => "perm-delete",
        (_, "manage" | "admin" | "grant" | "*") => "perm-manage",
        _ => "perm-other",
    };
    // `board:card` is a card of the plugin `board`: people read “board card”.
    let resource = permission.resource().replace([':', '_', '-'], " ");
    let action = permission.action().to_owned();
    t.t_args(
        key,
        &[("resource", resource.into()), ("action", action.into())],
    )
}

/// Why a version has its risk: the permissions that bring it, and code that runs outside the
/// sandbox. `kind` is the plugin's, as its manifest names it, or empty.
#[must_use]
pub fn risk_reasons(t: &T, risk: Risk, permissions: &[Permission], kind: &str) -> Vec<String> {
    let mut reasons = Vec::new();
    match kind {
        "process" => reasons.push(t.t("perm-risk-native")),
        "remote" => reasons.push(t.t("perm-risk-remote")),
        _ => {}
    }
    let same = permissions
        .iter()
        .filter(|p| p.risk() == risk && risk > Risk::Low);
    reasons.extend(same.map(|p| permission_words(t, p)));
    if reasons.is_empty() {
        reasons.push(t.t("perm-risk-none"));
    }
    reasons
}

/// A list in plain words, new ones first, then the riskiest; those in `added` are marked as new.
#[must_use]
pub fn permission_list(t: &T, permissions: &[Permission], added: &[Permission]) -> Html {
    if permissions.is_empty() {
        let none = Html::text(&t.t("perm-none"));
        return Html::trusted(format!(r#"<p class="px-muted mb-0">{none}</p>"#));
    }
    let mut sorted: Vec<&Permission> = permissions.iter().collect();
    sorted.sort_by_key(|p| (!added.contains(p), Reverse(p.risk())));
    let items: String = sorted
        .into_iter()
        .map(|permission| {
            let words = Html::text(&permission_words(t, permission));
            let code = Html::text(&permission.to_string());
            let risk = badge(t, permission.risk(), &[]);
            let new = if added.contains(permission) {
                chip(&t.t("perm-new"))
            } else {
                Html::empty()
            };
            format!(
                r#"<li class="px-perm"><div>{words} {new}<div class="px-id"><code>{code}</code></div></div>{risk}</li>"#
            )
        })
        .collect();
    Html::trusted(format!(r#"<ul class="px-perms">{items}</ul>"#))
}
