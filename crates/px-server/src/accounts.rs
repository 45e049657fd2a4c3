//! Operators' accounts commands: the way in to a server that has no account yet, and the place
//! where people, machines and their tokens are made. They write to the server's own database.

use std::collections::BTreeSet;
use std::io::Read as _;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use jiff::SignedDuration;
use px_model::{InstallationId, Role, Scope};
use px_store::{Actor, Db, Tx};
use px_web::identity::store::{self as identity, Account, NewAccount, NewToken};
use px_web::identity::{Grant, Reach, hash_password};

/// Which of the two servers the accounts are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// Publishers, reviewers, operators and installations.
    Marketplace,
    /// Tenants' people and platform operators.
    Core,
}

impl Site {
    const fn roles(self) -> &'static [Role] {
        match self {
            Self::Marketplace => &[Role::Publisher, Role::Reviewer, Role::MarketOperator],
            Self::Core => &[Role::TenantAdmin, Role::TenantViewer, Role::PlatformOps],
        }
    }

    const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Marketplace => &[
                Scope::PluginPublish,
                Scope::PluginRead,
                Scope::ReviewDecide,
                Scope::MarketOperate,
                Scope::FeedRead,
                Scope::InstallationReport,
            ],
            Self::Core => &[Scope::TenantPlugins, Scope::PlatformOperate],
        }
    }
}

