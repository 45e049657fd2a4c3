//! Verdict, completeness, waivers and the report's form.

use crate::context::{catalog, market};
use crate::plugin::{Plugin, found, lines};
use px_review::{
    CATALOGUE, CheckId, CheckResult, Context, Finding, Location, NotRun, Outcome, Policy, Report,
    Severity, Status, verdict,
};
use std::collections::BTreeSet;

fn result(check: CheckId, outcome: Outcome) -> CheckResult {
    CheckResult { check, outcome }
}

fn one(check: CheckId, severity: Severity) -> CheckResult {
    let findings = vec![Finding::new(check, "seen", "remedy").severity(severity)];
    result(
        check,
        Outcome::Findings {
            findings,
            omitted: 0,
        },
    )
}

fn all_pass() -> Vec<CheckResult> {
    CATALOGUE
        .iter()
        .map(|info| result(info.id, Outcome::Pass))
        .collect()
}

fn with(change: CheckResult) -> Vec<CheckResult> {
    let mut checks = all_pass();
    checks.retain(|c| c.check != change.check);
    checks.push(change);
    checks
}

#[test]
fn the_verdict_follows_the_worst_outcome_that_counts() {
    let policy = Policy::marketplace();
    let status = |change| verdict(&with(change), &policy).status;
    assert_eq!(verdict(&all_pass(), &policy).status, Status::Clean);
    assert_eq!(
        status(one(CheckId::Sec01, Severity::Block)),
        Status::Blocked
    );
    assert_eq!(
        status(one(CheckId::Sec01, Severity::Error)),
        Status::Blocked
    );
    assert_eq!(
        status(one(CheckId::Sec01, Severity::Hold)),
        Status::NeedsPerson
    );
    assert_eq!(
        status(one(CheckId::Sec01, Severity::Warning)),
        Status::Clean
    );
    assert_eq!(
        status(one(CheckId::Tst01, Severity::Error)),
        Status::Clean,
        "shadow mode"
    );
    let broken = || Outcome::EngineFailed {
        reason: "x".to_owned(),
    };
    assert_eq!(status(result(CheckId::Sec02, broken())), Status::Held);
    let missing = Outcome::NotRun {
        reason: NotRun::Missing("x".to_owned()),
    };
    assert_eq!(status(result(CheckId::Cmp04, missing)), Status::Held);
    let nothing = Outcome::NotRun {
        reason: NotRun::NotApplicable("x".to_owned()),
    };
    assert_eq!(status(result(CheckId::Cmp04, nothing)), Status::Clean);
    assert_eq!(
        status(result(
            CheckId::Sec01,
            Outcome::Invalid {
                reason: "x".to_owned()
            }
        )),
        Status::Blocked
    );
    let mut both = with(one(CheckId::Sec01, Severity::Block));
    both.retain(|c| c.check != CheckId::Sec02);
    both.push(result(CheckId::Sec02, broken()));
    assert_eq!(verdict(&both, &policy).status, Status::Blocked);
    assert_eq!(
        verdict(&[], &policy).status,
        Status::Held,
        "nothing was looked at"
    );
}

#[test]
fn broken_engines_are_never_a_verdict_and_findings_cut_off_still_count() {
    let policy = Policy::marketplace();
    for info in CATALOGUE {
        let failed = verdict(
            &with(result(
                info.id,
                Outcome::EngineFailed {
                    reason: "x".to_owned(),
                },
            )),
            &policy,
        );
        assert!(failed.blocking.is_empty() && failed.holding.is_empty());
        assert_eq!(
            failed.status == Status::Clean,
            info.id == CheckId::Tst01,
            "{}",
            info.id
        );
    }
    let cut = result(
        CheckId::Sec01,
        Outcome::Findings {
            findings: Vec::new(),
            omitted: 1,
        },
    );
    assert_eq!(verdict(&with(cut), &policy).status, Status::Blocked);
}

