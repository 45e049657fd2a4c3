//! Saying that every subscriber of a release has been told, and who has not.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use px_model::event_type;
use px_notify::{
    NewAlert, NoticeStats, Severity, Text2, notice_stats, notices_pending, raise_alert,
};
use px_store::When;
use px_work::{Job, JobError, JobHandler};
use serde_json::json;

use super::{NOTIFIED, Release};
use crate::Market;
use crate::app::error::AppError;
use crate::app::messages::OPERATORS;
use crate::store::row::VersionRow;
use crate::store::versions;

/// Handles [`NOTIFIED`].
pub struct Notified(pub Market);

#[async_trait]
impl JobHandler for Notified {
    fn kind(&self) -> &'static str {
        NOTIFIED
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let release: Release = job.read()?;
        let market = &self.0;
        let row = versions::get(market.db(), release.version_id).await?;
        market.pass(&row, "listed", When::Before).await?;
        let topic = row.id.to_string();
        let pending = notices_pending(market.db(), &topic).await?;
        let age = market
            .db()
            .env()
            .now()
            .duration_since(row.listed_at.unwrap_or(row.created_at));
        if pending > 0 {
            if age >= market.config().notify_deadline {
                self.late(&row, &notice_stats(market.db(), &topic).await?)
                    .await?;
            }
            let told = format!("{pending} notices are on their way");
            return Err(JobError::RetryAfter(told, look_again(age)));
        }
        let stats = notice_stats(market.db(), &topic).await?;
        market.pass(&row, "listed", When::Done).await?;
        let mut tx = market.db().begin().await?;
        job.finish(&mut tx).await?;
        let dead: u64 = stats.channels.values().map(|c| c.dead).sum();
        let data = json!({
            "versionId": row.id, "pluginId": row.plugin, "version": row.version, "channel": row.channel,
            "receivers": stats.receivers, "told": stats.told, "toldInTime": stats.told_in_time,
            "deadLetters": dead, "lastToldAt": stats.last_told_at,
        });
        market
            .emit(&mut tx, event_type::NOTIFIED, &row, data)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Notified {
    async fn late(&self, row: &VersionRow, stats: &NoticeStats) -> Result<(), AppError> {
        if stats.laggard_count == 0 {
            return Ok(());
        }
        let name = format!("{} {}", row.plugin, row.version);
        let (late, all) = (stats.laggard_count, stats.receivers);
        let mut tx = self.0.db().begin().await?;
        let alert = NewAlert {
            audience: OPERATORS.to_owned(),
            severity: Severity::Warning,
            kind: "release.laggards".to_owned(),
            title: Text2::new(
                format!("{late} of {all} subscribers have not been told of {name}"),
                format!("{name} 的 {all} 个订阅者中有 {late} 个尚未收到通知"),
            ),
            body: Text2::new(
                "Delivery goes on by its schedule; dead letters can be sent again.",
                "系统将按计划继续投递；死信可以重新发送。",
            ),
            tenant: None,
            subject: Some(row.id.to_string()),
            dedup: Some(format!("laggards:{}", row.id)),
        };
        raise_alert(&mut tx, alert).await?;
        Ok(tx.commit().await?)
    }
}

/// A tenth of the time that has passed, from one second to a minute.
fn look_again(age: SignedDuration) -> Duration {
    let tenth = age.as_secs().max(0).unsigned_abs() / 10;
    Duration::from_secs(tenth.clamp(1, 60))
}
