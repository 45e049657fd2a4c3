//! Registering a version.

use jiff::{SignedDuration, Timestamp};
use px_api::market::{PublishAnswer, PublishRequest, Sla};
use px_api::{Code, Problem};
use px_model::{PublishId, ReviewId, UploadId, VersionId, VersionState};
use px_store::{AuditEntry, Replay, Tx, recall, remember};
use serde_json::json;

use super::authority::PublisherAuth;
use super::clock::ReviewClock;
use super::error::{AppError, AppResult};
use super::facts::risk_of;
use super::publish_plan::{self, PublishPlan};
use super::transition::{Step, record, step};
use crate::Market;
use crate::store::row::VersionRow;
use crate::store::versions::Registration;
use crate::store::{publishers, queue, timeline, versions};

impl Market {
    /// Registers a version: the same `publishRequestId` twice is one version, two requests for one
    /// number have one winner.
    ///
    /// # Errors
    /// `PX-0201` while publishing is closed, `PX-0202`…`PX-0204`, `PX-0212`, `PX-0005`, `PX-0006`, `PX-0008`.
    pub async fn publish(
        &self,
        auth: &PublisherAuth,
        request: &PublishRequest,
    ) -> AppResult<PublishAnswer> {
        if !self.config().publish_enabled {
            return Err(AppError::refuse(
                Code::PublishDisabled,
                "the operator has closed publishing; nothing was registered",
            ));
        }
        publish_plan::check_request(request, self.config())?;
        let sla = self.sla().await?;
        // Who loses a race for a number or an idempotency key looks again and sees the winner.
        for _ in 0..3 {
            match self.register_version(auth, request, sla).await {
                Err(e) if e.is_conflict() => {}
                result => return result,
            }
        }
        self.register_version(auth, request, sla).await
    }

    async fn register_version(
        &self,
        auth: &PublisherAuth,
        request: &PublishRequest,
        sla: Sla,
    ) -> AppResult<PublishAnswer> {
        let body = serde_json::to_vec(request)?;
        let scope = format!("publish:{}", auth.publisher);
        let key = &request.publish_request_id;
        let mut tx = self.db().begin().await?;
        if let Replay::Same(answer) = recall(&mut tx, &scope, key, &body).await? {
            return Ok(answer);
        }
        self.check_owner_and_quota(&mut tx, auth, request).await?;
        let now = tx.env().now();
        let existing = versions::by_number(&mut tx, &request.plugin_id, &request.version).await?;
        let offered = versions::offered(&mut tx, &request.plugin_id, Some(request.channel)).await?;
        let plan = publish_plan::plan(request, existing.as_ref(), &offered, now)?;
        let row = match (plan, existing) {
            (PublishPlan::Restart { to, keep_clock }, Some(old)) => {
                self.restart(&mut tx, auth, request, &old, (to, keep_clock))
                    .await?
            }
            _ => self.create(&mut tx, auth, request).await?,
        };
        let answer = PublishAnswer {
            publish_id: row.publish,
            version_id: row.id,
            review_id: row.review,
            status: "queued".to_owned(),
            upload_url: self.upload_url(&row),
            sla,
            next_check_at: add(now, SignedDuration::from_mins(1)),
        };
        remember(&mut tx, &scope, key, &body, &answer)?;
        tx.commit().await?;
        metrics::counter!("plugin_online_publish_count", "channel" => request.channel.as_str())
            .increment(1);
        Ok(answer)
    }

    async fn check_owner_and_quota(
        &self,
        tx: &mut Tx,
        auth: &PublisherAuth,
        request: &PublishRequest,
    ) -> AppResult<()> {
        // Named before the plugin's row, which refers to it.
        publishers::get_tx(tx, auth.publisher).await?;
        let owner = publishers::own_plugin(tx, &request.plugin_id, auth.publisher).await?;
        if owner != auth.publisher {
            return Err(Problem::new(
                Code::PluginOwned,
                format!("{} was registered by another publisher", request.plugin_id),
            )
            .field(
                "/pluginId",
                "it is taken",
                "Choose an id under your own domain",
            )
            .into());
        }
        let open = versions::count_open(tx, auth.publisher).await?;
        if open >= u64::from(self.config().max_open_versions) {
            return Err(Problem::new(
                Code::QuotaExceeded,
                format!("{open} versions are under way"),
            )
            .with_current(json!({ "limit": self.config().max_open_versions, "unit": "versions" }))
            .into());
        }
        Ok(())
    }