/// `… accounts …`
#[derive(Debug, Args)]
#[command(
    after_help = "Works on the database named by the settings, also while the server runs.\nSecrets are shown once, on standard output; everything is recorded in the audit log."
)]
pub struct Accounts {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an account, or give an existing one a further role
    Add {
        /// Name to sign in with
        login: String,
        /// publisher, reviewer, market_operator; tenant_admin, tenant_viewer, platform_ops; none for a machine
        #[arg(long, required_unless_present = "installation")]
        role: Option<Role>,
        /// Publisher (org_…) or tenant (ten_…) the role is for
        #[arg(long, value_name = "ID")]
        of: Option<Reach>,
        /// Name for people; the login by default
        #[arg(long)]
        name: Option<String>,
        /// Mail address
        #[arg(long)]
        email: Option<String>,
        /// Read the password from standard input; without one only tokens work
        #[arg(long)]
        password_stdin: bool,
        /// The account speaks for a PowerX installation that follows this Marketplace
        #[arg(long, conflicts_with_all = ["role", "of", "password_stdin"])]
        installation: bool,
    },
    /// Make an API token and print it
    Token {
        /// Account's login
        login: String,
        /// What the token may be used for; repeat for more. Of the Marketplace: plugin.publish,
        /// plugin.read, review.decide, market.operate, feed.read, installation.report. Of the core:
        /// tenant.plugins, platform.operate
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// What will use it
        #[arg(long, default_value = "command line")]
        name: String,
        /// Days until it expires
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
    /// Make an OAuth2 client (client credentials) and print its id and secret
    Client {
        /// Account's login
        login: String,
        /// Widest scopes of its tokens, named as for `token`; repeat for more
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// What will use it
        #[arg(long, default_value = "command line")]
        name: String,
    },
    /// List accounts with their roles
    List,
    /// End an account's sessions and refuse its password and tokens
    Disable {
        /// Account's login
        login: String,
    },
    /// Let a disabled account in again
    Enable {
        /// Account's login
        login: String,
    },
}

/// Runs one command on an open database.
///
/// # Errors
/// When a name is taken or unknown, a role does not belong to this server, or the database refuses.
pub async fn run(db: &Db, site: Site, args: Accounts) -> anyhow::Result<bool> {
    match args.command {
        Command::Add { .. } => add(db, site, args.command).await?,
        Command::Token {
            login,
            scopes,
            name,
            days,
        } => token(db, &login, known(site, scopes)?, name, days).await?,
        Command::Client {
            login,
            scopes,
            name,
        } => client(db, &login, &known(site, scopes)?, &name).await?,
        Command::List => list(db).await?,
        Command::Disable { login } => disable(db, &login, true).await?,
        Command::Enable { login } => disable(db, &login, false).await?,
    }
    Ok(true)
}

fn actor() -> Actor {
    Actor::system("command-line")
}

fn known(site: Site, scopes: Vec<Scope>) -> anyhow::Result<BTreeSet<Scope>> {
    for scope in &scopes {
        let names: Vec<_> = site.scopes().iter().map(|s| s.as_str()).collect();
        ensure!(
            site.scopes().contains(scope),
            "the scope {scope} means nothing here; there are {}",
            names.join(", ")
        );
    }
    Ok(scopes.into_iter().collect())
}

/// The grant that a role and its target make.
fn granted(site: Site, role: Role, of: Option<Reach>) -> anyhow::Result<Grant> {
    let names: Vec<_> = site.roles().iter().map(|r| r.as_str()).collect();
    ensure!(
        site.roles().contains(&role),
        "the role {role} does not belong to this server; there are {}",
        names.join(", ")
    );
    let reach = match (role, of) {
        (Role::Publisher, Some(reach @ Reach::Publisher(_)))
        | (Role::TenantAdmin | Role::TenantViewer, Some(reach @ Reach::Tenant(_))) => reach,
        (Role::Publisher, _) => bail!("name the publisher with --of org_…"),
        (Role::TenantAdmin | Role::TenantViewer, _) => bail!("name the tenant with --of ten_…"),
        (_, None) => Reach::Everywhere,
        (_, Some(_)) => bail!("the role {role} holds everywhere; leave --of out"),
    };
    Ok(Grant { role, reach })
}

async fn account(db: &Db, login: &str) -> anyhow::Result<Account> {
    identity::find_account(db, login)
        .await?
        .with_context(|| format!("there is no account `{login}`"))
}

async fn add(db: &Db, site: Site, command: Command) -> anyhow::Result<()> {
    let Command::Add {
        login,
        role,
        of,
        name,
        email,
        password_stdin,
        installation,
    } = command
    else {
        return Ok(());
    };
    ensure!(
        !installation || site == Site::Marketplace,
        "installations have accounts at the Marketplace"
    );
    let grant = role.map(|role| granted(site, role, of)).transpose()?;
    let existing = identity::find_account(db, &login).await?;
    let password = if password_stdin {
        let text = password()?;
        let hash = hash_password(db.env(), &text).await;
        Some(hash.map_err(|failure| anyhow::anyhow!("{}", failure.problem().detail))?)
    } else {
        None
    };
    let mut tx = db.begin().await?;
    let id = match existing {
        Some(known) => {
            ensure!(!installation, "the login `{login}` is taken");
            if let Some(password) = password {
                identity::set_password(&mut tx, &actor(), known.id, password, None).await?;
            }
            known.id
        }
        None => {
            let new = NewAccount {
                name: name.unwrap_or_else(|| login.clone()),
                login,
                email,
                password,
                installation: installation.then(|| InstallationId::from_uuid(db.env().uuid())),
            };
            identity::create_account(&mut tx, &actor(), new).await?
        }
    };
    give(&mut tx, id, grant).await?;
    tx.commit().await?;
    say(&id.to_string());
    Ok(())
}

async fn give(
    tx: &mut Tx,
    account: px_model::AccountId,
    grant: Option<Grant>,
) -> anyhow::Result<()> {
    if let Some(grant) = grant {
        identity::grant(tx, &actor(), account, grant).await?;
    }
    Ok(())
}

/// The first line of standard input.
fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn token(
    db: &Db,
    login: &str,
    scopes: BTreeSet<Scope>,
    name: String,
    days: u16,
) -> anyhow::Result<()> {
    let account = account(db, login).await?;
    let new = NewToken {
        account: account.id,
        name,
        scopes,
        lifetime: SignedDuration::from_hours(24 * i64::from(days)),
        secret: None,
    };
    let mut tx = db.begin().await?;
    let made = identity::issue_token(&mut tx, &actor(), new).await?;
    tx.commit().await?;
    say(&made.secret);
    Ok(())
}

async fn client(db: &Db, login: &str, scopes: &BTreeSet<Scope>, name: &str) -> anyhow::Result<()> {
    let account = account(db, login).await?;
    let mut tx = db.begin().await?;
    let made = identity::create_client(&mut tx, &actor(), account.id, name, scopes, None).await?;
    tx.commit().await?;
    say(&format!("{}\n{}", made.id, made.secret));
    Ok(())
}

async fn list(db: &Db) -> anyhow::Result<()> {
    for account in identity::accounts(db).await? {
        let grants = identity::grants_of(db, account.id).await?;
        let mut roles: Vec<String> = grants
            .iter()
            .map(|grant| match grant.reach {
                Reach::Everywhere => grant.role.to_string(),
                reach => format!("{} of {reach}", grant.role),
            })
            .collect();
        roles.extend(account.installation.map(|id| format!("installation {id}")));
        let state = if account.disabled { " (disabled)" } else { "" };
        say(&format!(
            "{:<24} {}{state}",
            account.login,
            roles.join(", ")
        ));
    }
    Ok(())
}

async fn disable(db: &Db, login: &str, disabled: bool) -> anyhow::Result<()> {
    let account = account(db, login).await?;
    let mut tx = db.begin().await?;
    identity::set_disabled(&mut tx, &actor(), account.id, disabled).await?;
    tx.commit().await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn say(text: &str) {
    println!("{text}");
}
