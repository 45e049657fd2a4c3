//! Watching the review clocks: warnings at half, at four fifths, and when the promise is broken.

use std::time::Duration;

use async_trait::async_trait;
use px_notify::{NewAlert, Severity, Text2, raise_alert};
use px_work::{JobError, Periodic};
use serde_json::json;

use crate::Market;
use crate::app::clock::warning_step;
use crate::app::error::AppError;
use crate::app::messages::{OPERATORS, REVIEWERS};
use crate::app::queue::sla_alert_key;
use crate::app::templates::in_words;
use crate::app::transition::record;
use crate::store::queue;
use crate::store::row::VersionRow;
use px_store::Actor;

/// Looks at every clock that runs.
pub struct SlaWatcher(pub Market);

#[async_trait]
impl Periodic for SlaWatcher {
    fn name(&self) -> &'static str {
        "market.sla"
    }

    fn every(&self) -> Duration {
        // Late by at most half a per cent of the promise.
        let sla = self.0.config().review_sla.unsigned_abs();
        (sla / 200).clamp(Duration::from_millis(250), Duration::from_secs(60))
    }

    async fn tick(&self) -> Result<(), JobError> {
        watch(&self.0).await?;
        Ok(())
    }
}

pub(super) async fn watch(market: &Market) -> Result<usize, AppError> {
    let now = market.db().env().now();
    let mut warnings = 0;
    for row in queue::on_the_clock(market.db()).await? {
        let percent = row.clock.percent(now, market.config().review_sla);
        let step = warning_step(percent);
        if step > row.warned && warn(market, &row, step).await? {
            warnings += 1;
        }
    }
    Ok(warnings)
}

/// Warns once per version and step, escalating from the reviewers to the operators.
async fn warn(market: &Market, row: &VersionRow, step: i64) -> Result<bool, AppError> {
    let mut tx = market.db().begin().await?;
    if !queue::set_warned(&mut tx, row.id, step).await? {
        return Ok(false);
    }
    raise_alert(&mut tx, alert(row, REVIEWERS, step)).await?;
    if step >= 80 {
        raise_alert(&mut tx, alert(row, OPERATORS, step)).await?;
    }
    let detail = json!({ "percent": step, "deadline": row.clock.deadline });
    record(
        &mut tx,
        &Actor::system("sla"),
        "review.sla_warned",
        row,
        detail,
    )
    .await?;
    tx.commit().await?;
    if step >= 100 {
        metrics::counter!("marketplace_review_sla_breached").increment(1);
    }
    Ok(true)
}

fn alert(row: &VersionRow, audience: &str, step: i64) -> NewAlert {
    let name = format!("{} {}", row.name(), row.version);
    let deadline = row.clock.deadline.map_or_else(String::new, |at| {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    });
    let state = |language| in_words(language, "state", row.state.as_str());
    let (severity, title) = if step >= 100 {
        let en = format!("The review of {name} is over its promised time");
        (
            Severity::Critical,
            Text2::new(en, format!("{name} 的审核已超时")),
        )
    } else {
        let en = format!("{step} % of the time for reviewing {name} has passed");
        let level = if step >= 80 {
            Severity::Warning
        } else {
            Severity::Info
        };
        (
            level,
            Text2::new(en, format!("{name} 的审核时间已过去 {step}%")),
        )
    };
    NewAlert {
        audience: audience.to_owned(),
        severity,
        kind: if step >= 100 {
            "review.sla_breached"
        } else {
            "review.sla_at_risk"
        }
        .to_owned(),
        title,
        body: Text2::new(
            format!("It is {} and was to be decided by {deadline}.", state("en")),
            format!("当前状态：{}，应在 {deadline} 前完成审核。", state("zh-CN")),
        ),
        tenant: None,
        subject: Some(row.review.to_string()),
        dedup: Some(sla_alert_key(row, step)),
    }
}
