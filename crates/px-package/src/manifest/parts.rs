//! The parts of a manifest that do not depend on how the plugin runs.

use super::catalogs::CATALOG_KEYS;
use super::field::{Field, Findings};
use super::model::{Dependencies, Metadata, Migrations, SmokeRequest};
use super::parse::url_path;
use super::yaml::Data;
use px_model::{Dependency, Permission};
use std::collections::{BTreeMap, BTreeSet};

pub fn permissions(field: &Field<'_>, findings: &mut Findings) -> Vec<Permission> {
    const REMEDY: &str = "write `resource:action`, or `resource` and a list of `actions`";
    let mut found = BTreeSet::new();
    for item in field.items(findings) {
        if !item
            .node()
            .is_some_and(|node| matches!(node.data, Data::Map(_)))
        {
            found.extend(item.parse::<Permission>(findings, REMEDY));
            continue;
        }
        let Some(resource) = item.get("resource").required_text(findings, REMEDY) else {
            continue;
        };
        let actions = item.get("actions");
        let words = actions.texts(findings);
        if words.is_empty() {
            findings.block(&actions, format!("`{}` names no action", item.path), REMEDY);
        }
        for action in words {
            match Permission::new(&resource, &action) {
                Ok(permission) => {
                    found.insert(permission);
                }
                Err(error) => findings.block(&actions, error.to_string(), REMEDY),
            }
        }
    }
    found.into_iter().collect()
}

pub fn dependencies(field: &Field<'_>, findings: &mut Findings) -> Dependencies {
    if !field.is_map(findings) {
        return Dependencies::default();
    }
    let mut list = |key: &str| -> Vec<Dependency> {
        let items = field.get(key).items(findings);
        items
            .iter()
            .filter_map(|item| item.parse(findings, "write `com.example.crm >=0.5.0`"))
            .collect()
    };
    Dependencies {
        requires: list("requires"),
        conflicts: list("conflicts"),
        replaces: list("replaces"),
    }
}

pub fn migrations(field: &Field<'_>, findings: &mut Findings) -> Option<Migrations> {
    if !field.is_map(findings) {
        return None;
    }
    Some(Migrations {
        driver: field.get("driver").text(findings),
        entry: field.get("entry").path(findings),
        args: field.get("args").texts(findings),
        workdir: field.get("workdir").path(findings),
        once: field.get("once").truth(findings).unwrap_or(false),
        timeout: field
            .get("timeout")
            .parse(findings, "write a time such as 60s"),
        rollback_entry: field.get("rollback_entry").path(findings),
    })
}

pub fn smoke(field: &Field<'_>, findings: &mut Findings) -> Vec<SmokeRequest> {
    let mut requests = Vec::new();
    for item in field.items(findings) {
        let method = item.get("method");
        let word = method
            .text(findings)
            .map_or_else(|| "GET".to_owned(), |m| m.to_ascii_uppercase());
        if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&word.as_str()) {
            findings.block(
                &method,
                format!("`{word}` is not an HTTP method"),
                "write GET, POST or another method",
            );
        }
        let path = item.get("path");
        let named = path.required_text(findings, "write a path such as /healthz");
        let expect = item.get("expect_status");
        let status = expect
            .parse::<u16>(findings, "write a status such as 200")
            .unwrap_or(200);
        if !(100..600).contains(&status) {
            findings.block(
                &expect,
                format!("{status} is not an HTTP status"),
                "write a status such as 200",
            );
        }
        if let Some(path) = named.and_then(|_| url_path(&path, findings)) {
            requests.push(SmokeRequest {
                method: word,
                path,
                expect_status: status,
            });
        }
    }
    requests
}

pub fn metadata(field: &Field<'_>, findings: &mut Findings) -> Metadata {
    if !field.is_map(findings) {
        return Metadata::default();
    }
    let mut text = |key: &str| field.get(key).text(findings);
    Metadata {
        author: text("author"),
        license: text("license"),
        category: text("category"),
        homepage: text("homepage"),
        icon: text("icon"),
        tags: field.get("tags").texts(findings),
    }
}

pub fn catalogs(field: &Field<'_>, findings: &mut Findings) -> BTreeMap<String, Vec<String>> {
    if !field.is_map(findings) {
        return BTreeMap::new();
    }
    CATALOG_KEYS
        .iter()
        .map(|key| ((*key).to_owned(), field.get(key).texts(findings)))
        .filter(|(_, files)| !files.is_empty())
        .collect()
}
