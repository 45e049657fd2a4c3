//! `frontend.admin`: pages and navigation.

use super::field::{Field, Findings};
use super::model::{Admin, AdminKind, AdminProcess, Frontend, Menu, Runtime, RuntimeKind};
use super::parse::health;
use super::yaml::Node;
use std::collections::HashSet;

/// Most entries a plugin may add to the navigation.
const MAX_MENUS: usize = 200;

pub fn frontend(field: &Field<'_>, runtime: Option<&Runtime>, findings: &mut Findings) -> Frontend {
    let admin_field = field.get("admin");
    let admin = if field.is_map(findings) {
        admin(&admin_field, findings)
    } else {
        None
    };
    let is_static = runtime.is_some_and(|runtime| runtime.kind == RuntimeKind::Static);
    let has_dir = admin_field.get("static_dir").is_present();
    if is_static && !has_dir {
        findings.block(
            &admin_field.get("static_dir"),
            "a static plugin needs `frontend.admin.static_dir`",
            "name the folder with its pages, such as web-admin/dist",
        );
    }
    Frontend { admin }
}

fn admin(field: &Field<'_>, findings: &mut Findings) -> Option<Admin> {
    if !field.is_map(findings) {
        return None;
    }
    let kind_field = field.get("kind");
    let kind = kind_field.required_text(findings, "write static, proxy or process");
    let kind = kind.and_then(|text| {
        let kind = match text.as_str() {
            "static" => Some(AdminKind::Static),
            "proxy" => Some(AdminKind::Proxy),
            "process" => Some(AdminKind::Process),
            _ => None,
        };
        if kind.is_none() {
            findings.block(
                &kind_field,
                format!("`frontend.admin.kind` is `{text}`, which is unknown"),
                "write static, proxy or process",
            );
        }
        kind
    });
    let dir = field.get("static_dir");
    let dir = match kind {
        Some(AdminKind::Static) => dir
            .required_text(
                findings,
                "name the folder with the pages, such as web-admin/dist",
            )
            .and_then(|_| dir.path(findings)),
        _ => dir.path(findings),
    };
    let process = process(&field.get("process"), kind, findings);
    let mut seen = HashSet::new();
    let menus = menus(&field.get("menus"), &mut seen, findings);
    if seen.len() > MAX_MENUS {
        findings.block(
            &field.get("menus"),
            format!("{} menu entries are too many", seen.len()),
            "keep it below 200",
        );
    }
    Some(Admin {
        kind: kind?,
        static_dir: dir,
        process,
        menus,
        i18n: field.get("i18n").node().map(Node::to_json),
    })
}

fn process(
    field: &Field<'_>,
    kind: Option<AdminKind>,
    findings: &mut Findings,
) -> Option<AdminProcess> {
    let wanted = kind == Some(AdminKind::Process);
    if !field.is_present() && wanted {
        findings.block(
            field,
            "`frontend.admin.process` is missing",
            "say what to run, with `entry` and `args`",
        );
    }
    if !field.is_map(findings) {
        return None;
    }
    let entry = field.get("entry");
    let entry = if wanted {
        entry.required_text(findings, "name the command that serves the pages")
    } else {
        entry.text(findings)
    };
    Some(AdminProcess {
        args: field.get("args").texts(findings),
        env: field.get("env").text_map(findings),
        health: health(&field.get("health"), findings),
        entry: entry?,
    })
}

fn menus(field: &Field<'_>, seen: &mut HashSet<String>, findings: &mut Findings) -> Vec<Menu> {
    let mut menus = Vec::new();
    for item in field.items(findings) {
        if !item.is_map(findings) {
            continue;
        }
        let id_field = item.get("id");
        let Some(id) = id_field.required_text(findings, "give every menu entry an id of its own")
        else {
            continue;
        };
        if !seen.insert(id.clone()) {
            findings.warn(
                &id_field,
                format!("the menu id `{id}` is used twice"),
                "give every menu entry an id of its own",
            );
        }
        let mut text = |key: &str| item.get(key).text(findings);
        menus.push(Menu {
            title: text("title").unwrap_or_else(|| id.clone()),
            icon: text("icon"),
            path: text("path"),
            route: text("route"),
            slot: text("slot"),
            title_i18n: item.get("title_i18n").node().map(Node::to_json),
            order: item
                .get("order")
                .parse(findings, "write a whole number")
                .unwrap_or(0),
            required_policies: item.get("required_policies").texts(findings),
            children: menus_below(&item, seen, findings),
            id,
        });
    }
    menus
}

fn menus_below(item: &Field<'_>, seen: &mut HashSet<String>, findings: &mut Findings) -> Vec<Menu> {
    menus(&item.get("children"), seen, findings)
}
