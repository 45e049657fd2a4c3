//! Authority as a typed argument: a handler that takes one of these cannot run without the right,
//! and forgetting the check does not compile, because the types have no other constructor.
//!
//! Without identity the answer is 401, without the right 403. A token needs both its account's
//! role and a scope that covers the use; a signed-in browser needs the role.

use super::{Caller, Reach};
use crate::http::{Failure, cookies};
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use px_api::Code;
use px_model::{AccountId, InstallationId, PublisherId, Role, Scope, TenantId};
use px_store::Actor;
use std::str::FromStr;

fn unknown() -> Failure {
    Failure::new(
        Code::Unauthenticated,
        "This needs somebody signed in or a token.",
    )
}

fn forbidden(needs: &str) -> Failure {
    Failure::new(Code::Forbidden, format!("This needs {needs}."))
}

fn caller_of(parts: &Parts) -> Result<Caller, Failure> {
    let caller = parts.extensions.get::<Caller>().cloned();
    caller.filter(Caller::is_signed_in).ok_or_else(unknown)
}

fn need_scope(caller: &Caller, scopes: &[Scope]) -> Result<(), Failure> {
    if caller.allows(scopes) {
        return Ok(());
    }
    let words: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
    Err(forbidden(&format!(
        "a token with scope `{}`",
        words.join("` or `")
    )))
}

/// An id named by the request: path parameter, header or query field, in this order.
async fn named<T: FromStr, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    field: &'static str,
    header: &'static str,
) -> Result<Option<T>, Failure> {
    let mut text = None;
    if let Ok(params) = RawPathParams::from_request_parts(parts, state).await {
        text = params
            .iter()
            .find(|(k, _)| *k == field)
            .map(|(_, v)| v.to_owned());
    }
    let from_header = || parts.headers.get(header)?.to_str().ok().map(str::to_owned);
    let text = text
        .or_else(from_header)
        .or_else(|| query_field(parts, field));
    match text.filter(|t| !t.is_empty()) {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| Failure::not_found(field)),
    }
}

fn query_field(parts: &Parts, field: &str) -> Option<String> {
    form_urlencoded::parse(parts.uri.query()?.as_bytes())
        .find(|(k, _)| k == field)
        .map(|(_, v)| v.into_owned())
}

/// What was chosen in the pages (`/prefs`): no more than a default among what the caller has, so
/// that a choice made with another account does no harm.
fn chosen<T: FromStr + PartialEq + Copy>(parts: &Parts, field: &str, mine: &[T]) -> Option<T> {
    let text = cookies::get(&parts.headers, &format!("px_{field}"));
    let choice: Option<T> = text.and_then(|t| t.parse().ok());
    choice
        .filter(|id| mine.contains(id))
        .or_else(|| mine.first().copied())
}

macro_rules! common {
    ($name:ident) => {
        impl $name {
            /// Who it is.
            #[must_use]
            pub const fn caller(&self) -> &Caller {
                &self.caller
            }

            /// Who it is, as the audit log names them.
            #[must_use]
            pub fn actor(&self) -> Actor {
                self.caller.actor()
            }
        }
    };
}

macro_rules! extractor {
    ($name:ident, |$parts:ident, $state:ident| $body:expr) => {
        common!($name);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Failure;

            async fn from_request_parts($parts: &mut Parts, $state: &S) -> Result<Self, Failure> {
                $body
            }
        }
    };
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct SignedIn {
    caller: Caller,
    account: AccountId,
}

impl SignedIn {
    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }
}

extractor!(SignedIn, |parts, _state| {
    let caller = caller_of(parts)?;
    let account = caller.account().ok_or_else(unknown)?;
    Ok(Self { caller, account })
});

/// Somebody who publishes for a publisher, with the right to change its plugins.
///
/// Which publisher: `{publisher}` of the path, `X-PX-Publisher`, `?publisher=`, the cookie
/// `px_publisher`, else the account's first.
#[derive(Debug, Clone)]
pub struct Publisher {
    caller: Caller,
    publisher: PublisherId,
    account: AccountId,
}

impl Publisher {
    /// The publisher.
    #[must_use]
    pub const fn publisher(&self) -> PublisherId {
        self.publisher
    }

    /// The account that acts.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }
}

async fn choose_publisher<S: Send + Sync>(
    caller: &Caller,
    parts: &mut Parts,
    state: &S,
) -> Result<PublisherId, Failure> {
    let wanted = named(parts, state, "publisher", "x-px-publisher").await?;
    let mine = caller.publishers();
    match wanted {
        Some(id) if mine.contains(&id) => Ok(id),
        Some(id) => Err(forbidden(&format!("the role publisher for {id}"))),
        None => chosen(parts, "publisher", &mine).ok_or_else(|| forbidden("the role publisher")),
    }
}

extractor!(Publisher, |parts, state| {
    let caller = caller_of(parts)?;
    let account = caller.account().ok_or_else(unknown)?;
    need_scope(&caller, &[Scope::PluginPublish])?;
    let publisher = choose_publisher(&caller, parts, state).await?;
    Ok(Self {
        caller,
        publisher,
        account,
    })
});

