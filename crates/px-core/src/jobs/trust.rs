//! What a core believes: pinned at the first word, and changed by an operator only. Revocations are
//! taken over by themselves, because they only ever take trust away.

use jiff::SignedDuration;
use px_api::market::TrustDocument;
use px_model::AuditId;
use px_store::AuditEntry;
use serde_json::json;
use tracing::info;

use super::syncer::{Syncer, store};
use crate::app::authority::PlatformOps;
use crate::app::fault::Fault;
use crate::store::catalog;

/// How often what is pinned is compared with what the Marketplace says now.
const COMPARE: SignedDuration = SignedDuration::from_mins(10);

impl Syncer {
    /// Trusts what is pinned; pins the Marketplace's first word when nothing is.
    pub(super) async fn trust_pinned(&self) -> Result<(), Fault> {
        if self.trust.is_some() {
            return Ok(());
        }
        let known = catalog::trust(&self.db, &self.source)
            .await
            .map_err(store)?;
        let Some((pinned, at)) = known else {
            let document = self.marketplace.trust().await?;
            self.pin(&document).await?;
            info!(source = %self.source, "the Marketplace's keys are pinned");
            return Ok(());
        };
        self.verifier.trust(&pinned)?;
        let now = self.db.env().now();
        if now.duration_since(at).abs() < COMPARE {
            return Ok(());
        }
        self.compare(pinned).await
    }

    async fn pin(&self, document: &TrustDocument) -> Result<(), Fault> {
        self.verifier.trust(document)?;
        let mut tx = self.db.begin().await.map_err(store)?;
        catalog::pin_trust(&mut tx, &self.source, document)
            .await
            .map_err(store)?;
        tx.commit().await.map_err(store)
    }

    async fn compare(&self, mut pinned: TrustDocument) -> Result<(), Fault> {
        let says = self.marketplace.trust().await?;
        let same = says.publisher_roots == pinned.publisher_roots
            && says.listing_keys == pinned.listing_keys;
        for serial in says.revoked_serials {
            if !pinned.revoked_serials.contains(&serial) {
                pinned.revoked_serials.push(serial);
            }
        }
        self.pin(&pinned).await?;
        if same {
            return Ok(());
        }
        self.alert(
            "catalog.trust_changed",
            "The Marketplace names other keys than the pinned ones. Listings signed with them are refused until an operator accepts them, after asking the Marketplace's people on another way whether they are theirs.",
            "市场公布的密钥与已固定的不一致。在管理员通过其他渠道确认并接受之前，由新密钥签名的上架记录将被拒绝。",
        )
        .await
        .map_err(store)
    }

    /// Pins what the Marketplace says now, and reads the feed again from its beginning: what was
    /// refused before may be believed now.
    ///
    /// # Errors
    /// When the Marketplace or the database is away.
    pub async fn accept_trust(&self, ops: &PlatformOps) -> Result<AuditId, Fault> {
        let document = self.marketplace.trust().await?;
        self.verifier.trust(&document)?;
        let mut tx = self.db.begin().await.map_err(store)?;
        catalog::pin_trust(&mut tx, &self.source, &document)
            .await
            .map_err(store)?;
        catalog::sync_rewind(&mut tx, &self.source)
            .await
            .map_err(store)?;
        let entry = AuditEntry {
            actor: ops.actor.clone(),
            action: "catalog.trust_accepted".to_owned(),
            subject: self.source.clone(),
            tenant: None,
            detail: json!({"listingKeys": document.listing_keys, "publisherRoots": document.publisher_roots.len()}),
        };
        let audit = tx.audit(entry).await.map_err(store)?;
        tx.commit().await.map_err(store)?;
        Ok(audit)
    }
}
