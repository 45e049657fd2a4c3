//! What distinguishes the two sites, and the navigation a caller sees.

use crate::i18n::T;
use crate::identity::Caller;
use futures::FutureExt;
use futures::future::BoxFuture;
use px_store::Db;
use std::fmt;
use std::sync::Arc;

/// One entry of the navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    pub(crate) key: &'static str,
    pub(crate) label: String,
    pub(crate) href: String,
    pub(crate) icon: &'static str,
    pub(crate) count: u64,
    pub(crate) alarm: bool,
}

impl NavItem {
    /// An entry; pages name themselves by the key.
    #[must_use]
    pub fn new(
        key: &'static str,
        icon: &'static str,
        label: impl Into<String>,
        href: impl Into<String>,
    ) -> Self {
        Self {
            key,
            label: label.into(),
            href: href.into(),
            icon,
            count: 0,
            alarm: false,
        }
    }

    /// A number beside it, hidden when zero.
    #[must_use]
    pub const fn count(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// Shows the number as an alarm.
    #[must_use]
    pub const fn alarm(mut self) -> Self {
        self.alarm = true;
        self
    }
}

/// Entries under one heading; an empty heading is not shown.
#[derive(Debug, Clone)]
pub struct NavGroup {
    pub(crate) title: String,
    pub(crate) items: Vec<NavItem>,
}

impl NavGroup {
    /// A group of entries.
    #[must_use]
    pub fn new(title: impl Into<String>, items: Vec<NavItem>) -> Self {
        Self {
            title: title.into(),
            items,
        }
    }
}

/// Numbers shown around every page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Unread in the inbox: the number on the bell.
    pub inbox: u64,
    /// By key of the navigation entry; alarms are shown in red.
    pub nav: Vec<(&'static str, u64, bool)>,
}

type CountFn = dyn Fn(Db, Caller) -> BoxFuture<'static, Counts> + Send + Sync;
type NavFn = dyn Fn(&T, &Caller) -> Vec<NavGroup> + Send + Sync;

/// One of the two sites.
#[derive(Clone)]
pub struct Site {
    pub(crate) key: &'static str,
    pub(crate) brand: String,
    pub(crate) tagline_key: &'static str,
    pub(crate) home: String,
    pub(crate) inbox: Option<String>,
    pub(crate) nav: Arc<NavFn>,
    pub(crate) counts: Option<Arc<CountFn>>,
}

impl Site {
    /// A site. The key (`market`, `admin`) names its cookies, so that two sites on one host do not
    /// sign each other out; the navigation is made for each caller.
    pub fn new(
        key: &'static str,
        brand: impl Into<String>,
        tagline_key: &'static str,
        nav: impl Fn(&T, &Caller) -> Vec<NavGroup> + Send + Sync + 'static,
    ) -> Self {
        Self {
            key,
            brand: brand.into(),
            tagline_key,
            home: "/".to_owned(),
            inbox: None,
            nav: Arc::new(nav),
            counts: None,
        }
    }

    /// Where the brand and a sign-in without a destination lead (`/` unless told).
    #[must_use]
    pub fn home(mut self, path: impl Into<String>) -> Self {
        self.home = path.into();
        self
    }

    /// Where the bell leads; without it there is no bell.
    #[must_use]
    pub fn inbox(mut self, path: impl Into<String>) -> Self {
        self.inbox = Some(path.into());
        self
    }

    /// Reads the numbers shown around every page of somebody signed in. A failure is the reader's to
    /// log; the page is shown without numbers then.
    #[must_use]
    pub fn counts<F>(mut self, read: impl Fn(Db, Caller) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Counts> + Send + 'static,
    {
        self.counts = Some(Arc::new(move |db, caller| read(db, caller).boxed()));
        self
    }

    /// Name of the session cookie.
    #[must_use]
    pub fn session_cookie(&self) -> String {
        format!("px_session_{}", self.key)
    }

    /// Name of the cookie that forms are compared with.
    #[must_use]
    pub fn csrf_cookie(&self) -> String {
        format!("px_csrf_{}", self.key)
    }

    /// Name of the cookie that carries a message over a redirect.
    #[must_use]
    pub fn flash_cookie(&self) -> String {
        format!("px_flash_{}", self.key)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({})", self.key)
    }
}

/// Light, dark, or as the browser likes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the browser likes it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All themes, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Value of the cookie.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Self::Auto => "device-desktop",
            Self::Light => "sun",
            Self::Dark => "moon",
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Auto => "theme-auto",
            Self::Light => "theme-light",
            Self::Dark => "theme-dark",
        }
    }

    /// Reads the cookie; anything else follows the browser.
    #[must_use]
    pub fn from_cookie(value: Option<&str>) -> Self {
        match value {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Auto,
        }
    }
}