/// Somebody who may see a publisher's unlisted versions, reviews and reports; chosen as for
/// [`Publisher`].
#[derive(Debug, Clone)]
pub struct PublisherReader {
    caller: Caller,
    publisher: PublisherId,
}

impl PublisherReader {
    /// The publisher.
    #[must_use]
    pub const fn publisher(&self) -> PublisherId {
        self.publisher
    }
}

extractor!(PublisherReader, |parts, state| {
    let caller = caller_of(parts)?;
    need_scope(&caller, &[Scope::PluginRead, Scope::PluginPublish])?;
    let publisher = choose_publisher(&caller, parts, state).await?;
    Ok(Self { caller, publisher })
});

fn need_role(caller: &Caller, role: Role, scope: Scope) -> Result<AccountId, Failure> {
    let account = caller.account().ok_or_else(unknown)?;
    need_scope(caller, &[scope])?;
    if caller.holds(role, Reach::Everywhere) {
        Ok(account)
    } else {
        Err(forbidden(&format!("the role {}", role.as_str())))
    }
}

macro_rules! site_role {
    ($(#[$doc:meta])* $name:ident, $role:expr, $scope:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            caller: Caller,
            account: AccountId,
        }

        impl $name {
            /// The account that acts.
            #[must_use]
            pub const fn account(&self) -> AccountId {
                self.account
            }
        }

        extractor!($name, |parts, _state| {
            let caller = caller_of(parts)?;
            let account = need_role(&caller, $role, $scope)?;
            Ok(Self { caller, account })
        });
    };
}

site_role!(
    /// Somebody who decides about versions.
    Reviewer, Role::Reviewer, Scope::ReviewDecide
);
site_role!(
    /// Somebody who runs the Marketplace.
    MarketOperator, Role::MarketOperator, Scope::MarketOperate
);
site_role!(
    /// Somebody who runs the installation: sees all tenants, no plugin data.
    PlatformOps, Role::PlatformOps, Scope::PlatformOperate
);

/// A PowerX installation: a machine account with a token for the feed or for reporting.
#[derive(Debug, Clone)]
pub struct Installation {
    caller: Caller,
    id: InstallationId,
}

impl Installation {
    /// The installation.
    #[must_use]
    pub const fn id(&self) -> InstallationId {
        self.id
    }
}

extractor!(Installation, |parts, _state| {
    let caller = caller_of(parts)?;
    need_scope(&caller, &[Scope::FeedRead, Scope::InstallationReport])?;
    let id = caller
        .installation()
        .ok_or_else(|| forbidden("the account of an installation"))?;
    Ok(Self { caller, id })
});

/// The tenant a request is about: `{tenant}` of the path, `X-PX-Tenant`, `?tenant=`, the cookie
/// `px_tenant`, else the caller's first.
async fn tenant_of<S: Send + Sync>(
    caller: &Caller,
    parts: &mut Parts,
    state: &S,
) -> Result<TenantId, Failure> {
    match named(parts, state, "tenant", "x-px-tenant").await? {
        Some(id) => Ok(id),
        None => chosen(parts, "tenant", &caller.tenants())
            .ok_or_else(|| forbidden("a tenant: name it with `?tenant=`")),
    }
}

macro_rules! tenant_role {
    ($(#[$doc:meta])* $name:ident, $needs:literal, [$($role:expr),*], [$($scope:expr),*]) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            caller: Caller,
            tenant: TenantId,
        }

        impl $name {
            /// The tenant.
            #[must_use]
            pub const fn tenant(&self) -> TenantId {
                self.tenant
            }
        }

        extractor!($name, |parts, state| {
            let caller = caller_of(parts)?;
            need_scope(&caller, &[$($scope),*])?;
            let tenant = tenant_of(&caller, parts, state).await?;
            let roles = [$($role),*];
            if roles.iter().any(|r| caller.holds(*r, Reach::Tenant(tenant))) {
                Ok(Self { caller, tenant })
            } else {
                Err(forbidden(&format!("{} of {tenant}", $needs)))
            }
        });
    };
}

tenant_role!(
    /// Somebody who manages one tenant's plugins, including their settings and secrets.
    TenantAdmin, "the role tenant_admin", [Role::TenantAdmin], [Scope::TenantPlugins]
);
tenant_role!(
    /// Somebody who sees one tenant's plugins.
    TenantMember,
    "a role",
    [Role::TenantAdmin, Role::TenantViewer],
    [Scope::TenantPlugins]
);
tenant_role!(
    /// Somebody who may install, upgrade and roll back for a tenant: its administrator, or whoever
    /// runs the installation. Never enough for a plugin's data, settings or secrets.
    TenantOperator,
    "the role tenant_admin, or platform_ops,",
    [Role::TenantAdmin, Role::PlatformOps],
    [Scope::TenantPlugins, Scope::PlatformOperate]
);
