//! Follows the Marketplace's feed: every event has its effect exactly once, in order, and nothing is
//! believed that the pinned trust document does not vouch for.

use std::sync::Arc;
use std::time::Duration;

use px_api::market::{ListedVersion, TrustDocument};
use px_model::{Event, VersionState, event_type};
use px_notify::{NewAlert, Severity, Text2, raise_alert, resolve_alert};
use px_store::{Actor, Db, Result, Tx};
use tracing::warn;

use crate::app::authority::TenantScope;
use crate::app::fault::Fault;
use crate::app::news::{self, Meaning};
use crate::app::ports::{Marketplace, Verifier};
use crate::app::rollout::{RolloutState, assign, rings_of};
use crate::store::aftermath::{self, OPERATORS};
use crate::store::{catalog, holdings, rollouts};

/// Looks that a gap may survive before operators are told.
const GAPS: u32 = 3;

/// Follows one Marketplace.
pub struct Syncer {
    /// The core's database.
    pub db: Db,
    /// Address of the Marketplace; names the cursor.
    pub source: String,
    /// The Marketplace.
    pub marketplace: Arc<dyn Marketplace>,
    /// Decides what is believed.
    pub verifier: Arc<dyn Verifier>,
    /// What is trusted by the settings; goes before what is pinned.
    pub trust: Option<TrustDocument>,
    /// Whether upgrades by policy are allowed here (`PX_ONLINE_AUTO_UPGRADE`).
    pub auto_upgrade: bool,
    /// Longest wait of one question, so that the end of the process is not held up.
    pub wait: Duration,
}

enum Taken {
    /// The event had its effect, or had had it before.
    Done,
    /// An event before it is missing.
    Gap,
}

impl Syncer {
    /// Follows until cancelled.
    pub async fn run(&self) {
        let mut failures = 0_u32;
        loop {
            match self.once().await {
                Ok(_) => failures = 0,
                Err(error) => {
                    warn!(%error, "the Marketplace's feed could not be followed");
                    failures = (failures + 1).min(5);
                    tokio::time::sleep(Duration::from_secs(1 << failures)).await;
                }
            }
        }
    }

    /// Asks once, waiting for news; answers how many events were taken.
    ///
    /// # Errors
    /// When the Marketplace or the database is away; asked again, it continues where it was.
    pub async fn once(&self) -> Result<usize, Fault> {
        let done = self.ask().await;
        let outcome = match &done {
            Ok((_, head)) => Ok(*head),
            Err(fault) => Err(fault.to_string()),
        };
        let outcome = outcome.as_ref().map(|head| *head).map_err(String::as_str);
        if let Err(error) = self.polled(outcome).await {
            warn!(%error, "the state of the sync could not be written");
        }
        done.map(|(taken, _)| taken)
    }

    async fn polled(&self, outcome: std::result::Result<i64, &str>) -> Result<()> {
        let mut tx = self.db.begin().await?;
        catalog::sync_begin(&mut tx, &self.source).await?;
        catalog::sync_polled(&mut tx, &self.source, outcome).await?;
        tx.commit().await
    }

    async fn ask(&self) -> Result<(usize, i64), Fault> {
        self.trust_pinned().await?;
        let mut taken = 0;
        for _ in 0..GAPS {
            let state = catalog::sync_state(&self.db, &self.source)
                .await
                .map_err(store)?;
            let mut page = self.marketplace.feed(state.cursor, self.wait).await?;
            // Something on the way may have turned the page around.
            page.events.sort_by_key(|event| event.sequence);
            let mut gap = false;
            for event in &page.events {
                match self.take(event).await.map_err(store)? {
                    Taken::Done => taken += 1,
                    Taken::Gap => {
                        gap = true;
                        break;
                    }
                }
            }
            if !gap {
                return Ok((taken, page.head));
            }
        }
        self.alert("catalog.gap", "An event of the Marketplace's feed is missing, again and again. Nothing after it is taken until it comes.", "市场事件流持续缺失事件，在其补齐之前不会处理后续事件。")
            .await
            .map_err(store)?;
        let text = "An event of the feed is missing.";
        Err(Fault::infrastructure(
            px_api::Code::Unavailable,
            "gap",
            text,
        ))
    }

    /// Takes one event in one transaction with the cursor.
    async fn take(&self, event: &Event) -> Result<Taken> {
        let Some(seq) = event.sequence else {
            return Ok(Taken::Done);
        };
        let mut tx = self.db.begin().await?;
        catalog::sync_begin(&mut tx, &self.source).await?;
        if !catalog::sync_advance(&mut tx, &self.source, seq - 1, seq).await? {
            tx.rollback().await?;
            let now = catalog::sync_state(&self.db, &self.source).await?;
            if seq <= now.cursor {
                return Ok(Taken::Done);
            }
            let mut tx = self.db.begin().await?;
            catalog::sync_count(&mut tx, &self.source, 1, 0).await?;
            tx.commit().await?;
            return Ok(Taken::Gap);
        }
        self.effect(&mut tx, event).await?;
        tx.commit().await?;
        Ok(Taken::Done)
    }

    async fn effect(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        let listing = matches!(
            event.kind.as_str(),
            event_type::PLUGIN_APPROVED | event_type::PLUGIN_WITHDRAWN
        );
        if !listing {
            return Ok(());
        }
        let listed = event.data.get("listed").cloned().unwrap_or_default();
        let believed = serde_json::from_value::<ListedVersion>(listed)
            .map_err(|e| e.to_string())
            .and_then(|listed| match self.verifier.listing(&listed) {
                Ok(()) => Ok(listed),
                Err(fault) => Err(fault.to_string()),
            });
        match believed {
            Ok(listed) if event.kind == event_type::PLUGIN_APPROVED => {
                self.listed(tx, &listed).await
            }
            Ok(listed) => withdrawn(tx, &listed).await,
            Err(why) => self.refuse(tx, event, &why).await,
        }
    }

