//! Publishers: who may publish, and whose identity was verified.

use px_model::PublisherId;
use px_store::AuditEntry;
use serde_json::json;

use super::authority::OperatorAuth;
use super::error::AppResult;
use crate::Market;
use crate::store::publishers::{self, PublisherRow};

impl Market {
    /// Registers a publisher, or renames one. Its identity is not verified by this.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn put_publisher(
        &self,
        auth: &OperatorAuth,
        id: PublisherId,
        name: &str,
    ) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        publishers::put(&mut tx, id, name).await?;
        tx.audit(AuditEntry {
            actor: auth.actor.clone(),
            action: "publisher.registered".to_owned(),
            subject: id.to_string(),
            tenant: None,
            detail: json!({ "name": name }),
        })
        .await?;
        Ok(tx.commit().await?)
    }

    /// Says whether a publisher's identity counts as verified, and how that was found out.
    ///
    /// # Errors
    /// `PX-0205` when there is no such publisher.
    pub async fn verify_publisher(
        &self,
        auth: &OperatorAuth,
        id: PublisherId,
        verified: bool,
        reason: &str,
    ) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        publishers::get_tx(&mut tx, id).await?;
        publishers::set_verified(&mut tx, id, verified).await?;
        tx.audit(AuditEntry {
            actor: auth.actor.clone(),
            action: "publisher.verified".to_owned(),
            subject: id.to_string(),
            tenant: None,
            detail: json!({ "verified": verified, "reason": reason }),
        })
        .await?;
        Ok(tx.commit().await?)
    }

    /// All publishers, by name.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn publishers(&self, _auth: &OperatorAuth) -> AppResult<Vec<PublisherRow>> {
        Ok(publishers::list(self.db()).await?)
    }

    /// A publisher, if it is registered.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn publisher(&self, id: PublisherId) -> AppResult<Option<PublisherRow>> {
        Ok(publishers::find(self.db(), id).await?)
    }
}
