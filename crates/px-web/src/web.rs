//! What all requests of one server share.

use crate::http::{Limiter, Limits, Meter};
use crate::i18n::Words;
use crate::identity::Remembered;
use crate::shell::Site;
use http::request::Parts;
use px_store::{Db, Env};
use std::fmt;
use std::sync::Arc;

/// Handle shared by layers, extractors and pages; cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    db: Db,
    words: Arc<Words>,
    site: Site,
    secure_cookies: bool,
    trust_forwarded: bool,
    by_address: Limiter,
    by_caller: Limiter,
    remembered: Remembered,
    meter: Meter,
}

/// How a [`Web`] is set up.
#[derive(Debug)]
pub struct WebConfig {
    /// Where identity is stored; its clock and randomness are used throughout.
    pub db: Db,
    /// All words of the site.
    pub words: Words,
    /// The site.
    pub site: Site,
    /// Marks cookies `Secure`; set it when the site is served over TLS.
    pub secure_cookies: bool,
    /// Takes the client's address from the last entry of `X-Forwarded-For`, which a proxy in front
    /// must set.
    pub trust_forwarded: bool,
    /// How many requests are taken.
    pub limits: Limits,
}

impl Web {
    /// Builds the handle.
    #[must_use]
    pub fn new(config: WebConfig) -> Self {
        Self(Arc::new(Inner {
            db: config.db,
            words: Arc::new(config.words),
            site: config.site,
            secure_cookies: config.secure_cookies,
            trust_forwarded: config.trust_forwarded,
            by_address: Limiter::new(config.limits.per_address),
            by_caller: Limiter::new(config.limits.per_caller),
            remembered: Remembered::default(),
            meter: Meter::default(),
        }))
    }

    /// The handle that [`crate::wrap`] put into the request.
    ///
    /// # Panics
    /// When the router was not wrapped, which is a fault of the program's composition and shows
    /// with its first request.
    #[must_use]
    pub(crate) fn of(parts: &Parts) -> Self {
        match parts.extensions.get::<Self>() {
            Some(web) => web.clone(),
            None => panic!("the router is not wrapped by px_web::wrap"),
        }
    }

    /// The database identity is stored in.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Clock, ids and randomness.
    #[must_use]
    pub fn env(&self) -> &Env {
        self.0.db.env()
    }

    /// The site's words.
    #[must_use]
    pub fn words(&self) -> Arc<Words> {
        Arc::clone(&self.0.words)
    }

    /// The site.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// Whether cookies are marked `Secure`.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.0.secure_cookies
    }

    pub(crate) fn trust_forwarded(&self) -> bool {
        self.0.trust_forwarded
    }

    pub(crate) fn by_address(&self) -> &Limiter {
        &self.0.by_address
    }

    pub(crate) fn remembered(&self) -> &Remembered {
        &self.0.remembered
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.0.meter
    }

    pub(crate) fn by_caller(&self) -> &Limiter {
        &self.0.by_caller
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Web({:?})", self.0.site)
    }
}
