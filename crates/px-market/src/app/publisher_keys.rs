//! Publishers' signing keys: registered, certified, revoked.

use jiff::SignedDuration;
use px_api::market::{KeyRequest, KeyView, TrustDocument};
use px_api::{Code, Problem};
use px_model::KeyId;
use px_package::signature::{CertificateChain, PublicKey, PublisherIdentity, Validity};
use px_store::{Actor, AuditEntry, Tx};
use serde_json::json;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::authority::{OperatorAuth, PublisherAuth};
use super::error::{AppError, AppResult};
use super::keys::rng;
use super::publish::add;
use crate::Market;
use crate::store::keys::{self, KeyRow};
use crate::store::publishers::{self, PublisherRow};

impl Market {
    /// Certifies a publisher's key. The same key again answers the certificate that is there, or a
    /// fresh one when more than half of its time has passed.
    ///
    /// # Errors
    /// `PX-0005` when it is no Ed25519 key, was revoked or belongs to somebody else; `PX-0211`
    /// before the publisher's identity is verified.
    pub async fn register_key(
        &self,
        auth: &PublisherAuth,
        request: &KeyRequest,
    ) -> AppResult<KeyView> {
        let key = PublicKey::from_pem(&request.public_key).map_err(|e| {
            unusable_key(
                "/publicKey",
                &e.to_string(),
                "Send the PEM that `px-plugin keys` prints",
            )
        })?;
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            let problem =
                unusable_key("/name", "a name has 1 to 64 characters", "Name the machine");
            return Err(problem.into());
        }
        let mut tx = self.db().begin().await?;
        let publisher = publishers::get_tx(&mut tx, auth.publisher).await?;
        if !publisher.verified {
            return Err(AppError::refuse(
                Code::PublisherUnverified,
                "keys are certified once the publisher's identity is verified",
            ));
        }
        let known = keys::by_fingerprint(&mut tx, &key.fingerprint().to_string()).await?;
        let row = match known {
            None => self.certify(&mut tx, auth, &publisher, key, name).await?,
            Some(row) => {
                self.certified_before(&mut tx, auth, &publisher, key, row)
                    .await?
            }
        };
        tx.commit().await?;
        Ok(view(&row))
    }

    async fn certify(
        &self,
        tx: &mut Tx,
        auth: &PublisherAuth,
        publisher: &PublisherRow,
        key: PublicKey,
        name: &str,
    ) -> AppResult<KeyRow> {
        let mut row = KeyRow {
            id: KeyId::from_uuid(tx.env().uuid()),
            publisher: publisher.id,
            name: name.to_owned(),
            fingerprint: key.fingerprint().to_string(),
            public_key: key.to_pem().map_err(fault)?,
            chain: String::new(),
            serial: String::new(),
            not_after: tx.env().now(),
            created_at: tx.env().now(),
            revoked_at: None,
        };
        self.issue(&mut row, publisher, key)?;
        keys::insert(tx, &row).await?;
        audit(tx, &auth.actor, "key.certified", &row, "").await?;
        Ok(row)
    }

    async fn certified_before(
        &self,
        tx: &mut Tx,
        auth: &PublisherAuth,
        publisher: &PublisherRow,
        key: PublicKey,
        mut row: KeyRow,
    ) -> AppResult<KeyRow> {
        if row.publisher != auth.publisher {
            return Err(unusable_key(
                "/publicKey",
                "this key is registered by another publisher",
                "Make a key of your own with `px-plugin keys generate`",
            )
            .into());
        }
        if row.revoked_at.is_some() {
            return Err(unusable_key(
                "/publicKey",
                "this key was revoked, which is for ever",
                "Make a new key with `px-plugin keys generate`",
            )
            .into());
        }
        let left = row.not_after.duration_since(tx.env().now());
        if left < self.config().certificate_lifetime / 2 {
            self.issue(&mut row, publisher, key)?;
            keys::renew(tx, &row).await?;
            audit(tx, &auth.actor, "key.renewed", &row, "").await?;
        }
        Ok(row)
    }

    fn issue(&self, row: &mut KeyRow, publisher: &PublisherRow, key: PublicKey) -> AppResult<()> {
        let env = self.db().env();
        let now = env.now();
        let validity = Validity {
            // Clocks of other machines may be a little behind.
            not_before: add(now, -SignedDuration::from_mins(5)),
            not_after: add(now, self.config().certificate_lifetime),
        };
        let identity = PublisherIdentity {
            name: &publisher.name.chars().take(64).collect::<String>(),
            id: publisher.id,
            key,
        };
        let chain = self
            .keys()
            .ca
            .issue(&identity, validity, &mut rng(env))
            .map_err(fault)?;
        row.serial = serial(&chain)?;
        row.chain = chain.to_pem();
        row.not_after = validity.not_after;
        Ok(())
    }

    /// The publisher's keys, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn publisher_keys(&self, auth: &PublisherAuth) -> AppResult<Vec<KeyView>> {
        let rows = keys::of_publisher(self.db(), auth.publisher).await?;
        Ok(rows.iter().map(view).collect())
    }

    /// Revokes a key: what it signs from now on does not verify; what is listed stays listed.
    ///
    /// # Errors
    /// `PX-0003` when the publisher has no such key; `PX-0304` without a reason.
    pub async fn revoke_key(
        &self,
        auth: &PublisherAuth,
        id: KeyId,
        reason: &str,
    ) -> AppResult<KeyView> {
        self.revoke(&auth.actor, auth.publisher, id, reason).await
    }

    /// Revokes a publisher's key on behalf of the Marketplace.
    ///
    /// # Errors
    /// `PX-0003` when the publisher has no such key; `PX-0304` without a reason.
    pub async fn revoke_key_of(
        &self,
        auth: &OperatorAuth,
        publisher: px_model::PublisherId,
        id: KeyId,
        reason: &str,
    ) -> AppResult<KeyView> {
        self.revoke(&auth.actor, publisher, id, reason).await
    }

    async fn revoke(
        &self,
        actor: &Actor,
        publisher: px_model::PublisherId,
        id: KeyId,
        reason: &str,
    ) -> AppResult<KeyView> {
        let reason = super::status::why(reason)?;
        let mut tx = self.db().begin().await?;
        let row = keys::get(&mut tx, publisher, id).await?;
        if row.revoked_at.is_none() {
            keys::revoke(&mut tx, id, reason).await?;
            audit(&mut tx, actor, "key.revoked", &row, reason).await?;
        }
        let row = keys::get(&mut tx, publisher, id).await?;
        tx.commit().await?;
        Ok(view(&row))
    }

    /// What a core must trust.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn trust(&self) -> AppResult<TrustDocument> {
        let revoked = keys::revoked(self.db()).await?;
        Ok(TrustDocument {
            publisher_roots: vec![self.keys().ca.certificate_pem()],
            listing_keys: vec![self.keys().listing_public()],
            revoked_serials: revoked.into_iter().map(|(serial, _)| serial).collect(),
        })
    }
}

