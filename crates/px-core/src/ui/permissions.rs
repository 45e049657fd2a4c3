//! Permissions in plain words, with the risk each brings.

use px_model::{Permission, Risk};
use px_web::Html;
use px_web::i18n::T;
use px_web::ui;

/// One permission as a sentence.
pub(super) fn sentence(t: &T, permission: &Permission) -> String {
    if let Some(host) = permission.outbound_host() {
        return t.t_args("adm-perm-http", &[("host", host.into())]);
    }
    let key = match (permission.resource(), permission.action()) {
        ("kv", "read" | "list" | "get") => "adm-perm-kv-read",
        ("kv", _) => "adm-perm-kv-write",
        ("config", _) => "adm-perm-config",
        ("secret" | "secrets", _) => "adm-perm-secret",
        (_, "read" | "list" | "view" | "get" | "observe") => "adm-perm-read",
        (_, "create" | "add") => "adm-perm-create",
        (_, "update" | "write" | "edit" | "patch") => "adm-perm-write",
        (_, "delete" | "remove") => "adm-perm-delete",
        (_, "manage" | "admin" | "grant" | "*") => "adm-perm-manage",
        _ => "adm-perm-other",
    };
    let resource = permission.resource().to_owned();
    let action = permission.action().to_owned();
    t.t_args(
        key,
        &[("resource", resource.into()), ("action", action.into())],
    )
}

/// Why a version has its risk: the permissions that bring it, and native code.
pub(super) fn reasons(t: &T, risk: Risk, permissions: &[Permission], kind: &str) -> Vec<String> {
    let mut reasons = Vec::new();
    match kind {
        "process" => reasons.push(t.t("adm-risk-native")),
        "remote" => reasons.push(t.t("adm-risk-remote")),
        _ => {}
    }
    let same = permissions
        .iter()
        .filter(|p| p.risk() == risk && risk > Risk::Low);
    reasons.extend(same.map(|p| sentence(t, p)));
    if reasons.is_empty() {
        reasons.push(t.t("adm-risk-none"));
    }
    reasons
}

/// A list in plain words, the riskiest first; those in `added` are marked as new.
pub(super) fn list(t: &T, permissions: &[Permission], added: &[Permission]) -> Html {
    if permissions.is_empty() {
        return super::parts::muted(&t.t("adm-perm-none"));
    }
    let mut sorted: Vec<&Permission> = permissions.iter().collect();
    sorted.sort_by_key(|p| (!added.contains(p), std::cmp::Reverse(p.risk())));
    let lines: Vec<(Html, Html)> = sorted
        .into_iter()
        .map(|permission| {
            let words = Html::text(&sentence(t, permission));
            let code = Html::text(&permission.to_string());
            let new = if added.contains(permission) {
                ui::chip(&t.t("adm-new"))
            } else {
                Html::empty()
            };
            let words = Html::trusted(format!(
                r#"{words} {new}<div class="px-id d-flex"><code>{code}</code></div>"#
            ));
            (words, ui::risk(t, permission.risk(), &[]))
        })
        .collect();
    super::parts::ruled(&lines)
}
