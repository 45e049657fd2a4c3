//! Demo accounts of the quick start: one per role, on loopback only.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use jiff::SignedDuration;
use px_core::store::tenants;
use px_market::store::publishers;
use px_model::{AccountId, InstallationId, PublisherId, Role, Scope, TenantId};
use px_store::{Actor, AuditEntry, Db};
use px_web::identity::store::{self as identity, NewAccount, NewToken};
use px_web::identity::{Grant, Reach, hash_password};
use serde::{Deserialize, Serialize};

/// Password of every demo account. The quick start listens on loopback only; nothing else seeds them.
pub const PASSWORD: &str = "powerx-demo-only";
/// How long a demo token holds.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// One account of the quick start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoAccount {
    /// `Marketplace` or `PowerX`.
    pub site: String,
    /// What it is for, for people.
    pub role: String,
    /// Name to sign in with.
    pub login: String,
    /// API token.
    pub token: String,
    /// Tenant, for tenants' accounts.
    pub tenant: Option<TenantId>,
}

/// All accounts of the quick start; kept in a file so that the next start prints the same.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoAccounts {
    /// The accounts, in the order they are printed.
    pub accounts: Vec<DemoAccount>,
    /// Token with which the core follows the Marketplace.
    pub installation_token: String,
}

impl DemoAccounts {
    /// The account with this login.
    ///
    /// # Errors
    /// When the file is from another version and lacks it.
    pub fn get(&self, login: &str) -> anyhow::Result<&DemoAccount> {
        self.accounts
            .iter()
            .find(|a| a.login == login)
            .with_context(|| format!("no demo account `{login}`"))
    }

    /// Accounts of tenants.
    pub fn tenants(&self) -> impl Iterator<Item = &DemoAccount> {
        self.accounts.iter().filter(|a| a.tenant.is_some())
    }

    /// Reads what an earlier start kept.
    #[must_use]
    pub fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }

    /// Keeps it for the next start, for this user's eyes only.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        std::fs::write(file, serde_json::to_vec_pretty(self)?)?;
        #[cfg(unix)]
        std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(())
    }
}

struct Person<'a> {
    site: &'a str,
    login: &'a str,
    name: &'a str,
    grant: Grant,
    scopes: &'a [Scope],
}

async fn person(db: &Db, person: Person<'_>) -> anyhow::Result<DemoAccount> {
    let actor = Actor::system("quick-start");
    let password = hash_password(db.env(), PASSWORD)
        .await
        .map_err(|e| anyhow::anyhow!("hashing a password: {e:?}"))?;
    let mut tx = db.begin().await?;
    let account = identity::create_account(
        &mut tx,
        &actor,
        NewAccount {
            login: person.login.to_owned(),
            name: person.name.to_owned(),
            email: Some(format!("{}@example.test", person.login)),
            password: Some(password),
            installation: None,
        },
    )
    .await?;
    identity::grant(&mut tx, &actor, account, person.grant).await?;
    let token = token(&mut tx, &actor, account, person.scopes).await?;
    tx.commit().await?;
    let tenant = match person.grant.reach {
        Reach::Tenant(id) => Some(id),
        _ => None,
    };
    Ok(DemoAccount {
        site: person.site.to_owned(),
        role: person.name.to_owned(),
        login: person.login.to_owned(),
        token,
        tenant,
    })
}

async fn token(
    tx: &mut px_store::Tx,
    actor: &Actor,
    account: AccountId,
    scopes: &[Scope],
) -> anyhow::Result<String> {
    let new = NewToken {
        account,
        name: "quick start".to_owned(),
        scopes: scopes.iter().copied().collect::<BTreeSet<_>>(),
        lifetime: TOKEN_LIFE,
        secret: None,
    };
    Ok(identity::issue_token(tx, actor, new).await?.secret)
}

