//! Figures that are read from the database rather than counted, and the alert they lead to.

use std::time::Duration;

use async_trait::async_trait;
use px_notify::{NewAlert, Severity, Text2, raise_alert, resolve_alert};
use px_work::{JobError, Periodic};

use crate::Market;
use crate::app::error::AppError;
use crate::app::messages::OPERATORS;
use crate::store::{queue, reports};

/// Reviews that the pass rate looks back on.
const WINDOW: u32 = 100;
/// Fewer say nothing about a rate.
const ENOUGH: i64 = 10;
/// Share of blocked versions above which somebody must look at the checks.
const TOO_MANY: f64 = 0.10;
const KEY: &str = "automation-failure-rate";

/// Publishes gauges; every process for itself, because gauges live in memory.
pub struct Figures(pub Market);

#[async_trait]
impl Periodic for Figures {
    fn name(&self) -> &'static str {
        "market.figures"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn everywhere(&self) -> bool {
        true
    }

    async fn tick(&self) -> Result<(), JobError> {
        publish(&self.0).await?;
        Ok(())
    }
}

/// Begins the counters, so that dashboards show zeros rather than nothing before the first event.
pub(super) fn begin() {
    for channel in px_model::Channel::ALL {
        metrics::counter!("plugin_online_publish_count", "channel" => channel.as_str())
            .increment(0);
        metrics::counter!("marketplace_publish_count", "channel" => channel.as_str()).increment(0);
    }
    metrics::counter!("marketplace_review_sla_breached").increment(0);
}

pub(super) async fn publish(market: &Market) -> Result<(), AppError> {
    let (all, passed) = reports::pass_rate(market.db(), WINDOW).await?;
    let rate = if all == 0 {
        1.0
    } else {
        passed as f64 / all as f64
    };
    metrics::gauge!("marketplace_automation_pass_rate").set(rate);
    let waiting = queue::list(market.db(), 500).await?.len();
    metrics::gauge!("marketplace_review_queue_length").set(waiting as f64);
    metrics::gauge!("marketplace_review_time_used_ratio").set(time_used(market).await?);
    let durations = queue::recent_durations(market.db(), WINDOW).await?;
    if !durations.is_empty() {
        let sum: f64 = durations.iter().map(|micros| *micros as f64 / 1e6).sum();
        metrics::gauge!("plugin_online_approval_seconds_average").set(sum / durations.len() as f64);
    }
    alert(market, all, rate).await
}

/// The largest share of the promised time that a review under way has used; over 1 it is late.
async fn time_used(market: &Market) -> Result<f64, AppError> {
    let now = market.db().env().now();
    let under_way = queue::on_the_clock(market.db()).await?;
    let used = under_way
        .iter()
        .map(|row| row.clock.percent(now, market.config().review_sla));
    Ok(used.max().unwrap_or_default() as f64 / 100.0)
}

async fn alert(market: &Market, all: i64, rate: f64) -> Result<(), AppError> {
    let bad = all >= ENOUGH && 1.0 - rate > TOO_MANY;
    let open = px_notify::list_alerts(market.db(), OPERATORS, true).await?;
    let raised = open.iter().any(|a| a.kind == "automation.failure_rate");
    if bad == raised {
        return Ok(());
    }
    let mut tx = market.db().begin().await?;
    if bad {
        let share = ((1.0 - rate) * 100.0).round();
        raise_alert(&mut tx, NewAlert {
            audience: OPERATORS.to_owned(),
            severity: Severity::Warning,
            kind: "automation.failure_rate".to_owned(),
            title: Text2::new(
                format!("{share} % of the newest {all} versions failed the automated checks"),
                format!("最近 {all} 个版本中有 {share}% 未通过自动检查"),
            ),
            body: Text2::new(
                "Above 10 % either somebody floods the Marketplace or a rule raises false alarms.",
                "超过 10% 说明可能有人恶意提交，或某条规则存在误报。",
            ),
            tenant: None,
            subject: None,
            dedup: Some(KEY.to_owned()),
        })
        .await?;
    } else {
        resolve_alert(&mut tx, OPERATORS, KEY).await?;
    }
    Ok(tx.commit().await?)
}
