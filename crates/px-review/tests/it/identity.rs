//! Version, name and request against what the Marketplace knows.

use crate::context::{catalog, market, publisher};
use crate::plugin::{MANIFEST, Plugin, found, lines};
use px_model::{Channel, Digest};
use px_review::{
    Blocklist, CatalogSnapshot, CheckId, Context, Outcome, PreviousVersion, RequestFacts, Severity,
    Status, check_manifest,
};
use std::sync::Arc;

fn owned(mut catalog: CatalogSnapshot, owner: u128) -> CatalogSnapshot {
    for name in &mut catalog.names {
        name.publisher = Some(publisher(owner));
    }
    catalog
}

fn seen(context: &Context, check: CheckId) -> Vec<String> {
    let report = check_manifest(MANIFEST, context);
    found(&report, check)
        .iter()
        .map(|f| f.seen.clone())
        .collect()
}

#[test]
fn a_version_is_newer_on_its_channel_and_never_used_twice() {
    let mine = |lines: &[&str]| market(owned(catalog(lines), 1));
    assert!(seen(&mine(&[]), CheckId::Man04).is_empty());
    assert!(seen(&mine(&["com.example.notes 1.1.9"]), CheckId::Man04).is_empty());
    insta::assert_debug_snapshot!(
        [
            seen(&mine(&["com.example.notes 1.3.0"]), CheckId::Man04),
            seen(&mine(&["com.example.notes 1.2.0"]), CheckId::Man04),
            seen(&mine(&["com.example.notes 1.2.0+other"]), CheckId::Man04),
        ],
        @r#"
    [
        [
            "1.2.0 is older than 1.3.0, the newest version on the channel `stable`",
        ],
        [
            "version 1.2.0 is listed already (SHA-256 070707070707)",
        ],
        [
            "version 1.2.0+other is listed already (SHA-256 070707070707)",
        ],
    ]
    "#
    );
    // Another channel has its own line, and a withdrawn version keeps its number.
    let mut newer = owned(catalog(&["com.example.notes 1.3.0"]), 1);
    let versions = newer.versions.values_mut().next().unwrap();
    versions[0].channel = Channel::Beta;
    assert!(seen(&market(newer.clone()), CheckId::Man04).is_empty());
    let versions = newer.versions.values_mut().next().unwrap();
    versions[0].version = "1.2.0".parse().unwrap();
    versions[0].listed = false;
    assert!(seen(&market(newer), CheckId::Man04)[0].contains("stays taken"));
}

#[test]
fn bytes_that_were_listed_under_this_version_are_named() {
    let context = market(owned(catalog(&["com.example.notes 1.2.0"]), 1));
    let report = Plugin::good().check_packed(&context);
    assert_eq!(
        found(&report, CheckId::Man04).len(),
        2,
        "{}",
        lines(&report)
    );
}

#[test]
fn names_of_others_and_reserved_ones_need_a_person() {
    let severity = |context: &Context, id: &str| {
        let text = MANIFEST.replace("com.example.notes", id);
        found(&check_manifest(&text, context), CheckId::Man05)
            .iter()
            .map(|f| f.severity)
            .collect::<Vec<_>>()
    };
    let foreign = market(catalog(&["com.example.notes 1.0.0", "com.other.a 1.0.0"]));
    assert_eq!(severity(&foreign, "com.example.notes"), [Severity::Block]);
    assert_eq!(severity(&foreign, "com.other.b"), [Severity::Hold]);
    assert_eq!(severity(&foreign, "com.mine.b"), []);
    assert_eq!(severity(&foreign, "com.powerx.b"), [Severity::Hold]);
    assert_eq!(severity(&foreign, "com.mine.official"), [Severity::Hold]);
    let own = market(owned(catalog(&["com.powerx.a 1.0.0"]), 1));
    assert_eq!(severity(&own, "com.powerx.b"), []);
}

#[test]
fn look_alike_names_need_a_person_and_different_ones_do_not() {
    let context = market(catalog(&["com.acme.invoices 1.0.0", "com.acme.crm2 1.0.0"]));
    let hits = |id: &str| {
        let text = MANIFEST.replace("com.example.notes", id);
        !found(&check_manifest(&text, &context), CheckId::Man06).is_empty()
    };
    for alike in [
        "com.acme.invoicse",
        "com.acme.invoice",
        "com.acme.inv0ices",
        "com.acrne.invoices",
        "com.invoices.acme",
        "com.acme.in-voices",
    ] {
        assert!(hits(alike), "{alike}");
    }
    for different in [
        "com.acme.orders",
        "com.example.invoicing",
        "com.acme.crm3",
        "com.acme.invoices.pdf",
        "com.acme.invoices",
    ] {
        assert!(!hits(different), "{different}");
    }
    let named = |name: &str| {
        let text = MANIFEST.replace("name: Notes", &format!("name: {name}"));
        !found(&check_manifest(&text, &context), CheckId::Man06).is_empty()
    };
    assert!(named("P\u{430}ypal"));
    assert!(!named("Заметки for teams") && !named("Demo 插件"));
}