/// Makes the Marketplace's demo accounts: a verified publisher, reviewers, an operator, and the
/// installation that follows it.
///
/// # Errors
/// When the database refuses.
pub async fn market(db: &Db) -> anyhow::Result<DemoAccounts> {
    let publisher = PublisherId::from_uuid(db.env().uuid());
    let mut tx = db.begin().await?;
    publishers::put(&mut tx, publisher, "PowerX Samples").await?;
    publishers::set_verified(&mut tx, publisher, true).await?;
    tx.audit(AuditEntry {
        actor: Actor::system("quick-start"),
        action: "publisher.verified".to_owned(),
        subject: publisher.to_string(),
        tenant: None,
        detail: serde_json::json!({ "reason": "sample publisher of the quick start" }),
    })
    .await?;
    tx.commit().await?;
    let site = "Marketplace";
    let mut all = DemoAccounts::default();
    let everywhere = |role| Grant {
        role,
        reach: Reach::Everywhere,
    };
    for (login, name, grant, scopes) in [
        (
            "publisher",
            "Publisher",
            Grant {
                role: Role::Publisher,
                reach: Reach::Publisher(publisher),
            },
            [Scope::PluginPublish, Scope::PluginRead].as_slice(),
        ),
        (
            "reviewer",
            "Reviewer",
            everywhere(Role::Reviewer),
            &[Scope::ReviewDecide, Scope::PluginRead],
        ),
        (
            "reviewer2",
            "Second reviewer",
            everywhere(Role::Reviewer),
            &[Scope::ReviewDecide, Scope::PluginRead],
        ),
        (
            "operator",
            "Marketplace operator",
            everywhere(Role::MarketOperator),
            &[Scope::MarketOperate, Scope::PluginRead, Scope::ReviewDecide],
        ),
    ] {
        all.accounts.push(
            person(
                db,
                Person {
                    site,
                    login,
                    name,
                    grant,
                    scopes,
                },
            )
            .await?,
        );
    }
    all.installation_token = installation(db).await?;
    Ok(all)
}

/// The machine account with which the core on this machine follows the Marketplace.
async fn installation(db: &Db) -> anyhow::Result<String> {
    let actor = Actor::system("quick-start");
    let mut tx = db.begin().await?;
    let account = identity::create_account(
        &mut tx,
        &actor,
        NewAccount {
            login: "powerx-installation".to_owned(),
            name: "PowerX on this machine".to_owned(),
            email: None,
            password: None,
            installation: Some(InstallationId::from_uuid(db.env().uuid())),
        },
    )
    .await?;
    let secret = token(
        &mut tx,
        &actor,
        account,
        &[Scope::FeedRead, Scope::InstallationReport],
    )
    .await?;
    tx.commit().await?;
    Ok(secret)
}

/// Makes the core's demo tenants with an admin each, and a platform operator.
///
/// # Errors
/// When the database refuses.
pub async fn core(db: &Db) -> anyhow::Result<Vec<DemoAccount>> {
    let actor = Actor::system("quick-start");
    let site = "PowerX";
    let mut all = Vec::new();
    for (login, name) in [
        ("north", "North"),
        ("harbour", "Harbour"),
        ("valley", "Valley"),
    ] {
        let mut tx = db.begin().await?;
        let tenant = tenants::create(&mut tx, &actor, name, login == "north").await?;
        tx.commit().await?;
        let grant = Grant {
            role: Role::TenantAdmin,
            reach: Reach::Tenant(tenant.id),
        };
        let name = format!("Admin of tenant {name}");
        all.push(
            person(
                db,
                Person {
                    site,
                    login,
                    name: &name,
                    grant,
                    scopes: &[Scope::TenantPlugins],
                },
            )
            .await?,
        );
    }
    let grant = Grant {
        role: Role::PlatformOps,
        reach: Reach::Everywhere,
    };
    let ops = Person {
        site,
        login: "ops",
        name: "Platform operator",
        grant,
        scopes: &[Scope::PlatformOperate],
    };
    all.push(person(db, ops).await?);
    Ok(all)
}