    /// A listing nobody vouches for is not believed; somebody has to look why it came.
    async fn refuse(&self, tx: &mut Tx, event: &Event, why: &str) -> Result<()> {
        warn!(event = %event.id, why, "listing refused");
        catalog::sync_count(tx, &self.source, 0, 1).await?;
        let id = &event.id;
        raise_alert(
            tx,
            NewAlert {
                audience: OPERATORS.to_owned(),
                severity: Severity::Critical,
                kind: "catalog.refused".to_owned(),
                title: Text2::new("A listing was refused", "已拒绝一条上架记录"),
                body: Text2::new(
                    format!("Event {id} of the Marketplace is not vouched for by the pinned keys: {why} It was not believed."),
                    format!("市场事件 {id} 未通过已固定密钥的验证：{why} 已拒绝。"),
                ),
                tenant: None,
                subject: Some(event.subject.clone()),
                dedup: Some(format!("catalog.refused-{}", event.subject)),
            },
        )
        .await
        .map(drop)
    }

    /// The catalog, the tenants' inboxes, the reports and the rollout: all with the event.
    async fn listed(&self, tx: &mut Tx, listed: &ListedVersion) -> Result<()> {
        catalog::put(tx, listed).await?;
        let plan = news::plan_of(listed);
        let every = TenantScope::every();
        let mut candidates = Vec::new();
        for holding in holdings::of_plugin(tx, &every, &listed.plugin_id).await? {
            let meaning = news::meaning(listed, plan.as_ref(), &holding, self.auto_upgrade);
            if meaning == Meaning::Nothing {
                continue;
            }
            let body = news::words(&meaning, &listed.plugin_id);
            let (version, id) = (&listed.version, listed.version_id);
            aftermath::news(tx, holding.tenant, &listed.name, version, id, body).await?;
            aftermath::installable(tx, holding.tenant, &listed.plugin_id, id).await?;
            if meaning == Meaning::Automatic {
                candidates.push(holding.candidate());
            }
        }
        if candidates.is_empty() {
            return Ok(());
        }
        supersede(tx, listed).await?;
        let rings = rings_of(plan.as_ref(), listed.channel);
        let members = assign(&candidates, &listed.version_id.to_string(), &rings);
        let actor = Actor::system("syncer");
        let about = (
            &listed.plugin_id,
            &listed.version,
            listed.version_id,
            listed.channel,
        );
        rollouts::create(tx, &actor, about, &rings, members).await?;
        Ok(())
    }

    pub(super) async fn alert(&self, kind: &str, en: &str, zh: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        raise_alert(
            &mut tx,
            NewAlert {
                audience: OPERATORS.to_owned(),
                severity: Severity::Critical,
                kind: kind.to_owned(),
                title: Text2::new("The catalog cannot be followed", "无法同步市场目录"),
                body: Text2::new(en, zh),
                tenant: None,
                subject: None,
                dedup: Some(kind.to_owned()),
            },
        )
        .await?;
        tx.commit().await
    }

    /// Raises an alert when the Marketplace has not answered for `limit`, and closes it when it has.
    ///
    /// # Errors
    /// When the engine is away.
    pub async fn watch_staleness(&self, limit: Duration) -> Result<bool> {
        let state = catalog::sync_state(&self.db, &self.source).await?;
        let now = self.db.env().now();
        let stale = state.polled_at.is_none_or(|at| now > at + limit);
        if stale {
            self.alert(
                "catalog.stale",
                "The Marketplace has not answered for a while. New versions are not seen until it does; what is installed keeps running.",
                "市场长时间没有响应，暂时无法获知新版本；已安装的插件不受影响。",
            )
            .await?;
        } else {
            let mut tx = self.db.begin().await?;
            resolve_alert(&mut tx, OPERATORS, "catalog.stale").await?;
            tx.commit().await?;
        }
        Ok(stale)
    }
}

/// A newer release takes the place of the open rollouts of its channel.
async fn supersede(tx: &mut Tx, listed: &ListedVersion) -> Result<()> {
    for rollout in rollouts::open_in(tx, &listed.plugin_id).await? {
        if rollout.channel == listed.channel && rollout.version < listed.version {
            let reason = format!("{} took its place.", listed.version);
            let actor = Actor::system("syncer");
            let to = RolloutState::Superseded;
            rollouts::set_state(tx, &rollout, to, Some(&reason), &actor).await?;
        }
    }
    Ok(())
}

/// A version that is no longer offered: not installed any more, its rollout stopped.
async fn withdrawn(tx: &mut Tx, listed: &ListedVersion) -> Result<()> {
    let known = catalog::set_state(tx, listed.version_id, listed.state).await?;
    if !known && listed.state != VersionState::Listed {
        catalog::put(tx, listed).await?;
    }
    for rollout in rollouts::open_in(tx, &listed.plugin_id).await? {
        if rollout.version_id == listed.version_id {
            let reason = format!("The version is {} on the Marketplace.", listed.state);
            let actor = Actor::system("syncer");
            let to = RolloutState::Withdrawn;
            rollouts::set_state(tx, &rollout, to, Some(&reason), &actor).await?;
        }
    }
    crate::store::installs::cancel_early(tx, listed.version_id).await?;
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
pub(super) fn store(error: px_store::StoreError) -> Fault {
    Fault::infrastructure(px_api::Code::Unavailable, "database", error.to_string())
}