#[test]
fn what_was_registered_is_what_is_in_the_bundle() {
    let request = RequestFacts {
        plugin: "com.example.other".parse().unwrap(),
        version: "1.2.1".parse().unwrap(),
        channel: Channel::Stable,
        permissions: Some(vec!["notes:write".parse().unwrap()]),
        dependencies: Some(vec!["com.x.crm >=1".parse().unwrap()]),
        digest: Some(Digest::from_bytes([1; 32])),
        size: Some(3),
    };
    let context = Context {
        request: Some(request),
        ..market(catalog(&[]))
    };
    let report = Plugin::good().check_packed(&context);
    let text: Vec<_> = found(&report, CheckId::Man03)
        .iter()
        .map(|f| f.seen.split("in the bundle").next().unwrap().to_owned())
        .collect();
    assert_eq!(text.len(), 6, "{text:?}");
    assert!(text[0].starts_with("`id` is com.example.notes"));

    let same = RequestFacts {
        plugin: "com.example.notes".parse().unwrap(),
        version: "1.2.0".parse().unwrap(),
        channel: Channel::Stable,
        permissions: Some(vec!["notes:read".parse().unwrap()]),
        dependencies: Some(Vec::new()),
        digest: None,
        size: None,
    };
    let context = Context {
        request: Some(same),
        ..market(catalog(&[]))
    };
    assert_eq!(
        Plugin::good()
            .check_packed(&context)
            .outcome(CheckId::Man03),
        Some(&Outcome::Pass)
    );
}

#[test]
fn a_manifest_json_of_something_else_is_found() {
    let mut files = Plugin::good().files;
    files.insert(
        "manifest.json".to_owned(),
        b"{\"id\":\"com.example.notes\",\"permissions\":[]}".to_vec(),
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pxp");
    std::fs::write(&path, crate::zip::write(&crate::zip::listed(&files))).unwrap();
    let report = px_review::check_bundle(&path, &market(catalog(&[])));
    assert_eq!(found(&report, CheckId::Man03).len(), 1);
}

#[test]
fn new_permissions_and_dependencies_of_an_update_need_a_person() {
    let catalog = Arc::new(catalog(&["com.x.crm 1.0.0"]));
    let text = format!("{MANIFEST}dependencies:\n  requires: [\"com.x.crm >=1.0.0\"]\n");
    let previous = |permissions: &[&str], dependencies: &[&str]| {
        let previous = PreviousVersion {
            permissions: permissions.iter().map(|p| p.parse().unwrap()).collect(),
            dependencies: dependencies.iter().map(|d| d.parse().unwrap()).collect(),
        };
        Context {
            catalog: Some(catalog.clone()),
            previous: Some(Some(previous)),
            ..Context::local()
        }
    };
    let same = check_manifest(
        &text,
        &previous(&["notes:read", "notes:write"], &["com.x.crm >=0.5.0"]),
    );
    assert_eq!(same.outcome(CheckId::Man08), Some(&Outcome::Pass));
    assert_eq!(same.outcome(CheckId::Dep03), Some(&Outcome::Pass));
    let new = check_manifest(&text, &previous(&[], &[]));
    assert_eq!(
        found(&new, CheckId::Man08)[0].seen,
        "the permission `notes:read` (low risk) is new"
    );
    assert_eq!(
        found(&new, CheckId::Dep03)[0].seen,
        "the dependency on `com.x.crm` is new"
    );
    assert_eq!(new.verdict.status, Status::NeedsPerson);
}

#[test]
fn the_blocklist_names_permissions_and_plugins() {
    let hits = |list: &str| {
        let context = Context {
            blocklist: Blocklist::parse(list),
            ..Context::local()
        };
        found(&check_manifest(MANIFEST, &context), CheckId::Dep05).len()
    };
    assert_eq!(hits("secret:*, com.bad.thing\nnotes:write"), 0);
    assert_eq!(hits("notes:*"), 1);
    assert_eq!(hits("notes:read,com.example.*"), 2);
}
