//! A believable installation: tenants, a catalog, installs in every state, rollouts, messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use px_api::Code;
use px_api::market::{Artifact, ListedVersion};
use px_core::Core;
use px_core::app::authority::TenantScope;
use px_core::app::fault::Fault;
use px_core::app::install::request::{Asker, Fresh, Terms, Wanted, plan_install};
use px_core::app::install::{Install, Trigger};
use px_core::app::ports::Facts;
use px_core::app::rollout::{MemberState, RolloutState, default_rings};
use px_core::store::installs::Note;
use px_core::store::{catalog, installed, installs, logs, rollouts, tenants};
use px_model::InstallState as S;
use px_model::{
    Channel, Digest, InstallId, PluginId, Role, TenantId, UpgradePolicy, VersionId, VersionState,
};
use px_store::{Actor, Clock, SystemClock};
use px_web::identity::store::{NewAccount, create_account, grant};
use px_web::identity::{Grant, Reach, hash_password};

/// Password of every account.
pub const PASSWORD: &str = "pages pages pages";
/// Version of the core shown.
pub const CORE: &str = "1.4.0";

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The machine's clock, moved by whole seconds, so that things happened before now.
#[derive(Clone, Default)]
pub struct Shift(Arc<AtomicI64>);

impl Shift {
    /// Starts this many seconds ago.
    pub fn ago(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(-seconds)))
    }

    /// Lets time pass, never beyond the present.
    pub fn pass(&self, seconds: i64) {
        let now = self.0.load(Ordering::SeqCst);
        self.0.store((now + seconds).min(0), Ordering::SeqCst);
    }

    /// Jumps to this many seconds ago.
    pub fn to_ago(&self, seconds: i64) {
        self.0.fetch_max(-seconds, Ordering::SeqCst);
    }
}

impl Clock for Shift {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// What a listed version is made from.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    pub plugin: &'a str,
    pub name: &'a str,
    pub summary: &'a str,
    pub publisher: &'a str,
    pub version: &'a str,
    pub channel: Channel,
    pub kind: &'a str,
    pub permissions: &'a [&'a str],
    pub needs: &'a [&'a str],
    pub core: Option<&'a str>,
    pub notes: Option<&'a str>,
    pub size: u64,
}

/// Fills a core's database.
pub struct Seed {
    pub core: Core,
    pub clock: Shift,
}

fn digest_of(text: &str) -> Digest {
    let mut bytes = [0_u8; 32];
    for (i, b) in text.bytes().cycle().take(96).enumerate() {
        bytes[i % 32] = bytes[i % 32].wrapping_mul(31).wrapping_add(b);
    }
    Digest::from_bytes(bytes)
}

#[allow(dead_code, reason = "tests use more of it")]
impl Seed {
    pub async fn tenant(&self, name: &str, internal: bool) -> Outcome<TenantId> {
        let mut tx = self.core.db().begin().await?;
        let actor = Actor::system("setup");
        let tenant = tenants::create(&mut tx, &actor, name, internal).await?;
        tx.commit().await?;
        Ok(tenant.id)
    }

