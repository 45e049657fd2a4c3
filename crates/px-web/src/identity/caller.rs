//! Who asks.

use px_model::{AccountId, InstallationId, PublisherId, Role, Scope, SessionId, TenantId, TokenId};
use px_store::Actor;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Over what a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// The whole site.
    Everywhere,
    /// One publisher.
    Publisher(PublisherId),
    /// One tenant.
    Tenant(TenantId),
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("*"),
            Self::Publisher(id) => id.fmt(f),
            Self::Tenant(id) => id.fmt(f),
        }
    }
}

impl FromStr for Reach {
    type Err = px_model::IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self::Everywhere);
        }
        if text.starts_with(TenantId::PREFIX) {
            return text.parse().map(Self::Tenant);
        }
        text.parse().map(Self::Publisher)
    }
}

/// A role and what it reaches over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Over what.
    pub reach: Reach,
}

/// Through what the caller came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Door {
    /// A signed-in browser, which may do all its account may.
    Session(SessionId),
    /// A token, which may do what its scopes say and its account may.
    Token(TokenId, BTreeSet<Scope>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) account: AccountId,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) installation: Option<InstallationId>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) door: Door,
    pub(crate) expires_at: jiff::Timestamp,
}

/// Who asks: nobody known, or an account with its roles, through a session or a token.
///
/// Every handler may look at it; what needs a right takes an authority extractor instead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller(pub(crate) Option<Arc<Known>>);

impl Caller {
    /// Whether somebody is known.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        self.0.is_some()
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.0.as_ref().map(|k| k.account)
    }

    /// Name for people; empty when nobody is known.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.as_ref().map_or("", |k| &k.name)
    }

    /// Name for signing in; empty when nobody is known.
    #[must_use]
    pub fn login(&self) -> &str {
        self.0.as_ref().map_or("", |k| &k.login)
    }

    /// The installation a machine speaks for.
    #[must_use]
    pub fn installation(&self) -> Option<InstallationId> {
        self.0.as_ref().and_then(|k| k.installation)
    }

    /// All roles with what they reach over.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        self.0.as_ref().map_or(&[], |k| &k.grants)
    }

    /// The session, for a signed-in browser.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match self.0.as_deref().map(|k| &k.door) {
            Some(Door::Session(id)) => Some(*id),
            _ => None,
        }
    }

    /// The token, for programs.
    #[must_use]
    pub fn token(&self) -> Option<TokenId> {
        match self.0.as_deref().map(|k| &k.door) {
            Some(Door::Token(id, _)) => Some(*id),
            _ => None,
        }
    }

    /// The token's scopes; `None` for a browser, which is not limited by scopes.
    #[must_use]
    pub fn scopes(&self) -> Option<&BTreeSet<Scope>> {
        match self.0.as_deref().map(|k| &k.door) {
            Some(Door::Token(_, scopes)) => Some(scopes),
            _ => None,
        }
    }

    /// Until when the session or token holds.
    #[must_use]
    pub fn expires_at(&self) -> Option<jiff::Timestamp> {
        self.0.as_ref().map(|k| k.expires_at)
    }

    /// Whether the session, or the token by one of these scopes, may be used for something.
    #[must_use]
    pub fn allows(&self, scopes: &[Scope]) -> bool {
        match self.0.as_deref().map(|k| &k.door) {
            None => false,
            Some(Door::Session(_)) => true,
            Some(Door::Token(_, held)) => scopes.iter().any(|s| held.contains(s)),
        }
    }

    /// Whether a role is held over something; a role held everywhere reaches over all.
    #[must_use]
    pub fn holds(&self, role: Role, over: Reach) -> bool {
        self.grants()
            .iter()
            .any(|g| g.role == role && (g.reach == over || g.reach == Reach::Everywhere))
    }

    /// Whether a role is held over anything, for navigation.
    #[must_use]
    pub fn has_role(&self, role: Role) -> bool {
        self.grants().iter().any(|g| g.role == role)
    }

    /// Publishers this caller publishes for.
    #[must_use]
    pub fn publishers(&self) -> Vec<PublisherId> {
        let ids = self.grants().iter().filter_map(|g| match g.reach {
            Reach::Publisher(id) if g.role == Role::Publisher => Some(id),
            _ => None,
        });
        ids.collect()
    }

    /// Tenants this caller manages or sees.
    #[must_use]
    pub fn tenants(&self) -> Vec<TenantId> {
        let ids: BTreeSet<TenantId> = self
            .grants()
            .iter()
            .filter_map(|g| match g.reach {
                Reach::Tenant(id) => Some(id),
                _ => None,
            })
            .collect();
        ids.into_iter().collect()
    }

    /// The caller as the audit log names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let Some(known) = self.0.as_deref() else {
            return Actor {
                kind: "anonymous".to_owned(),
                id: "anonymous".to_owned(),
                name: "anonymous".to_owned(),
            };
        };
        let (kind, id) = match (&known.door, known.installation) {
            (_, Some(installation)) => ("installation", installation.to_string()),
            (Door::Token(token, _), None) => ("token", token.to_string()),
            (Door::Session(_), None) => ("account", known.account.to_string()),
        };
        Actor {
            kind: kind.to_owned(),
            id,
            name: known.name.clone(),
        }
    }

    /// Key of the caller's rate limit: the token, else the account.
    pub(crate) fn limit_key(&self) -> Option<String> {
        let known = self.0.as_deref()?;
        Some(match &known.door {
            Door::Token(token, _) => token.to_string(),
            Door::Session(_) => known.account.to_string(),
        })
    }
}
