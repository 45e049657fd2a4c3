//! Small plugins, packed and signed as an author does.

use std::path::Path;

use jiff::Timestamp;
use px_package::pack::{PackOptions, pack_file};
use px_package::signature::{CertificateChain, SigningKey, sign_bundle};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::client::{Ask, Client, Side};

/// A key that the Marketplace certified.
pub struct Author {
    key: SigningKey,
    chain: CertificateChain,
}

/// A bundle with what registers it.
#[derive(Clone)]
pub struct Bundle {
    pub plugin: String,
    pub version: String,
    pub bytes: Vec<u8>,
}

impl Bundle {
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }

    /// Name of the version at the places where its work is stopped.
    pub fn subject(&self) -> String {
        format!("{}:{}", self.plugin, self.version)
    }

    /// The request that registers it for the `round`th time.
    pub fn registration(&self, round: u32) -> Value {
        json!({
            "publishRequestId": format!("{} {} {round}", self.plugin, self.version),
            "pluginId": self.plugin,
            "version": self.version,
            "channel": "stable",
            "artifact": { "sha256": self.sha256(), "size": self.bytes.len() },
            "permissions": ["notes:read"],
            "dependencies": [],
            "notes": "Notes can be pinned.",
        })
    }
}

impl Author {
    pub async fn register(client: &Client, token: &str) -> Self {
        let key = SigningKey::generate(&mut StdRng::from_seed([7; 32]));
        let wanted = json!({ "publicKey": key.public().to_pem().unwrap(), "name": "laptop" });
        let path = "/api/marketplace/publisher/keys";
        let ask = Ask::new(Side::Market, Method::POST, path, token).json(&wanted);
        let view = client.good(&ask).await;
        let chain = view["certificateChain"].as_str().unwrap();
        Self {
            key,
            chain: CertificateChain::from_pem(chain).unwrap(),
        }
    }

    /// A plugin of static pages that say which version they are of.
    pub fn bundle(&self, plugin: &str, version: &str) -> Bundle {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("source");
        write(&source, plugin, version);
        let (plain, signed) = (dir.path().join("plain.pxp"), dir.path().join("signed.pxp"));
        pack_file(&source, PackOptions::default(), &plain).unwrap();
        sign_bundle(&plain, &self.key, &self.chain, Timestamp::now(), &signed).unwrap();
        Bundle {
            plugin: plugin.to_owned(),
            version: version.to_owned(),
            bytes: std::fs::read(signed).unwrap(),
        }
    }
}

/// What the pages of a version say.
pub fn title(version: &str) -> String {
    format!("<title>Notes {version}</title>")
}

fn write(folder: &Path, plugin: &str, version: &str) {
    let manifest = format!(
        "id: {plugin}\nname: Notes\nversion: {version}\ndescription: Notes for a team\n\
         corex_version: \">=1.0.0, <2.0.0\"\nruntime:\n  kind: static\nfrontend:\n  admin:\n    kind: static\n    \
         static_dir: web-admin\npermissions:\n  - \"notes:read\"\nmetadata:\n  author: Example\n  \
         license: Apache-2.0\n  category: productivity\n"
    );
    let junit = "<testsuites><testsuite name=\"a\" tests=\"4\" failures=\"0\" errors=\"0\"></testsuite></testsuites>\n";
    let page = format!("<!doctype html>{}\n", title(version));
    let changes = format!("# Changes\n\n## {version}\n\n- Notes can be pinned.\n");
    for (path, content) in [
        ("plugin.yaml", manifest.as_str()),
        ("README.md", "# Notes\n\nTakes notes for a team.\n"),
        ("CHANGELOG.md", &changes),
        ("LICENSE", "Apache License, Version 2.0\n"),
        ("web-admin/index.html", &page),
        ("reports/junit.xml", junit),
        (
            "reports/lcov.info",
            "SF:app.js\nLF:10\nLH:9\nend_of_record\n",
        ),
    ] {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
}
