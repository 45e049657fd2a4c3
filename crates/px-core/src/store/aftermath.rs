//! What follows from an install's state, written in the transaction of the transition: reports to
//! the Marketplace, messages and alerts for the tenant, alerts for whoever runs the installation.

use px_api::Code;
use px_api::market::{Outcome, OutcomeReport};
use px_model::{InstallState, PluginId, TenantId, Version, VersionId};
use px_notify::{NewAlert, NewMessage, Severity, Text2, post_inbox, raise_alert};
use px_store::{Result, Tx};
use px_work::NewJob;

use crate::app::fault::{Blame, Fault};
use crate::app::install::Install;
use crate::app::said::chinese_text;
use crate::store::{holdings, tenants};

/// Kind of the job that reports an outcome to the Marketplace.
pub const REPORT_JOB: &str = "core.report";
/// Audience of the people who run the installation.
pub const OPERATORS: &str = "role:platform_ops";
/// A roll-back that takes longer is an alert of its own, microseconds.
const SLOW_ROLLBACK: i64 = 200_000_000;

/// Audience of a tenant's people.
#[must_use]
pub fn audience(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

/// Writes what follows from the state `install` has just entered.
///
/// # Errors
/// When the engine is away; the transition must then not commit.
pub async fn follow(tx: &mut Tx, install: &Install, fault: Option<&Fault>) -> Result<()> {
    if let Some(outcome) = outcome_of(install) {
        report(tx, install, outcome, fault).await?;
    }
    match install.state {
        InstallState::Committed => committed(tx, install).await,
        InstallState::Failed if install.blame != Some(Blame::Tenant) => {
            let body = Text2::new(
                "It was stopped before it got any traffic. The version that was there keeps serving. The publisher was told.",
                "安装在接收流量之前已停止，原版本继续提供服务，已通知发布者。",
            );
            bad_news(tx, install, "install.failed", Severity::Warning, body).await?;
            // Bytes that are not what was promised: somebody meddles with them, or a disk does.
            if fault.is_some_and(|f| f.code == Code::BundleUntrusted) {
                operators(tx, install, "bundle.untrusted", Severity::Critical).await?;
            }
            Ok(())
        }
        InstallState::RolledBack => rolled_back(tx, install).await,
        InstallState::Quarantined => {
            let body = Text2::new(
                "It could not be brought to a good end by itself. An operator has to look.",
                "系统无法自动恢复，需要管理员处理。",
            );
            bad_news(tx, install, "install.quarantined", Severity::Critical, body).await?;
            operators(tx, install, "install.quarantined", Severity::Page).await
        }
        _ => Ok(()),
    }
}

async fn committed(tx: &mut Tx, install: &Install) -> Result<()> {
    if let Some(listed) = &install.listed {
        holdings::follow(tx, install.tenant, &install.plugin, listed.channel).await?;
    }
    let what = format!("{} {}", install.name, install.version);
    post_inbox(
        tx,
        NewMessage {
            audience: audience(install.tenant),
            level: Severity::Info,
            title: Text2::new(format!("{what} is installed"), format!("{what} 已安装")),
            body: Text2::new(
                "It passed its probation and serves. The version before is kept for 24 hours; you can roll back until then.",
                "新版本已通过观察期并开始服务。上一版本保留 24 小时，期间可随时回滚。",
            ),
            subject: Some(install.id.to_string()),
            dedup: Some(format!("{}-committed", install.id)),
        },
    )
    .await
    .map(drop)
}

async fn rolled_back(tx: &mut Tx, install: &Install) -> Result<()> {
    let body = match &install.previous {
        Some(previous) => Text2::new(
            format!("{} serves again. The publisher was told.", previous.version),
            format!("已恢复到 {}，并已通知发布者。", previous.version),
        ),
        None => Text2::new(
            "It was removed again; there was no version before. The publisher was told.",
            "该版本已移除（此前没有已安装版本），并已通知发布者。",
        ),
    };
    let by_hand = install.cause.as_deref() == Some("by_hand");
    let level = if by_hand {
        Severity::Info
    } else {
        Severity::Critical
    };
    bad_news(tx, install, "install.rolled_back", level, body).await?;
    if !by_hand {
        operators(tx, install, "install.rolled_back", Severity::Warning).await?;
    }
    if install.rollback_micros.is_some_and(|m| m > SLOW_ROLLBACK) {
        operators(tx, install, "rollback.slow", Severity::Page).await?;
    }
    Ok(())
}

/// A reason as a sentence before another one; nothing when there is none.
fn sentence(why: &str, end: &str) -> String {
    let why = why.trim().trim_end_matches('.');
    match why {
        "" => String::new(),
        _ => format!("{why}{end}"),
    }
}

/// Tells a tenant, in the inbox and on the alert board (which tells webhooks and mail).
async fn bad_news(
    tx: &mut Tx,
    install: &Install,
    kind: &str,
    severity: Severity,
    body: Text2,
) -> Result<()> {
    let title = headline(install, kind);
    let why = install.problem.as_ref().map_or("", |p| p.detail.as_str());
    let body = Text2::new(
        format!("{}{}", sentence(why, ". "), body.en),
        format!("{}{}", sentence(&chinese_text(why), "。"), body.zh),
    );
    let (audience, subject) = (audience(install.tenant), Some(install.id.to_string()));
    let dedup = Some(format!("{}-{kind}", install.id));
    post_inbox(
        tx,
        NewMessage {
            audience: audience.clone(),
            level: severity,
            title: title.clone(),
            body: body.clone(),
            subject: subject.clone(),
            dedup: dedup.clone(),
        },
    )
    .await?;
    raise_alert(
        tx,
        NewAlert {
            audience,
            severity,
            kind: kind.to_owned(),
            title,
            body,
            tenant: Some(install.tenant),
            subject,
            dedup,
        },
    )
    .await
    .map(drop)
}

async fn operators(tx: &mut Tx, install: &Install, kind: &str, severity: Severity) -> Result<()> {
    let why = install.problem.as_ref().map_or("", |p| p.detail.as_str());
    let seconds = install.rollback_micros.map_or(0, |m| m / 1_000_000);
    let tenant = tenants::name_in(tx, install.tenant).await?;
    let tenant = tenant.unwrap_or_else(|| install.tenant.to_string());
    let (mut en, mut zh) = (
        format!("Tenant: {tenant}. {}", sentence(why, ". ")),
        format!("租户：{tenant}。{}", sentence(&chinese_text(why), "。")),
    );
    if install.rollback_micros.is_some() {
        en.push_str(&format!("Going back took {seconds} s."));
        zh.push_str(&format!("回滚耗时 {seconds} 秒。"));
    }
    let body = Text2::new(en.trim_end(), zh);
    raise_alert(
        tx,
        NewAlert {
            audience: OPERATORS.to_owned(),
            severity,
            kind: kind.to_owned(),
            title: headline(install, kind),
            body,
            tenant: Some(install.tenant),
            subject: Some(install.id.to_string()),
            dedup: Some(format!("{}-{kind}", install.id)),
        },
    )
    .await
    .map(drop)
}

fn headline(install: &Install, kind: &str) -> Text2 {
    let what = format!("{} {}", install.name, install.version);
    let (en, zh) = match kind {
        "install.failed" => ("could not be installed", "安装失败"),
        "bundle.untrusted" => (
            "came with bytes that are not the promised ones",
            "插件包校验失败",
        ),
        "install.quarantined" => ("needs an operator", "需要管理员处理"),
        "rollback.slow" => ("took too long to roll back", "回滚耗时过长"),
        _ => ("was rolled back", "已回滚"),
    };
    Text2::new(format!("{what} {en}"), format!("{what} {zh}"))
}

fn outcome_of(install: &Install) -> Option<Outcome> {
    let by_hand = install.cause.as_deref() == Some("by_hand");
    match install.state {
        InstallState::Committed => Some(Outcome::Committed),
        // A tenant's own choice or state says nothing about the version.
        InstallState::Failed if install.blame == Some(Blame::Tenant) => None,
        InstallState::Failed | InstallState::Quarantined => Some(Outcome::Failed),
        InstallState::RolledBack if by_hand => Some(Outcome::RolledBackByHand),
        InstallState::RolledBack => Some(Outcome::RolledBack),
        _ => None,
    }
}

/// Queues a report; the Marketplace tells the publisher. Versions it does not list stay here.
async fn report(
    tx: &mut Tx,
    install: &Install,
    outcome: Outcome,
    fault: Option<&Fault>,
) -> Result<()> {
    let Some(version_id) = install.version_id else {
        return Ok(());
    };
    let now = tx.env().now();
    let micros = now.as_microsecond() - install.created.as_microsecond();
    let problem = install.problem.as_ref();
    let report = OutcomeReport {
        report_id: format!("{}-{}", install.id, install.transitions),
        tenant_ref: install.tenant.to_string(),
        plugin_id: install.plugin.clone(),
        version_id,
        install_id: Some(install.id),
        outcome,
        reason: fault
            .map(|f| f.detail.clone())
            .or_else(|| problem.map(|p| p.detail.clone())),
        code: problem.map(|p| p.code.clone()),
        at: now,
        seconds: Some(micros_to_seconds(micros)),
    };
    queue(tx, report).await
}

/// Queues the report that a tenant was told of a version and could install it now.
///
/// # Errors
/// When the engine is away.
pub async fn installable(
    tx: &mut Tx,
    tenant: TenantId,
    plugin: &PluginId,
    version_id: VersionId,
) -> Result<()> {
    let now = tx.env().now();
    let report = OutcomeReport {
        report_id: format!("{tenant}-{version_id}-installable"),
        tenant_ref: tenant.to_string(),
        plugin_id: plugin.clone(),
        version_id,
        install_id: None,
        outcome: Outcome::Installable,
        reason: None,
        code: None,
        at: now,
        seconds: None,
    };
    queue(tx, report).await
}

async fn queue(tx: &mut Tx, report: OutcomeReport) -> Result<()> {
    let key = report.report_id.clone();
    let job = NewJob::new(REPORT_JOB, serde_json::to_value(report)?)
        .unique(key)
        .attempts(500);
    px_work::enqueue(tx, job).await.map(drop)
}

/// Tells a tenant that a version is there; answers whether it was news.
///
/// # Errors
/// When the engine is away.
pub async fn news(
    tx: &mut Tx,
    tenant: TenantId,
    name: &str,
    version: &Version,
    version_id: VersionId,
    body: Text2,
) -> Result<bool> {
    let posted = post_inbox(
        tx,
        NewMessage {
            audience: audience(tenant),
            level: Severity::Info,
            title: Text2::new(
                format!("{name} {version} is available"),
                format!("{name} {version} 已发布"),
            ),
            body,
            subject: Some(version_id.to_string()),
            dedup: Some(format!("{version_id}-listed")),
        },
    )
    .await?;
    Ok(posted.is_some())
}

/// Microseconds as seconds; precise far beyond any duration shown.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "durations are far below 2^52 microseconds"
)]
pub fn micros_to_seconds(micros: i64) -> f64 {
    micros.max(0) as f64 / 1e6
}
