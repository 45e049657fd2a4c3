//! Findings and checks of a report, for authors and reviewers alike.

use px_review::{
    Bucket, BucketCount, CheckId, CheckInfo, CheckResult, Finding, Location, NotRun, Outcome,
    Report, Severity, Status,
};
use px_web::Html;
use px_web::i18n::{Lang, T};
use px_web::ui::{self, Note, Tone};

use super::parts::{number, prose, stack};

/// Buckets in the order of their weight.
pub(super) const BUCKETS: [Bucket; 5] = [
    Bucket::Security,
    Bucket::Compatibility,
    Bucket::Manifest,
    Bucket::Dependencies,
    Bucket::Documentation,
];

const fn slug(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Security => "security",
        Bucket::Compatibility => "compatibility",
        Bucket::Manifest => "manifest",
        Bucket::Dependencies => "dependencies",
        Bucket::Documentation => "documentation",
    }
}

pub(super) fn bucket_word(t: &T, bucket: Bucket) -> String {
    t.t(&format!("mkt-bucket-{}", slug(bucket)))
}

/// A check's line in the reader's language.
pub(super) fn check_title(t: &T, info: &CheckInfo) -> &'static str {
    match t.lang() {
        Lang::En => info.title,
        Lang::ZhCn => info.title_zh,
    }
}

/// How bad a finding is, as word, icon and colour.
pub(super) fn severity(t: &T, severity: Severity) -> Html {
    let (tone, icon) = match severity {
        Severity::Block => (Tone::Danger, "ban"),
        Severity::Error => (Tone::Danger, "circle-x"),
        Severity::Hold => (Tone::Warn, "hand-stop"),
        Severity::Warning => (Tone::Warn, "alert-triangle"),
        Severity::Info => (Tone::Info, "info-circle"),
    };
    ui::pill(tone, icon, &t.t(&format!("mkt-sev-{}", severity.as_str())))
}

/// The verdict in one word.
pub(super) fn verdict(t: &T, word: Option<&str>) -> Html {
    let (tone, icon, key) = match word {
        Some("clean") => (Tone::Ok, "shield-check", "mkt-verdict-clean"),
        Some("needs_person") => (Tone::Warn, "user-check", "mkt-verdict-needs-person"),
        Some("blocked") => (Tone::Danger, "shield-x", "mkt-verdict-blocked"),
        Some("held") => (Tone::Warn, "hourglass-high", "mkt-verdict-held"),
        _ => (Tone::Neutral, "circle-dashed", "mkt-verdict-none"),
    };
    ui::pill(tone, icon, &t.t(key))
}

/// Every finding by bucket with its place, what was seen and the remedy.
pub(super) fn findings(t: &T, report: &Report, for_author: bool) -> Html {
    let groups: Vec<Html> = BUCKETS
        .iter()
        .filter_map(|b| group(t, report, *b))
        .collect();
    if groups.is_empty() {
        let text = match report.verdict.status {
            Status::Held => "mkt-findings-held",
            _ if for_author => "mkt-findings-none-author",
            _ => "mkt-findings-none",
        };
        return Note::new(Tone::Ok, t.t("mkt-findings-clean"), t.t(text)).html();
    }
    stack(groups)
}

fn group(t: &T, report: &Report, bucket: Bucket) -> Option<Html> {
    let mut list: Vec<&Finding> = report.findings().filter(|f| f.bucket == bucket).collect();
    if list.is_empty() {
        return None;
    }
    list.sort_by_key(|f| (f.waived, std::cmp::Reverse(f.severity)));
    let rows: String = list.iter().map(|f| finding(t, f).into_string()).collect();
    let (id, word) = (slug(bucket), Html::text(&bucket_word(t, bucket)));
    Some(Html::trusted(format!(
        r#"<section id="bucket-{id}"><h3 class="mkt-h3">{word}</h3><ul class="mkt-findings">{rows}</ul></section>"#
    )))
}

