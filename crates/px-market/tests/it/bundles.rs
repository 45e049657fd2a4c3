//! Real bundles, packed and signed as an author does.

use std::path::Path;

use jiff::Timestamp;
use px_api::market::{KeyRequest, PublishRequest};
use px_market::app::authority::PublisherAuth;
use px_package::pack::{PackOptions, pack_file};
use px_package::signature::{CertificateChain, SigningKey, sign_bundle};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::world::{World, request};

pub const NOTES: &str = "com.example.notes";

/// A key with the certificate the Marketplace gave.
pub struct Signer {
    pub key: SigningKey,
    pub chain: CertificateChain,
    pub view: px_api::market::KeyView,
}

impl Signer {
    pub async fn register(w: &World, auth: &PublisherAuth) -> Self {
        let key = SigningKey::generate(&mut StdRng::from_seed([7; 32]));
        let wanted = KeyRequest {
            public_key: key.public().to_pem().unwrap(),
            name: "laptop".to_owned(),
        };
        let view = w.market.register_key(auth, &wanted).await.unwrap();
        let chain = CertificateChain::from_pem(&view.certificate_chain).unwrap();
        Self { key, chain, view }
    }

    /// A signed bundle of the static sample at `version`, with further files.
    pub fn bundle(&self, version: &str, at: Timestamp, more: &[(&str, &str)]) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("plugin");
        write_plugin(&folder, version, more);
        let plain = dir.path().join("plain.pxp");
        pack_file(&folder, PackOptions::default(), &plain).unwrap();
        let signed = dir.path().join("signed.pxp");
        sign_bundle(&plain, &self.key, &self.chain, at, &signed).unwrap();
        std::fs::read(signed).unwrap()
    }
}

fn write_plugin(folder: &Path, version: &str, more: &[(&str, &str)]) {
    let manifest = format!(
        "id: {NOTES}\nname: Notes\nversion: {version}\ndescription: Notes for a team\ncorex_version: \">=0.1.0, <1.0.0\"\n\
         runtime:\n  kind: static\nfrontend:\n  admin:\n    kind: static\n    static_dir: web-admin\n\
         permissions:\n  - notes:read\nmetadata:\n  author: Example\n  license: Apache-2.0\n  category: productivity\n"
    );
    let changes = format!("# Changes\n\n## {version}\n\n- Notes can be pinned.\n");
    let mut files = vec![
        ("plugin.yaml", manifest.as_str()),
        ("README.md", "# Notes\n\nTakes notes for a team.\n"),
        ("CHANGELOG.md", changes.as_str()),
        ("LICENSE", "Apache License, Version 2.0\n"),
        (
            "web-admin/index.html",
            "<!doctype html><title>Notes</title>\n",
        ),
        (
            "reports/junit.xml",
            "<testsuites><testsuite name=\"a\" tests=\"4\" failures=\"0\" errors=\"0\"></testsuite></testsuites>\n",
        ),
        (
            "reports/lcov.info",
            "SF:app.js\nLF:10\nLH:9\nend_of_record\n",
        ),
    ];
    files.extend(more);
    for (path, content) in files {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
}

/// What the author registers for such a bundle.
pub fn registration(key: &str, version: &str, bytes: &[u8]) -> PublishRequest {
    let mut request = request(key, NOTES, version, bytes);
    request.permissions = vec!["notes:read".parse().unwrap()];
    request
}
