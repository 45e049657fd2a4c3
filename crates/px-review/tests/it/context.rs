//! Contexts as the Marketplace makes them.

use px_model::{Channel, Digest, PublisherId};
use px_review::{CatalogName, CatalogSnapshot, CatalogVersion, Context, Policy};
use std::sync::Arc;
use uuid::Uuid;

pub fn publisher(n: u128) -> PublisherId {
    PublisherId::from_uuid(Uuid::from_u128(n))
}

/// A catalog from lines `plugin version[ needs plugin range]*`, all of publisher 9.
pub fn catalog(lines: &[&str]) -> CatalogSnapshot {
    let mut catalog = CatalogSnapshot::default();
    for line in lines {
        let mut parts = line.split(" needs ");
        let (plugin, version) = parts.next().unwrap().split_once(' ').unwrap();
        let plugin: px_model::PluginId = plugin.parse().unwrap();
        if !catalog.names.iter().any(|n| n.plugin == plugin) {
            catalog.names.push(CatalogName {
                plugin: plugin.clone(),
                publisher: Some(publisher(9)),
            });
        }
        catalog
            .versions
            .entry(plugin)
            .or_default()
            .push(CatalogVersion {
                version: version.parse().unwrap(),
                channel: Channel::Stable,
                listed: true,
                digest: Digest::from_bytes([7; 32]),
                corex_version: None,
                requires: parts.map(|d| d.parse().unwrap()).collect(),
                conflicts: Vec::new(),
            });
    }
    catalog
}

/// The Marketplace's context with this catalog and nothing signed.
pub fn market(catalog: CatalogSnapshot) -> Context {
    Context {
        catalog: Some(Arc::new(catalog)),
        publisher: Some(publisher(1)),
        previous: Some(None),
        supported_cores: vec!["0.1.0".parse().unwrap(), "0.2.0".parse().unwrap()],
        ..Context::with_policy(Policy::marketplace())
    }
}
