//! Asking for a review.

use px_api::market::VersionView;
use px_api::{Code, Problem};
use px_model::{VersionId, VersionState, event_type};
use px_store::{NewEvent, Tx};
use px_work::NewJob;
use serde_json::json;

use super::authority::{PublisherAuth, ViewerAuth};
use super::error::{AppError, AppResult};
use super::transition::{Step, current, step, wrong_state};
use super::upload::other_offset;
use crate::Market;
use crate::jobs::{INTAKE, Pipeline};
use crate::store::row::VersionRow;
use crate::store::{publishers, queue, versions};

impl Market {
    /// Submits a version whose bytes have all arrived; asking again after that changes nothing.
    ///
    /// # Errors
    /// `PX-0003` for a foreign version, `PX-0206` while bytes are missing, `PX-0205` in a state
    /// from which nothing is submitted, `PX-0211` before the publisher's identity is verified.
    pub async fn submit_review(
        &self,
        auth: &PublisherAuth,
        version: VersionId,
    ) -> AppResult<VersionView> {
        let row = self.own_version(auth, version).await?;
        if submitted_already(row.state) {
            return self
                .version_view(&ViewerAuth::Publisher(auth.clone()), version)
                .await;
        }
        // Nobody writes between the look at the length and the commit.
        let lock = match row.upload {
            Some(upload) => Some((
                upload,
                self.writers().lock(&self.config().data_dir, upload).await?,
            )),
            None => None,
        };
        let row = self.own_version(auth, version).await?;
        let done = if submitted_already(row.state) {
            Ok(())
        } else {
            self.submit_now(auth, &row).await
        };
        if let Some((upload, lock)) = &lock {
            self.writers().forget(*upload, lock);
        }
        done?;
        self.version_view(&ViewerAuth::Publisher(auth.clone()), version)
            .await
    }

    async fn submit_now(&self, auth: &PublisherAuth, row: &VersionRow) -> AppResult<()> {
        if !row.state.accepts_bytes() {
            return Err(wrong_state(row, "publish it again before you submit it").into());
        }
        let received = self.received(row).await?;
        if received != row.size {
            return Err(other_offset(row.size, received, row.size).into());
        }
        let mut tx = self.db().begin().await?;
        if !publishers::get_tx(&mut tx, auth.publisher).await?.verified {
            return Err(AppError::refuse(
                Code::PublisherUnverified,
                format!(
                    "{} has not been verified yet; the upload is kept",
                    row.publisher_name
                ),
            ));
        }
        self.write_submission(&mut tx, auth, row).await?;
        tx.commit().await?;
        metrics::counter!("marketplace_publish_count", "channel" => row.channel.as_str())
            .increment(1);
        Ok(())
    }

    async fn write_submission(
        &self,
        tx: &mut Tx,
        auth: &PublisherAuth,
        row: &VersionRow,
    ) -> AppResult<()> {
        let now = tx.env().now();
        let change = Step {
            actor: &auth.actor,
            to: VersionState::Submitted,
            action: "version.submitted",
            note: None,
            detail: json!({ "upload": row.upload, "round": row.round }),
        };
        step(tx, row, change).await?;
        queue::set_submitted(tx, row.id, now).await?;
        queue::set_clock(tx, row.id, &row.clock.start(now, self.config().review_sla)).await?;
        tx.emit(NewEvent {
            kind: event_type::RECEIVED,
            source: self.source(),
            subject: row.id.to_string(),
            data: current(row),
        })
        .await?;
        let pipeline = Pipeline {
            version_id: row.id,
            round: row.round,
        };
        px_work::enqueue(
            tx,
            NewJob::new(INTAKE, serde_json::to_value(&pipeline)?).unique(pipeline.key()),
        )
        .await?;
        Ok(())
    }

    /// A version of the caller's publisher; others do not exist for the caller.
    pub(crate) async fn own_version(
        &self,
        auth: &PublisherAuth,
        version: VersionId,
    ) -> AppResult<VersionRow> {
        let row = versions::get(self.db(), version).await?;
        if row.publisher == auth.publisher {
            Ok(row)
        } else {
            Err(Problem::new(Code::NotFound, "there is no such version").into())
        }
    }
}

const fn submitted_already(state: VersionState) -> bool {
    matches!(
        state,
        VersionState::Submitted
            | VersionState::Scanning
            | VersionState::InReview
            | VersionState::Approved
            | VersionState::Listed
    )
}
