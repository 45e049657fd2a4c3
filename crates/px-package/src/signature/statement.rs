//! What a publisher signs: an in-toto statement (v1) about a bundle's bytes.

use super::dsse::EnvelopeError;
use crate::canonical::compact_json;
use crate::names;
use px_model::{Digest, PluginId, Version};
use serde::{Deserialize, Serialize};

/// DSSE payload type of in-toto statements.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "urn:powerx:bundle:v1";

/// The statement. Subjects are the bytes before the signature's own entry, and `integrity.txt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    predicate: Predicate,
    predicate_type: String,
    subject: Vec<Subject>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Predicate {
    /// SHA-256 of the central directory's records of every entry before the signature: they hold the modes.
    central_directory: Digest,
    plugin_id: PluginId,
    version: Version,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    digest: DigestSet,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DigestSet {
    sha256: Digest,
}

/// The facts a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFacts {
    /// Bytes of the file before the local header of the signature.
    pub bundle: Digest,
    /// Content of `integrity.txt`.
    pub integrity: Digest,
    /// Directory records of every entry before the signature.
    pub directory: Digest,
    pub plugin_id: PluginId,
    pub version: Version,
}

impl Statement {
    pub fn new(facts: &BundleFacts) -> Self {
        let subject = |name: &str, sha256| Subject {
            digest: DigestSet { sha256 },
            name: name.to_owned(),
        };
        Self {
            kind: STATEMENT.to_owned(),
            predicate: Predicate {
                central_directory: facts.directory,
                plugin_id: facts.plugin_id.clone(),
                version: facts.version.clone(),
            },
            predicate_type: PREDICATE.to_owned(),
            subject: vec![
                subject("bundle", facts.bundle),
                subject(names::INTEGRITY, facts.integrity),
            ],
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_value(self).map_or_else(|_| String::new(), |value| compact_json(&value))
    }

    pub fn from_json(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        serde_json::from_slice(bytes)
            .map_err(|e| EnvelopeError::Form(format!("not a statement about a bundle: {e}")))
    }

    /// Whether the first subject is these bytes.
    pub fn is_about(&self, bundle: &Digest) -> bool {
        let first = self.subject.first();
        first.is_some_and(|subject| subject.digest.sha256 == *bundle)
    }

    /// The first part in which this statement is not the one about these facts.
    pub fn difference(&self, facts: &BundleFacts) -> Option<&'static str> {
        let expected = Self::new(facts);
        let digest = |statement: &Self, i: usize| statement.subject.get(i).cloned();
        match () {
            () if digest(self, 0) != digest(&expected, 0) => Some("bundle"),
            () if digest(self, 1) != digest(&expected, 1) => Some("integrity.txt"),
            () if self.predicate.central_directory != facts.directory => Some("directory"),
            () if self.predicate.plugin_id != facts.plugin_id => Some("plugin id"),
            () if self.predicate.version != facts.version => Some("version"),
            () if *self != expected => Some("kind of statement"),
            () => None,
        }
    }
}
