//! Asking for an install, a cancellation or a way back: what is written, decided from what is known.

use jiff::Timestamp;
use px_api::market::ListedVersion;
use px_api::{Code, Problem};
use px_model::{
    Digest, InstallId, InstallState, Permission, PluginId, Risk, RolloutId, TenantId, Version,
};
use px_store::Actor;

use super::{Install, Trigger, resolve};
use crate::app::route::{Release, Route};

/// Which bundle is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Plugin.
    pub plugin: PluginId,
    /// Version.
    pub version: Version,
    /// Name for people.
    pub name: String,
    /// Digest of the bundle.
    pub digest: Digest,
    /// Bytes; 0 when not known.
    pub size: u64,
    /// Address of the bundle.
    pub source: String,
    /// The Marketplace's word about it.
    pub listed: Option<ListedVersion>,
}

impl Wanted {
    /// A listed version, from the Marketplace's own address.
    #[must_use]
    pub fn listed(listed: ListedVersion) -> Self {
        Self {
            plugin: listed.plugin_id.clone(),
            version: listed.version.clone(),
            name: listed.name.clone(),
            digest: listed.artifact.sha256,
            size: listed.artifact.size,
            source: listed.bundle_url.clone(),
            listed: Some(listed),
        }
    }
}

/// Consent and timing that came with the request.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Permissions the tenant grants with this request.
    pub acknowledged: Vec<Permission>,
    /// The explicit tick for high risk.
    pub high_risk: bool,
    /// Not before this time.
    pub not_before: Option<Timestamp>,
}

/// Who asks, for whom.
#[derive(Debug, Clone)]
pub struct Asker {
    /// For whom.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
    /// What started it.
    pub trigger: Trigger,
    /// Rollout it belongs to.
    pub rollout: Option<RolloutId>,
}

/// What surroundings decide: a fresh id, a fresh secret, the time.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// Id of the install.
    pub id: InstallId,
    /// Key of the identity header, when the plugin has none yet.
    pub secret: String,
    /// Now.
    pub now: Timestamp,
}

/// The install a request leads to. `route` is what the tenant has of the plugin, `active` the
/// operation under way on it.
///
/// # Errors
/// The problem the caller is answered with.
pub fn plan_install(
    asker: Asker,
    wanted: Wanted,
    terms: &Terms,
    route: Option<&Route>,
    fresh: Fresh,
) -> Result<Install, Problem> {
    let committed = route.and_then(|r| r.committed.as_ref());
    if committed.is_some_and(|c| c.digest == wanted.digest) {
        let text = format!("{} {} serves already.", wanted.plugin, wanted.version);
        return Err(Problem::new(Code::AlreadyInstalled, text));
    }
    let granted = grants(committed, &wanted, terms)?;
    Ok(Install {
        id: fresh.id,
        tenant: asker.tenant,
        plugin: wanted.plugin,
        name: wanted.name,
        version: wanted.version,
        version_id: wanted.listed.as_ref().map(|l| l.version_id),
        digest: wanted.digest,
        size: wanted.size,
        source: wanted.source,
        trigger: asker.trigger,
        rollout: asker.rollout,
        listed: wanted.listed,
        granted,
        secret: route.map_or(fresh.secret, |r| r.secret.clone()),
        actor: asker.actor,
        previous: committed.cloned(),
        facts: None,
        state: InstallState::Requested,
        since: fresh.now,
        due: fresh.now,
        attempts: 0,
        transitions: 0,
        generation: 0,
        ask: None,
        not_before: terms.not_before,
        confirm_by: None,
        migrated: false,
        was_committed: false,
        problem: None,
        cause: None,
        blame: None,
        rollback_at: None,
        rollback_micros: None,
        created: fresh.now,
        finished: None,
    })
}

/// Permissions granted: those asked for that the tenant acknowledged now or granted before. For a
/// bundle the Marketplace does not list, what was acknowledged is the bound the bundle must keep.
fn grants(
    committed: Option<&Release>,
    wanted: &Wanted,
    terms: &Terms,
) -> Result<Vec<Permission>, Problem> {
    let before = committed.map_or(&[][..], |c| c.granted.as_slice());
    let mut granted: Vec<Permission> = before.iter().chain(&terms.acknowledged).cloned().collect();
    granted.sort();
    granted.dedup();
    let Some(listed) = &wanted.listed else {
        return Ok(granted);
    };
    let missing = resolve::missing(&listed.permissions, &granted);
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(ToString::to_string).collect();
        let text = format!("{} {} asks for more.", wanted.plugin, wanted.version);
        return Err(Problem::new(Code::PermissionsNotAcknowledged, text)
            .field(
                "/acknowledgedPermissions",
                format!("does not contain {}", names.join(", ")),
                "add them, if the tenant grants them",
            )
            .with_current(serde_json::json!({"required": listed.permissions})));
    }
    let new_risk = resolve::missing(&listed.permissions, before)
        .iter()
        .map(Permission::risk)
        .max();
    if new_risk == Some(Risk::High) && !terms.high_risk {
        return Err(Problem::new(
            Code::PermissionsNotAcknowledged,
            "The version asks for permissions of high risk.",
        )
        .field(
            "/acknowledgeHighRisk",
            "is not true",
            "set it to true, if the tenant takes the risk",
        ));
    }
    granted.retain(|p| listed.permissions.contains(p));
    Ok(granted)
}