    async fn create(
        &self,
        tx: &mut Tx,
        auth: &PublisherAuth,
        request: &PublishRequest,
    ) -> AppResult<VersionRow> {
        let now = tx.env().now();
        let mut row = self.fresh(tx, auth, request);
        row.publisher_name = publishers::get_tx(tx, auth.publisher).await?.name;
        versions::insert(tx, &Registration { row: &row, at: now }).await?;
        timeline::add(tx, row.id, row.state, &auth.actor.name, None);
        tx.audit(AuditEntry {
            actor: auth.actor.clone(),
            action: "version.registered".to_owned(),
            subject: row.id.to_string(),
            tenant: None,
            detail: registered(&row),
        })
        .await?;
        Ok(row)
    }

    async fn restart(
        &self,
        tx: &mut Tx,
        auth: &PublisherAuth,
        request: &PublishRequest,
        old: &VersionRow,
        (to, keep_clock): (Option<VersionState>, bool),
    ) -> AppResult<VersionRow> {
        let now = tx.env().now();
        let old = match to {
            None => old.clone(),
            Some(to) => {
                let change = Step {
                    actor: &auth.actor,
                    to,
                    action: "version.reopened",
                    note: None,
                    detail: json!({ "publishRequestId": request.publish_request_id }),
                };
                step(tx, old, change).await?
            }
        };
        let row = VersionRow {
            id: old.id,
            review: old.review,
            state: old.state,
            revision: old.revision,
            round: old.round + 1,
            ..self.fresh(tx, auth, request)
        };
        if old.clock.running_from.is_some() {
            queue::set_clock(tx, row.id, &old.clock.pause(now)).await?;
        }
        let row = VersionRow {
            revision: versions::get_tx(tx, row.id).await?.revision,
            ..row
        };
        versions::restart(tx, &Registration { row: &row, at: now }, keep_clock).await?;
        record(
            tx,
            &auth.actor,
            "version.registered",
            &row,
            registered(&row),
        )
        .await?;
        Ok(versions::get_tx(tx, row.id).await?)
    }

    /// A row as it would be for a number that was never registered.
    fn fresh(&self, tx: &Tx, auth: &PublisherAuth, request: &PublishRequest) -> VersionRow {
        let env = tx.env();
        let now = env.now();
        VersionRow {
            id: VersionId::from_uuid(env.uuid()),
            review: ReviewId::from_uuid(env.uuid()),
            publish: PublishId::from_uuid(env.uuid()),
            plugin: request.plugin_id.clone(),
            publisher: auth.publisher,
            publisher_name: String::new(),
            version: request.version.clone(),
            channel: request.channel,
            state: VersionState::Draft,
            revision: 1,
            round: 1,
            sha256: request.artifact.sha256,
            size: request.artifact.size,
            upload: Some(UploadId::from_uuid(env.uuid())),
            upload_expires: add(now, self.config().upload_ttl),
            permissions: request.permissions.clone(),
            dependencies: request.dependencies.clone(),
            signatures: request
                .signatures
                .iter()
                .map(|s| s.key_fingerprint.clone())
                .collect(),
            notes: request.notes.clone(),
            rollout: request.rollout.clone(),
            facts: None,
            risk: risk_of(&request.permissions, None),
            submitted_at: None,
            clock: ReviewClock::default(),
            warned: 0,
            verdict: None,
            findings: 0,
            claim_token: 0,
            claim: None,
            decision_notes: None,
            listing: None,
            created_at: now,
            listed_at: None,
        }
    }

    /// The promise for a review: the recent median, and the limit.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sla(&self) -> AppResult<Sla> {
        let mut recent = queue::recent_durations(self.db(), 50).await?;
        recent.sort_unstable();
        let max = self.config().review_sla.as_secs().unsigned_abs();
        let median = recent
            .get(recent.len() / 2)
            .map(|micros| micros.unsigned_abs() / 1_000_000);
        Ok(Sla {
            expected_review_duration: median.unwrap_or(max / 2).clamp(1, max.max(1)),
            max_duration: max,
        })
    }

    /// Address of a version's upload resource, relative to the Marketplace.
    #[must_use]
    pub fn upload_url(&self, row: &VersionRow) -> String {
        row.upload
            .map(|upload| format!("/api/marketplace/uploads/{upload}"))
            .unwrap_or_default()
    }
}

fn registered(row: &VersionRow) -> serde_json::Value {
    json!({
        "plugin": row.plugin, "version": row.version, "channel": row.channel, "sha256": row.sha256,
        "size": row.size, "publish": row.publish, "round": row.round,
    })
}

pub(crate) fn add(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}