fn finding(t: &T, f: &Finding) -> Html {
    let info = f.check.info();
    let title = Html::text(check_title(t, info));
    let id = f.check.as_str();
    let place = f.location.as_ref().map(place).unwrap_or_default();
    let place = if place.is_empty() {
        Html::empty()
    } else {
        ui::copyable(t, &place)
    };
    let waived = if f.waived {
        ui::chip(&t.t("mkt-waived"))
    } else {
        Html::empty()
    };
    let (seen, remedy) = (prose(&f.seen), prose(&f.remedy));
    let (seen_word, mend_word) = (Html::text(&t.t("mkt-seen")), Html::text(&t.t("mkt-remedy")));
    let severity = severity(t, f.severity);
    Html::trusted(format!(
        r#"<li class="mkt-finding" data-row tabindex="-1"><div class="px-row px-between"><strong>{title}</strong><span class="px-row">{waived}{severity}</span></div><div class="px-row px-id"><code>{id}</code>{place}</div><dl class="px-facts"><dt>{seen_word}</dt><dd class="mkt-pre">{seen}</dd><dt>{mend_word}</dt><dd class="mkt-pre">{remedy}</dd></dl></li>"#
    ))
}

/// `file:line`, with the field or the bytes where known.
fn place(location: &Location) -> String {
    let mut text = location.file.clone();
    if let Some(line) = location.line {
        text.push_str(&format!(":{line}"));
        if let Some(column) = location.column {
            text.push_str(&format!(":{column}"));
        }
    }
    if let Some(field) = &location.field {
        text.push_str(&format!(" › {field}"));
    }
    if let Some(bytes) = location.bytes {
        text.push_str(&format!(" [{}–{}]", bytes.start, bytes.end));
    }
    text
}

