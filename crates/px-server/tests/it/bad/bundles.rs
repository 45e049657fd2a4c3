//! Bundles packed and signed as an author does.

use std::path::Path;

use jiff::Timestamp;
use px_package::pack::{PackOptions, pack_file};
use px_package::signature::{
    CertificateChain, PublisherCa, PublisherIdentity, SigningKey, Validity, sign_bundle,
};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::json;

use super::world::{World, ok};

pub const NOTES: &str = "com.example.notes";
const KEYS: &str = "/api/marketplace/publisher/keys";

/// What an author writes.
#[derive(Clone)]
pub struct Plugin {
    pub id: String,
    pub version: String,
    pub cores: String,
    pub permissions: Vec<String>,
    pub requires: Vec<String>,
    pub files: Vec<(String, Vec<u8>)>,
}

impl Plugin {
    pub fn new(version: &str) -> Self {
        Self {
            id: NOTES.to_owned(),
            version: version.to_owned(),
            cores: ">=1.0.0, <2.0.0".to_owned(),
            permissions: vec!["notes:read".to_owned()],
            requires: Vec::new(),
            files: Vec::new(),
        }
    }

    pub fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    pub fn with(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.to_owned(), content.to_vec()));
        self
    }

    pub fn manifest(&self) -> String {
        let list = |name: &str, items: &[String]| {
            let lines: String = items.iter().map(|i| format!("  - \"{i}\"\n")).collect();
            format!("{name}:\n{lines}")
        };
        let needs = if self.requires.is_empty() {
            String::new()
        } else {
            let lines = list("  requires", &self.requires).replace("  - ", "    - ");
            format!("dependencies:\n{lines}")
        };
        format!(
            "id: {}\nname: Notes\nversion: {}\ndescription: Notes for a team\ncorex_version: \"{}\"\n\
             runtime:\n  kind: static\nfrontend:\n  admin:\n    kind: static\n    static_dir: web-admin\n\
             {}{needs}metadata:\n  author: Example\n  license: Apache-2.0\n  category: productivity\n",
            self.id,
            self.version,
            self.cores,
            list("permissions", &self.permissions),
        )
    }

    fn write(&self, folder: &Path) {
        let changes = format!(
            "# Changes\n\n## {}\n\n- Notes can be pinned.\n",
            self.version
        );
        let junit = "<testsuites><testsuite name=\"a\" tests=\"4\" failures=\"0\" errors=\"0\"></testsuite></testsuites>\n";
        let texts = [
            ("plugin.yaml", self.manifest()),
            (
                "README.md",
                "# Notes\n\nTakes notes for a team.\n".to_owned(),
            ),
            ("CHANGELOG.md", changes),
            ("LICENSE", "Apache License, Version 2.0\n".to_owned()),
            (
                "web-admin/index.html",
                "<!doctype html><title>Notes</title>\n".to_owned(),
            ),
            ("reports/junit.xml", junit.to_owned()),
            (
                "reports/lcov.info",
                "SF:app.js\nLF:10\nLH:9\nend_of_record\n".to_owned(),
            ),
        ];
        let own = self.files.iter().map(|(p, c)| (p.as_str(), c.clone()));
        for (path, content) in texts
            .map(|(p, c)| (p, c.into_bytes()))
            .into_iter()
            .chain(own)
        {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
    }

    /// The bundle before it is signed.
    pub fn unsigned(&self) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        self.write(dir.path());
        pack(dir.path())
    }
}

/// The bundle of a plugin's folder, before it is signed.
pub fn pack(folder: &Path) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain.pxp");
    pack_file(folder, PackOptions::default(), &plain).unwrap();
    std::fs::read(plain).unwrap()
}

/// A key and its certificate.
pub struct Author {
    key: SigningKey,
    chain: CertificateChain,
    pub key_id: String,
    pub publisher: String,
}

fn rng(seed: u8) -> StdRng {
    StdRng::from_seed([seed; 32])
}

/// A private key in PEM, made for this test and never used.
pub fn private_key() -> String {
    SigningKey::generate(&mut rng(99)).to_pem().unwrap()
}

/// The public half of [`private_key`].
pub fn public_key() -> String {
    let key = SigningKey::generate(&mut rng(99));
    key.public().to_pem().unwrap()
}

impl Author {
    /// A key that the Marketplace certifies for whoever has the token.
    pub async fn register(w: &World, token: &str, seed: u8) -> Self {
        let key = SigningKey::generate(&mut rng(seed));
        let wanted = json!({ "publicKey": key.public().to_pem().unwrap(), "name": "laptop" });
        let view = ok(w.market(Method::POST, KEYS, token).json(&wanted)).await;
        let text = |name: &str| view[name].as_str().unwrap().to_owned();
        Self {
            key,
            chain: CertificateChain::from_pem(&text("certificateChain")).unwrap(),
            key_id: text("keyId"),
            publisher: text("publisherId"),
        }
    }

    /// A key with a certificate in the same publisher's name, from an authority nobody trusts.
    pub fn forged(as_author: &Self, seed: u8) -> Self {
        let mut rng = rng(seed);
        let validity = Validity {
            not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2040-01-01T00:00:00Z".parse().unwrap(),
        };
        let root = SigningKey::generate(&mut rng);
        let ca = PublisherCa::create("Example CA", root, validity, &mut rng).unwrap();
        let key = SigningKey::generate(&mut rng);
        let identity = PublisherIdentity {
            name: "PowerX Samples",
            id: as_author.publisher.parse().unwrap(),
            key: key.public(),
        };
        let chain = ca.issue(&identity, validity, &mut rng).unwrap();
        Self {
            key,
            chain,
            key_id: String::new(),
            publisher: as_author.publisher.clone(),
        }
    }

    /// The signed bundle.
    pub fn bundle(&self, plugin: &Plugin) -> Vec<u8> {
        self.sign(&plugin.unsigned())
    }

    /// A bundle with this key's signature.
    pub fn sign(&self, unsigned: &[u8]) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let (plain, signed) = (dir.path().join("plain.pxp"), dir.path().join("signed.pxp"));
        std::fs::write(&plain, unsigned).unwrap();
        sign_bundle(&plain, &self.key, &self.chain, Timestamp::now(), &signed).unwrap();
        std::fs::read(signed).unwrap()
    }

    /// Revokes the key.
    pub async fn revoke(&self, w: &World, token: &str) {
        let path = format!("{KEYS}/{}/revoke", self.key_id);
        let why = serde_json::json!({ "reason": "the key was copied" });
        let view = ok(w.market(Method::POST, &path, token).json(&why)).await;
        assert_eq!(view["revoked"], true, "{view}");
    }
}