fn serial(chain: &CertificateChain) -> AppResult<String> {
    let leaf = chain.certificates().first().map_or(&[][..], Vec::as_slice);
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(fault)?;
    Ok(hex::encode(certificate.raw_serial()))
}

fn fault(e: impl std::fmt::Display) -> AppError {
    AppError::Fault(format!("certificate: {e}"))
}

fn unusable_key(pointer: &str, what: &str, remedy: &str) -> Problem {
    Problem::new(Code::InvalidField, what).field(pointer, what, remedy)
}

fn view(row: &KeyRow) -> KeyView {
    KeyView {
        key_id: row.id,
        publisher_id: row.publisher,
        name: row.name.clone(),
        fingerprint: row.fingerprint.clone(),
        certificate_chain: row.chain.clone(),
        serial: row.serial.clone(),
        not_after: row.not_after,
        revoked: row.revoked_at.is_some(),
    }
}

async fn audit(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    key: &KeyRow,
    reason: &str,
) -> AppResult<()> {
    tx.audit(AuditEntry {
        actor: actor.clone(),
        action: action.to_owned(),
        subject: key.id.to_string(),
        tenant: None,
        detail: json!({
            "publisher": key.publisher, "name": key.name, "fingerprint": key.fingerprint,
            "serial": key.serial, "notAfter": key.not_after, "reason": reason,
        }),
    })
    .await?;
    Ok(())
}
