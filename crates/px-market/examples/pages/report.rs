//! Reports of the automated checks, as the engines would write them.

use px_api::market::PublishRequest;
use px_review::{
    CATALOGUE, CheckId, CheckResult, Engine, Finding, Location, NotRun, Outcome as CheckOutcome,
    Policy, Report, SubjectFacts, SubjectKind,
};

/// A report with one warning; with `needs_person` or `blocked` with more.
pub fn report(request: &PublishRequest, verdict: Option<&str>) -> Report {
    let mut checks: Vec<CheckResult> = CATALOGUE
        .iter()
        .map(|info| CheckResult {
            check: info.id,
            outcome: match info.id {
                CheckId::Bin01 | CheckId::Bin02 | CheckId::Bin03 => CheckOutcome::NotRun {
                    reason: NotRun::NotApplicable("the plugin has no native program".to_owned()),
                },
                _ => CheckOutcome::Pass,
            },
        })
        .collect();
    let mut found = |check: CheckId, findings: Vec<Finding>| {
        checks.retain(|c| c.check != check);
        checks.push(CheckResult {
            check,
            outcome: CheckOutcome::Findings {
                findings,
                omitted: 0,
            },
        });
    };
    let changelog = Finding::new(
        CheckId::Doc01,
        "CHANGELOG.md has no entry for this version",
        "add one that says what changed for the people who use it",
    )
    .at(Location {
        file: "CHANGELOG.md".to_owned(),
        line: Some(3),
        ..Location::default()
    });
    found(CheckId::Doc01, vec![changelog]);
    if let Some(verdict) = verdict {
        let new = Finding::new(
            CheckId::Man08,
            "`people:salary:read` and `http:outbound:sync.depotlabs.example` are new since 1.0.3",
            "say in the changelog why they are needed",
        )
        .at(Location::field("plugin.yaml", "permissions"));
        found(CheckId::Man08, vec![new]);
        if verdict == "blocked" {
            let secret = Finding::new(
                CheckId::Sec01,
                "a token of the form `ghp_…f3a1` stands in the code",
                "remove it, revoke it where it is valid, and read it from the plugin's settings",
            )
            .at(Location {
                file: "web-admin/app.js".to_owned(),
                line: Some(118),
                column: Some(24),
                ..Location::default()
            });
            found(CheckId::Sec01, vec![secret]);
        }
    }
    let subject = SubjectFacts {
        kind: SubjectKind::Bundle,
        plugin: Some(request.plugin_id.clone()),
        version: Some(request.version.clone()),
        digest: Some(request.artifact.sha256),
        size: Some(request.artifact.size),
        files: 41,
    };
    let engine = |name: &str, version: &str| Engine {
        name: name.to_owned(),
        version: version.to_owned(),
        rules: None,
    };
    let engines = vec![
        engine("px-review", "0.1.0"),
        engine("yara-x", "1.22.0"),
        engine("px-runtime", "0.1.0 (namespaces, landlock, seccomp)"),
    ];
    Report::new(subject, engines, checks, &Policy::marketplace())
}