    pub async fn account(&self, login: &str, name: &str, role: Role, reach: Reach) -> Outcome {
        let db = self.core.db();
        let password = hash_password(db.env(), PASSWORD).await?;
        let actor = Actor::system("setup");
        let mut tx = db.begin().await?;
        let new = NewAccount {
            login: login.to_owned(),
            name: name.to_owned(),
            email: None,
            password: Some(password),
            installation: None,
        };
        let account = create_account(&mut tx, &actor, new).await?;
        grant(&mut tx, &actor, account, Grant { role, reach }).await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn list(&self, it: Version<'_>) -> Outcome<ListedVersion> {
        let env = self.core.db().env();
        let permissions: Vec<px_model::Permission> = it
            .permissions
            .iter()
            .map(|p| p.parse())
            .collect::<Result<_, _>>()?;
        let risk = px_core::app::install::resolve::risk(&permissions);
        let listed = ListedVersion {
            version_id: VersionId::from_uuid(env.uuid()),
            plugin_id: it.plugin.parse()?,
            name: it.name.to_owned(),
            summary: it.summary.to_owned(),
            publisher: it.publisher.to_owned(),
            version: it.version.parse()?,
            channel: it.channel,
            state: VersionState::Listed,
            artifact: Artifact {
                sha256: digest_of(&format!("{}-{}", it.plugin, it.version)),
                size: it.size,
            },
            bundle_url: "/bundle.pxp".to_owned(),
            dependencies: it
                .needs
                .iter()
                .map(|d| d.parse())
                .collect::<Result<_, _>>()?,
            permissions,
            corex_version: it.core.map(str::to_owned),
            kind: it.kind.to_owned(),
            risk,
            notes: it.notes.map(str::to_owned),
            rollout: None,
            listed_at: env.now(),
            listing: serde_json::Value::Null,
        };
        let mut tx = self.core.db().begin().await?;
        catalog::put(&mut tx, &listed).await?;
        tx.commit().await?;
        Ok(listed)
    }

    pub async fn synced(&self) -> Outcome {
        let source = self.core.config().marketplace.to_string();
        let mut tx = self.core.db().begin().await?;
        catalog::sync_begin(&mut tx, &source).await?;
        catalog::sync_advance(&mut tx, &source, 0, 120).await?;
        catalog::sync_polled(&mut tx, &source, Ok(120)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Asks for an install, not yet driven.
    pub async fn ask(
        &self,
        tenant: TenantId,
        who: &str,
        trigger: Trigger,
        listed: &ListedVersion,
        not_before: Option<Timestamp>,
    ) -> Outcome<Install> {
        let (db, scope) = (self.core.db(), TenantScope::one(tenant));
        let had = installed::get(db, &scope, tenant, &listed.plugin_id).await?;
        let env = db.env();
        let actor = match trigger {
            Trigger::Policy => Actor::system("rollout"),
            _ => Actor {
                kind: "account".to_owned(),
                id: format!("acc_{}", env.uuid().simple()),
                name: who.to_owned(),
            },
        };
        let install = plan_install(
            Asker {
                tenant,
                actor,
                trigger,
                rollout: None,
            },
            Wanted::listed(listed.clone()),
            &Terms {
                acknowledged: listed.permissions.clone(),
                high_risk: true,
                not_before,
            },
            had.as_ref().map(|i| &i.route),
            Fresh {
                id: InstallId::from_uuid(env.uuid()),
                secret: env.secret(16),
                now: env.now(),
            },
        )?;
        let mut tx = db.begin().await?;
        installs::insert(&mut tx, "/powerx/pages", &install).await?;
        tx.commit().await?;
        Ok(install)
    }

    /// One step of the straight way, with what would be told about it.
    pub async fn enter(&self, install: &mut Install, to: S, fault: Option<&Fault>) -> Outcome {
        let (seconds, told) = match to {
            S::Resolved => (1, "1 dependency satisfied"),
            S::Waiting => (0, ""),
            S::Fetching => (1, ""),
            S::Verified => (9, "length, digest, publisher's signature and listing fit"),
            S::Staged => (3, "312 files, compiled in 2.1 s"),
            S::Preflight => (1, ""),
            S::Snapshotted => (2, "healthy after 640 ms; 2 smoke requests answered"),
            S::Activating => (1, "no migrations"),
            S::Probation => (1, ""),
            S::Committed => (124, "1,840 requests, no errors, no traps"),
            S::RollingBack => (41, ""),
            S::RolledBack => (3, "the version before serves"),
            _ => (2, ""),
        };
        self.clock.pass(seconds);
        if to == S::Verified {
            install.facts = Some(Facts {
                name: install.name.clone(),
                kind: install
                    .listed
                    .as_ref()
                    .map_or("wasm".into(), |l| l.kind.clone()),
                permissions: install.granted.clone(),
                requires: Vec::new(),
                conflicts: Vec::new(),
                corex_version: None,
                migrates: false,
                signed_by: install
                    .listed
                    .as_ref()
                    .map_or_else(String::new, |l| l.publisher.clone()),
            });
        }
        if to == S::Probation {
            install.confirm_by = Some(self.core.db().env().now() + SignedDuration::from_secs(300));
        }
        let note = fault.map_or_else(|| Note::fact(told), Note::fault);
        let actor = install.actor.clone();
        self.core
            .machine()
            .ledger
            .enter(install, to, &actor, &note)
            .await?;
        let text = fault.map_or_else(|| told.to_owned(), ToString::to_string);
        let level = if fault.is_some() { "error" } else { "info" };
        let line = format!("{to} {text}");
        logs::line(self.core.db(), install.id, level, line.trim()).await?;
        Ok(())
    }

    pub async fn walk(&self, install: &mut Install, upto: S) -> Outcome {
        let path = [
            S::Resolved,
            S::Waiting,
            S::Fetching,
            S::Verified,
            S::Staged,
            S::Preflight,
            S::Snapshotted,
            S::Activating,
            S::Probation,
            S::Committed,
        ];
        for to in path {
            self.enter(install, to, None).await?;
            if to == upto {
                break;
            }
        }
        Ok(())
    }

    /// As [`Seed::walk`], from where the install is.
    pub async fn walk_from(&self, install: &mut Install, upto: S) -> Outcome {
        while install.state != upto {
            let next = install.state.next().first().copied();
            self.enter(install, next.ok_or("the end")?, None).await?;
        }
        Ok(())
    }

    pub async fn install(&self, tenant: TenantId, who: &str, listed: &ListedVersion) -> Outcome {
        let mut install = self.ask(tenant, who, Trigger::Person, listed, None).await?;
        self.walk(&mut install, S::Committed).await
    }

    pub async fn health(&self, tenant: TenantId, plugin: &str, health: &str) -> Outcome {
        let (scope, plugin) = (TenantScope::one(tenant), plugin.parse::<PluginId>()?);
        let mut tx = self.core.db().begin().await?;
        installed::health(&mut tx, &scope, tenant, &plugin, health, false).await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn policy(&self, tenant: TenantId, plugin: &str, policy: UpgradePolicy) -> Outcome {
        let (scope, plugin) = (TenantScope::one(tenant), plugin.parse::<PluginId>()?);
        let mut tx = self.core.db().begin().await?;
        installed::set_policy(&mut tx, &scope, tenant, &plugin, policy, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A rollout over tenants, stopped in its second batch by failures.
    pub async fn rollout(&self, listed: &ListedVersion, all: &[TenantId], pause: bool) -> Outcome {
        let db = self.core.db();
        let actor = Actor::system("rollout");
        let about = (
            &listed.plugin_id,
            &listed.version,
            listed.version_id,
            listed.channel,
        );
        let place = |i: usize| match i {
            0..2 => 0,
            2..6 => 1,
            6..9 => 3,
            _ => 4,
        };
        let members = all.iter().enumerate().map(|(i, t)| (*t, place(i)));
        let mut tx = db.begin().await?;
        let id = rollouts::create(&mut tx, &actor, about, &default_rings(), members).await?;
        let id = id.ok_or("the version has a rollout")?;
        rollouts::batch_at(&mut tx, id, 0, false).await?;
        rollouts::batch_at(&mut tx, id, 0, true).await?;
        rollouts::batch_at(&mut tx, id, 1, false).await?;
        for tenant in &all[..2] {
            rollouts::member(&mut tx, id, *tenant, MemberState::Committed, None, None).await?;
        }
        let reason = Some("Memory quota of the tenant is used up.");
        rollouts::member(&mut tx, id, all[4], MemberState::Excluded, None, reason).await?;
        tx.commit().await?;
        for tenant in [all[2], all[3]] {
            if !pause {
                continue;
            }
            let scope = TenantScope::one(tenant);
            if installed::get(db, &scope, tenant, &listed.plugin_id)
                .await?
                .is_none()
            {
                continue;
            }
            let mut install = self.ask(tenant, "", Trigger::Policy, listed, None).await?;
            self.walk(&mut install, S::Probation).await?;
            let fault = Fault::plugin(
                Code::ProbationFailed,
                "trap",
                "5 of 212 requests ended in a trap; the version before had none.",
            );
            self.enter(&mut install, S::RollingBack, Some(&fault))
                .await?;
            self.enter(&mut install, S::RolledBack, None).await?;
            let mut tx = db.begin().await?;
            let state = MemberState::Failed;
            rollouts::member(&mut tx, id, tenant, state, Some(install.id), None).await?;
            tx.commit().await?;
        }
        if pause {
            let rollout = rollouts::get(db, id).await?.ok_or("no rollout")?;
            let why = "2 tenants of the batch failed alike: trap.";
            let mut tx = db.begin().await?;
            let to = RolloutState::Paused;
            rollouts::set_state(&mut tx, &rollout, to, Some(why), &actor).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
