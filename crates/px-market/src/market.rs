//! The Marketplace as one cloneable handle.

use std::sync::Arc;

use px_store::{Blobs, Db, When};

use crate::app::error::AppResult;
use crate::app::keys::Keys;
use crate::app::shelves::Shelves;
use crate::app::templates::Templates;
use crate::app::upload_file::Writers;
use crate::store::row::VersionRow;
use crate::{CompatibilityRunner, MarketConfig};

/// The Marketplace; cheap to clone.
#[derive(Clone)]
pub struct Market(Arc<Inner>);

struct Inner {
    db: Db,
    blobs: Blobs,
    config: MarketConfig,
    keys: Keys,
    templates: Templates,
    writers: Writers,
    shelves: Shelves,
    compatibility: Arc<dyn CompatibilityRunner>,
}

impl Market {
    /// Opens the Marketplace on a migrated database; makes its keys under
    /// `config.data_dir/keys` on the first start.
    ///
    /// # Errors
    /// When keys or templates cannot be read or written.
    pub fn new(
        db: Db,
        blobs: Blobs,
        config: MarketConfig,
        compatibility: Arc<dyn CompatibilityRunner>,
    ) -> AppResult<Self> {
        let keys = Keys::open(&config.data_dir.join("keys"), db.env())?;
        let templates = Templates::load(config.notification_templates.as_deref())?;
        Ok(Self(Arc::new(Inner {
            db,
            blobs,
            config,
            keys,
            templates,
            writers: Writers::default(),
            shelves: Shelves::default(),
            compatibility,
        })))
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Bundles.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Settings.
    #[must_use]
    pub fn config(&self) -> &MarketConfig {
        &self.0.config
    }

    /// The Marketplace's own keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn templates(&self) -> &Templates {
        &self.0.templates
    }

    pub(crate) fn writers(&self) -> &Writers {
        &self.0.writers
    }

    pub(crate) fn shelves(&self) -> &Shelves {
        &self.0.shelves
    }

    pub(crate) fn compatibility(&self) -> &Arc<dyn CompatibilityRunner> {
        &self.0.compatibility
    }

    /// Passes a place in the work of a version's state; nothing happens unless a test listens.
    pub(crate) async fn pass(
        &self,
        row: &VersionRow,
        state: &'static str,
        when: When,
    ) -> AppResult<()> {
        let env = self.db().env();
        let subject = row.name_and_version();
        Ok(env.pass("version", state, when, &subject).await?)
    }

    /// The address people use, with a path.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        self.config()
            .public_url
            .join(path)
            .map_or_else(|_| path.to_owned(), Into::into)
    }

    /// `source` of this Marketplace's events.
    #[must_use]
    pub fn source(&self) -> String {
        "/marketplace".to_owned()
    }
}

impl std::fmt::Debug for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Market({:?})", self.db())
    }
}