#[test]
fn policies_name_every_check() {
    for policy in [Policy::marketplace(), Policy::local()] {
        for info in CATALOGUE {
            assert!(
                policy.rules.contains_key(&info.id),
                "{} {}",
                policy.name,
                info.id
            );
        }
    }
    assert!(Policy::from_json(r#"{"name":"x","coveragePercent":1,"rules":{"ZZZ-99":{"enforced":true,"required":true}}}"#).is_err());
}

#[test]
fn the_catalogue_is_complete_and_in_order() {
    for (number, info) in CATALOGUE.iter().enumerate() {
        assert_eq!(info.id as usize, number);
        assert_eq!(info.id.as_str().parse(), Ok(info.id));
        assert!(
            !info.title.is_empty() && !info.title_zh.is_ascii() && info.explain.ends_with('.'),
            "{}",
            info.id
        );
    }
    assert!("ARC-99".parse::<CheckId>().is_err());
}

#[test]
fn a_waiver_holds_until_the_code_changes_and_never_comes_from_the_bundle() {
    let context = market(catalog(&[]));
    let report = |text: &str, context: &Context| {
        let mut plugin = Plugin::good();
        plugin.with("web-admin/x.js", text);
        plugin.check(context)
    };
    let first = report("// px-review:ignore JS-01\nvar a = eval(b);\n", &context);
    let finding = found(&first, CheckId::Js01)[0].clone();
    assert!(first.verdict.blocking.contains(&CheckId::Js01));
    let waived = Context {
        waivers: BTreeSet::from([finding.fingerprint]),
        ..context
    };
    // Moved and indented: the same code.
    let moved = report("\n\n\n    var a =  eval(b);\n", &waived);
    assert!(!moved.verdict.blocking.contains(&CheckId::Js01));
    assert!(found(&moved, CheckId::Js01)[0].waived);
    let changed = report("var a = eval(c);\n", &waived);
    assert!(changed.verdict.blocking.contains(&CheckId::Js01));
}

#[test]
fn a_bundle_made_to_drown_the_reviewer_is_cut_off() {
    let mut plugin = Plugin::good();
    plugin.with("web-admin/x.js", "eval(a);\n".repeat(1000));
    let report = plugin.check(&market(catalog(&[])));
    let Some(Outcome::Findings { findings, omitted }) = report.outcome(CheckId::Js01) else {
        panic!()
    };
    assert_eq!((findings.len(), *omitted), (px_review::MAX_FINDINGS, 900));
}

#[test]
fn the_report_survives_json_and_is_bound_to_the_bundle() {
    let context = market(catalog(&[]));
    let (_dir, bundle) = Plugin::good().pack();
    let report = px_review::check_bundle(&bundle, &context);
    let json = report.canonical_json().unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    assert_eq!(
        report.subject.digest,
        Some(px_package::sha256(&std::fs::read(&bundle).unwrap()))
    );
    assert_eq!(
        px_review::check_bundle(&bundle, &context)
            .canonical_json()
            .unwrap(),
        json,
        "repeatable"
    );
    let names: Vec<_> = report.engines.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "px-review",
            "yara-x",
            "blocked files",
            "secrets",
            "core interfaces",
            "blocklist"
        ]
    );
}

#[test]
fn a_run_completes_the_report() {
    let context = market(catalog(&[]));
    let report = Plugin::good().check_packed(&context);
    assert!(!report.complete(&context.policy));
    assert_eq!(report.verdict.status, Status::Held);
    let passed = vec![
        result(CheckId::Cmp04, Outcome::Pass),
        result(CheckId::Prv01, Outcome::Pass),
    ];
    let report = report.with_results(passed, Vec::new(), &context.policy);
    assert!(report.complete(&context.policy));
    assert_eq!(report.verdict.status, Status::Clean, "{}", lines(&report));
}

#[test]
fn fingerprints_tell_files_checks_and_code_apart() {
    let finding = |check, file: &str, code: &[u8]| {
        Finding::new(check, "seen", "remedy")
            .at(Location::file(file))
            .code(code)
            .fingerprint
    };
    let base = finding(CheckId::Js01, "a.js", b"eval(a)");
    assert_eq!(base, finding(CheckId::Js01, "a.js", b"  eval(a) \n"));
    for other in [
        finding(CheckId::Js02, "a.js", b"eval(a)"),
        finding(CheckId::Js01, "b.js", b"eval(a)"),
        finding(CheckId::Js01, "a.js", b"eval(b)"),
    ] {
        assert_ne!(base, other);
    }
}

#[test]
fn a_program_that_is_not_built_yet_does_not_hide_the_rest() {
    let mut plugin = Plugin::process("#!/bin/sh\n");
    plugin
        .without("backend/bin/plugin")
        .with("web-admin/x.js", "eval(a)");
    let report = plugin.check(&Context::local());
    assert_eq!(
        report.verdict.blocking,
        [CheckId::Man01, CheckId::Js01],
        "{}",
        lines(&report)
    );
    assert_eq!(found(&report, CheckId::Man01).len(), 1);
    assert_eq!(report.verdict.unreadable, []);
}
