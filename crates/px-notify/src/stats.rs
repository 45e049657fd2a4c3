//! The proof of who was told about a release, when and how.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use px_store::{Db, Result, Row};
use serde::Serialize;

use crate::store::notices;
use crate::{Channel, NoticeState};

/// Time within which everybody should have been told.
const BUDGET: Duration = Duration::from_secs(30 * 60);
/// At most this many laggards are named; `laggard_count` has the full number.
const NAMED: usize = 200;

/// One notice or inbox message about a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Id of the notice or inbox message; pass the last one to page on.
    pub id: String,
    /// Who: the endpoint's owner or the inbox's audience.
    pub receiver: String,
    /// How.
    pub channel: Channel,
    /// Whether it arrived.
    pub state: NoticeState,
    /// When it was written.
    pub queued_at: Timestamp,
    /// When it arrived or was given up.
    pub ended_at: Option<Timestamp>,
    /// Attempts made.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Figures of one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelStats {
    /// Notices written.
    pub sent: u64,
    /// Arrived.
    pub delivered: u64,
    /// On their way.
    pub pending: u64,
    /// Given up.
    pub dead: u64,
    /// Not sent because the channel is not set up here.
    pub skipped: u64,
    /// Median time from being written to arriving, in milliseconds.
    pub p50_ms: Option<u64>,
    /// 99th percentile of the same.
    pub p99_ms: Option<u64>,
    #[serde(skip)]
    waits: Vec<u64>,
}

/// A receiver whom no channel has reached in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Laggard {
    /// Who.
    pub receiver: String,
    /// When the first notice to them was written.
    pub since: Timestamp,
    /// When one arrived after all.
    pub told_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Who was told about a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeStats {
    /// What it is about.
    pub topic: String,
    /// Different receivers.
    pub receivers: u64,
    /// Receivers whom at least one channel reached.
    pub told: u64,
    /// Receivers reached within 30 minutes.
    pub told_in_time: u64,
    /// First notice written.
    pub first_at: Option<Timestamp>,
    /// Last time somebody was reached for the first time.
    pub last_told_at: Option<Timestamp>,
    /// Per channel.
    pub channels: BTreeMap<Channel, ChannelStats>,
    /// How many receivers were not reached within 30 minutes and not yet at all.
    pub laggard_count: u64,
    /// The first 200 of them by name.
    pub laggards: Vec<Laggard>,
}

/// How many notices came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureRate {
    /// Arrived in the period.
    pub delivered: i64,
    /// Given up in the period.
    pub dead: i64,
    /// `dead / (delivered + dead)`; 0 when there were none.
    pub share: f64,
}

/// Notices and inbox messages about a topic, a page of at most `limit` after the id `after`
/// (empty for the first page).
///
/// # Errors
/// When the engine is away.
pub async fn notice_receipts(
    db: &Db,
    topic: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<Receipt>> {
    let rows = notices::about(db, topic, after, limit).await?;
    rows.iter().map(receipt).collect()
}

/// Who was told about a topic (a version id, as given to [`crate::send_webhook_about`] or as the
/// event's or message's subject), when, by which channel, and who is late.
///
/// # Errors
/// When the engine is away.
pub async fn notice_stats(db: &Db, topic: &str) -> Result<NoticeStats> {
    let mut tally = Tally::default();
    let mut after = String::new();
    loop {
        let page = notice_receipts(db, topic, &after, 1000).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for receipt in page {
            tally.take(receipt);
        }
    }
    Ok(tally.finish(topic, db.env().now()))
}

/// How many notices about a topic are on their way; costs far less than [`notice_stats`].
///
/// # Errors
/// When the engine is away.
pub async fn notices_pending(db: &Db, topic: &str) -> Result<i64> {
    notices::pending_about(db, topic).await
}

/// How many of the notices that ended within `period` before now came to nothing.
///
/// # Errors
/// When the engine is away.
pub async fn failure_rate(db: &Db, period: Duration) -> Result<FailureRate> {
    let (delivered, dead) = notices::ended(db, period).await?;
    #[allow(clippy::cast_precision_loss)] // a share of counts far below 2^52
    let share = match delivered + dead {
        0 => 0.0,
        all => dead as f64 / all as f64,
    };
    Ok(FailureRate {
        delivered,
        dead,
        share,
    })
}

#[derive(Default)]
struct Tally {
    channels: BTreeMap<Channel, ChannelStats>,
    receivers: BTreeMap<String, Laggard>,
}

impl Tally {
    fn take(&mut self, receipt: Receipt) {
        let channel = self.channels.entry(receipt.channel).or_default();
        channel.sent += 1;
        let told_at = match receipt.state {
            NoticeState::Delivered => receipt.ended_at,
            _ => None,
        };
        match receipt.state {
            NoticeState::Delivered => channel.delivered += 1,
            NoticeState::Pending => channel.pending += 1,
            NoticeState::Dead => channel.dead += 1,
            NoticeState::Skipped => channel.skipped += 1,
        }
        if let Some(at) = told_at {
            channel.waits.push(millis(receipt.queued_at, at));
        }
        let who = self
            .receivers
            .entry(receipt.receiver.clone())
            .or_insert_with(|| Laggard {
                receiver: receipt.receiver,
                since: receipt.queued_at,
                told_at: None,
                last_error: None,
            });
        who.since = who.since.min(receipt.queued_at);
        who.told_at = match (who.told_at, told_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        who.last_error = receipt.last_error.or(who.last_error.take());
    }

    fn finish(mut self, topic: &str, now: Timestamp) -> NoticeStats {
        for channel in self.channels.values_mut() {
            channel.waits.sort_unstable();
            channel.p50_ms = percentile(&channel.waits, 50);
            channel.p99_ms = percentile(&channel.waits, 99);
        }
        let in_time = |r: &Laggard| {
            let limit = u64::try_from(BUDGET.as_millis()).unwrap_or(u64::MAX);
            millis(r.since, r.told_at.unwrap_or(now)) <= limit
        };
        let count = |test: &dyn Fn(&Laggard) -> bool| {
            self.receivers.values().filter(|r| test(r)).count() as u64
        };
        let told = count(&|r| r.told_at.is_some());
        let told_in_time = count(&|r| r.told_at.is_some() && in_time(r));
        let laggard_count = count(&|r| !in_time(r));
        NoticeStats {
            topic: topic.to_owned(),
            receivers: self.receivers.len() as u64,
            told,
            told_in_time,
            first_at: self.receivers.values().map(|r| r.since).min(),
            last_told_at: self.receivers.values().filter_map(|r| r.told_at).max(),
            laggard_count,
            laggards: self
                .receivers
                .into_values()
                .filter(|r| !in_time(r))
                .take(NAMED)
                .collect(),
            channels: self.channels,
        }
    }
}

fn receipt(row: &Row) -> Result<Receipt> {
    Ok(Receipt {
        id: row.text("id")?,
        receiver: row.text("receiver")?,
        channel: row.parse("channel")?,
        state: row.parse("state")?,
        queued_at: row.time("queued_at")?,
        ended_at: row.opt_time("ended_at")?,
        attempts: row.int("attempts")?,
        last_error: row.opt_text("last_error")?,
    })
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or_default()
}

/// Nearest-rank percentile of sorted numbers.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}