/// The buckets with their counts, as links to their findings.
pub(super) fn buckets(t: &T, report: &Report) -> Html {
    let rows: String = BUCKETS
        .iter()
        .map(|bucket| {
            let count = report.buckets.get(bucket).copied().unwrap_or_default();
            let (mark, any) = bucket_mark(t, count);
            let word = Html::text(&bucket_word(t, *bucket));
            if any {
                format!(r##"<li><a href="#bucket-{}">{word}</a><span class="px-row">{mark}</span></li>"##, slug(*bucket))
            } else {
                format!("<li><span>{word}</span>{mark}</li>")
            }
        })
        .collect();
    Html::trusted(format!(r#"<ul class="mkt-buckets">{rows}</ul>"#))
}

fn bucket_mark(t: &T, c: BucketCount) -> (Html, bool) {
    let parts = [
        (c.block, Tone::Danger, "ban", "mkt-count-block"),
        (c.error, Tone::Danger, "circle-x", "mkt-count-error"),
        (c.hold, Tone::Warn, "hand-stop", "mkt-count-hold"),
        (c.warning, Tone::Warn, "alert-triangle", "mkt-count-warning"),
        (c.info, Tone::Info, "info-circle", "mkt-count-info"),
    ];
    let shown = parts.into_iter().filter(|(n, ..)| *n > 0);
    let pills: Vec<Html> = shown
        .map(|(n, tone, icon, key)| ui::pill(tone, icon, &t.t_args(key, &[("n", n.into())])))
        .collect();
    if pills.is_empty() {
        (ui::pill(Tone::Ok, "check", &t.t("mkt-bucket-fine")), false)
    } else {
        (Html::join(pills), true)
    }
}

/// Every check and how it ended.
pub(super) fn checks(t: &T, report: &Report) -> Html {
    let rows: String = report.checks.iter().map(|c| check_row(t, c)).collect();
    let heads: String = ["mkt-check", "mkt-outcome", "mkt-check-note"]
        .iter()
        .map(|key| format!(r#"<th scope="col">{}</th>"#, Html::text(&t.t(key))))
        .collect();
    let (label, count) = (
        Html::text(&t.t("mkt-checks-all")),
        number(t, report.checks.len() as u64),
    );
    Html::trusted(format!(
        r#"<details class="mkt-more"><summary>{label} ({count})</summary><div class="px-scroll" tabindex="0"><table class="px-table"><caption class="px-sr">{label}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"#
    ))
}

fn check_row(t: &T, c: &CheckResult) -> String {
    let (mark, note) = outcome(t, &c.outcome);
    let (id, title) = (c.check.as_str(), Html::text(check_title(t, c.check.info())));
    let note = Html::text(&note);
    format!(
        r#"<tr><th scope="row"><code>{id}</code> {title}</th><td>{mark}</td><td>{note}</td></tr>"#
    )
}

fn outcome(t: &T, outcome: &Outcome) -> (Html, String) {
    match outcome {
        Outcome::Pass => (
            ui::pill(Tone::Ok, "check", &t.t("mkt-out-pass")),
            String::new(),
        ),
        Outcome::Findings { findings, omitted } => {
            let n = findings.len() as u64 + omitted;
            let worst = findings
                .iter()
                .filter(|f| !f.waived)
                .map(|f| f.severity)
                .max();
            let tone = match worst {
                Some(Severity::Block | Severity::Error) => Tone::Danger,
                Some(Severity::Hold | Severity::Warning) => Tone::Warn,
                _ => Tone::Neutral,
            };
            let word = t.t_args("mkt-out-findings", &[("n", n.into())]);
            (ui::pill(tone, "flag", &word), String::new())
        }
        Outcome::Invalid { reason } => (
            ui::pill(Tone::Danger, "circle-x", &t.t("mkt-out-invalid")),
            reason.clone(),
        ),
        Outcome::EngineFailed { reason } => (
            ui::pill(Tone::Warn, "alert-triangle", &t.t("mkt-out-failed")),
            reason.clone(),
        ),
        Outcome::NotRun {
            reason: NotRun::NotApplicable(reason),
        } => (
            ui::pill(Tone::Neutral, "minus", &t.t("mkt-out-na")),
            reason.clone(),
        ),
        Outcome::NotRun {
            reason: NotRun::Missing(reason),
        } => (
            ui::pill(Tone::Warn, "hourglass-high", &t.t("mkt-out-missing")),
            reason.clone(),
        ),
    }
}

/// How the plugin behaved when it was run, with the sandbox's notes.
pub(super) fn run(t: &T, report: &Report) -> Html {
    let Some(result) = report.outcome(CheckId::Cmp04) else {
        return super::parts::muted(&t.t("mkt-run-none"));
    };
    let (mark, note) = outcome(t, result);
    let engine = report.engines.iter().find(|e| e.name == "px-runtime");
    let mut log: Vec<String> = engine
        .map(|e| format!("{} {}", e.name, e.version))
        .into_iter()
        .collect();
    match result {
        Outcome::Pass => log.push(t.t("mkt-run-pass")),
        Outcome::Findings { findings, .. } => {
            log.extend(findings.iter().map(|f| format!("✗ {}", f.seen)));
        }
        _ => log.push(note),
    }
    let log = Html::text(&log.join("\n"));
    let label = Html::text(&t.t("mkt-run-log"));
    Html::trusted(format!(
        r#"<div class="px-row mkt-run">{mark}</div><pre class="px-log" tabindex="0" aria-label="{label}">{log}</pre>"#
    ))
}

/// What took part in the review.
pub(super) fn engines(t: &T, report: &Report) -> Html {
    let list: Vec<ui::Fact> = report
        .engines
        .iter()
        .chain([&report.policy])
        .map(|e| {
            let digest = e
                .rules
                .map(|d| ui::copyable(t, &d.to_string()))
                .unwrap_or_default();
            (
                e.name.clone(),
                Html::join([Html::text(&e.version), Html::trusted(" "), digest]),
            )
        })
        .collect();
    ui::facts(&list)
}
