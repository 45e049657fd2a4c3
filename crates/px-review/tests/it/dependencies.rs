//! Dependencies: resolved by the solver, explained in words, without cycles.

use crate::context::{catalog, market};
use crate::plugin::{MANIFEST, found};
use px_model::{CoreRange, Dependency};
use px_review::{CatalogSnapshot, CheckId, Context, Outcome, check_manifest};

fn seen(requires: &[&str], lines: &[&str]) -> Vec<String> {
    seen_in(requires, &[], catalog(lines))
}

fn manifest(requires: &[&str], conflicts: &[&str]) -> String {
    format!("{MANIFEST}dependencies:\n  requires: {requires:?}\n  conflicts: {conflicts:?}\n")
}

fn seen_in(requires: &[&str], conflicts: &[&str], catalog: CatalogSnapshot) -> Vec<String> {
    let context = Context {
        supported_cores: vec!["0.1.0".parse().unwrap()],
        ..market(catalog)
    };
    let report = check_manifest(&manifest(requires, conflicts), &context);
    found(&report, CheckId::Dep01)
        .iter()
        .map(|f| f.seen.clone())
        .collect()
}

#[test]
fn satisfiable_requirements_pass() {
    assert!(seen(&[], &[]).is_empty());
    assert!(
        seen(
            &["com.x.crm >=0.5.0"],
            &["com.x.crm 0.4.0", "com.x.crm 0.6.0"]
        )
        .is_empty()
    );
    // The newest crm needs a mail that is not there; an older one does.
    let lines = [
        "com.x.crm 2.0.0 needs com.x.mail >=9",
        "com.x.crm 1.0.0 needs com.x.mail ^1",
        "com.x.mail 1.4.0",
    ];
    assert!(seen(&["com.x.crm >=1"], &lines).is_empty());
    assert!(seen(&["com.x.crm =1.0.0-beta.1"], &["com.x.crm 1.0.0-beta.1"]).is_empty());
}

#[test]
fn what_is_missing_is_said_in_plain_words() {
    insta::assert_debug_snapshot!(
        [
            seen(&["com.x.crm >=0.5.0"], &[]),
            seen(&["com.x.crm >=0.5.0"], &["com.x.crm 0.4.0"]),
            seen(&["com.x.crm >=0.5.0"], &["com.x.crm 0.5.0-rc.1", "com.x.crm 0.4.0"]),
        ],
        @r#"
    [
        [
            "`com.x.crm` is not listed",
        ],
        [
            "no listed version of `com.x.crm` is >=0.5.0; the newest is 0.4.0",
        ],
        [
            "no listed version of `com.x.crm` is >=0.5.0; the newest is 0.5.0-rc.1",
        ],
    ]
    "#
    );
}

#[test]
fn a_conflict_deep_down_is_explained() {
    let lines = [
        "com.x.crm 1.0.0 needs com.x.mail ^1",
        "com.x.erp 1.0.0 needs com.x.mail ^2",
        "com.x.mail 1.0.0",
        "com.x.mail 2.0.0",
    ];
    insta::assert_debug_snapshot!(seen(&["com.x.crm ^1", "com.x.erp ^1"], &lines), @r#"
    [
        "the dependencies cannot be installed together on core 0.1.0: Because com.x.crm >=1.0.0, <2.0.0 depends on com.x.mail >=1.0.0, <2.0.0 and com.x.erp 1.0.0 depends on com.x.mail >=2.0.0, <3.0.0, com.x.erp 1.0.0, com.x.crm >=1.0.0, <2.0.0 are incompatible. And because com.example.notes 1.2.0 depends on com.x.crm >=1.0.0, <2.0.0 and com.example.notes 1.2.0 depends on com.x.erp >=1.0.0, <2.0.0, com.example.notes 1.2.0 cannot be installed.",
    ]
    "#);
    insta::assert_debug_snapshot!(seen(&["com.x.crm ^1"], &["com.x.crm 1.0.0 needs com.x.gone >=1"]), @r#"
    [
        "the dependencies cannot be installed together on core 0.1.0: No listed version of com.x.gone can be installed there. Because com.x.crm >=1.0.0, <2.0.0 depends on com.x.gone >=1.0.0 and com.example.notes 1.2.0 depends on com.x.crm >=1.0.0, <2.0.0, com.example.notes 1.2.0 cannot be installed.",
    ]
    "#);
}

#[test]
fn conflicts_are_honoured_in_both_directions() {
    let lines = ["com.x.crm 1.0.0 needs com.x.mail ^1", "com.x.mail 1.0.0"];
    let seen = seen_in(&["com.x.crm ^1"], &["com.x.mail"], catalog(&lines));
    assert!(
        seen[0].contains("com.example.notes 1.2.0 conflicts with com.x.mail 1.0.0"),
        "{seen:?}"
    );
    let mut hostile = catalog(&["com.x.crm 1.0.0"]);
    let crm = hostile.versions.values_mut().next().unwrap();
    crm[0].conflicts = vec!["com.example.notes <2".parse::<Dependency>().unwrap()];
    let seen = seen_in(&["com.x.crm ^1"], &[], hostile);
    assert!(
        seen[0].contains("com.x.crm 1.0.0 conflicts with com.example.notes 1.2.0"),
        "{seen:?}"
    );
    assert!(seen_in(&["com.x.mail ^1"], &["com.x.crm"], catalog(&lines)).is_empty());
}

#[test]
fn every_supported_core_is_tried() {
    let mut catalog = catalog(&["com.x.crm 1.0.0"]);
    let crm = catalog.versions.values_mut().next().unwrap();
    crm[0].corex_version = Some(">=0.2.0".parse::<CoreRange>().unwrap());
    let report = check_manifest(&manifest(&["com.x.crm ^1"], &[]), &market(catalog));
    let hits = found(&report, CheckId::Dep01);
    assert_eq!(hits.len(), 1);
    assert!(hits[0].seen.contains("on core 0.1.0"), "{}", hits[0].seen);
}

#[test]
fn cycles_are_shown_as_a_path() {
    let cycle = |requires: &[&str], lines: &[&str]| {
        let report = check_manifest(&manifest(requires, &[]), &market(catalog(lines)));
        found(&report, CheckId::Dep02)
            .iter()
            .map(|f| f.seen.clone())
            .collect::<Vec<_>>()
    };
    let lines = [
        "com.x.a 1.0.0 needs com.x.b *",
        "com.x.b 1.0.0 needs com.example.notes >=1.0.0",
        "com.example.notes 1.0.0",
    ];
    assert_eq!(
        cycle(&["com.x.a ^1"], &lines),
        ["the dependencies lead back: com.example.notes → com.x.a → com.x.b → com.example.notes"]
    );
    assert_eq!(
        cycle(&["com.example.notes >=1"], &[]),
        ["the plugin depends on itself"]
    );
    assert!(
        cycle(
            &["com.x.a ^1"],
            &[
                "com.x.a 1.0.0 needs com.x.b *",
                "com.x.b 1.0.0 needs com.x.a *"
            ]
        )
        .is_empty()
    );
}

#[test]
fn without_a_catalog_the_check_says_so() {
    let report = check_manifest(&manifest(&["com.x.crm ^1"], &[]), &Context::local());
    assert!(matches!(
        report.outcome(CheckId::Dep01),
        Some(Outcome::NotRun { .. })
    ));
    let report = check_manifest(MANIFEST, &Context::local());
    assert_eq!(report.outcome(CheckId::Dep01), Some(&Outcome::Pass));
}
