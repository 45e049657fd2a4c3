//! Why a bundle is not believed.

use super::dsse::EnvelopeError;
use crate::archive::{ArchiveError, ArchiveFault};
use crate::issue::Issue;
use jiff::Timestamp;
use px_model::Digest;
use std::io;

/// Why a bundle is not believed: what, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFault {
    /// The archive, or a file in it, is not what it must be (ARC-01 … ARC-12).
    #[error("{}", lines(.0))]
    Archive(Vec<ArchiveFault>),
    /// There is no signature.
    #[error("the bundle has no manifest.signature; sign it with px-plugin sign")]
    Unsigned,
    /// The signature is not the last entry, stored as it is.
    #[error(
        "manifest.signature is not the last entry, stored without compression; sign the bundle again"
    )]
    Place,
    /// Bytes of the structure are not the ones that follow from the content.
    #[error(
        "the {part} is not in canonical form: the file was changed after signing; fetch it again or sign it again"
    )]
    NotCanonical {
        /// Which part.
        part: &'static str,
    },
    /// The envelope cannot be read, or its signature is wrong.
    #[error("manifest.signature: {0}; fetch the bundle again or sign it again")]
    Envelope(EnvelopeError),
    /// A certificate is malformed, misused or not issued by the one above it.
    #[error("certificate: {message}; ask the Marketplace for a new one with px-plugin keys")]
    Certificate {
        /// What is wrong.
        message: String,
    },
    /// A certificate is not valid yet.
    #[error("the certificate of `{subject}` is valid from {not_before}; check the clock")]
    NotYetValid {
        /// Whose.
        subject: String,
        /// First valid moment.
        not_before: Timestamp,
    },
    /// A certificate has run out.
    #[error(
        "the certificate of `{subject}` ran out at {not_after}; renew it with px-plugin keys and sign again"
    )]
    Expired {
        /// Whose.
        subject: String,
        /// Last valid moment.
        not_after: Timestamp,
    },
    /// A certificate was taken back.
    #[error(
        "the certificate of `{subject}` ({serial}) was revoked as of {since}; sign with a new key"
    )]
    Revoked {
        /// Whose.
        subject: String,
        /// Serial number, hexadecimal.
        serial: String,
        /// From when.
        since: Timestamp,
    },
    /// The chain ends in a root that is not trusted.
    #[error(
        "the chain of `{publisher}` ends in the root {root}, which is not trusted here; add it only if you know whose it is"
    )]
    UntrustedRoot {
        /// SHA-256 of the root certificate.
        root: Digest,
        /// Who the chain says signed.
        publisher: String,
    },
    /// What was signed is not what is in the file.
    #[error("the signature is over another {part}; fetch the bundle again or sign it again")]
    OtherBytes {
        /// Which part.
        part: &'static str,
    },
    /// The manifest is not valid, or `manifest.json` is not made from `plugin.yaml`.
    #[error("{}", issue_lines(.0))]
    Manifest(Vec<Issue>),
    /// The machine is to blame.
    #[error("the bundle could not be read: {0}")]
    Io(io::Error),
}

impl VerifyFault {
    /// A stable short name, for logs and error catalogues.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Archive(_) => "bundle_archive",
            Self::Unsigned => "bundle_unsigned",
            Self::Place => "signature_place",
            Self::NotCanonical { .. } => "bundle_not_canonical",
            Self::Envelope(_) => "signature_invalid",
            Self::Certificate { .. } => "certificate_invalid",
            Self::NotYetValid { .. } => "certificate_not_yet_valid",
            Self::Expired { .. } => "certificate_expired",
            Self::Revoked { .. } => "certificate_revoked",
            Self::UntrustedRoot { .. } => "root_untrusted",
            Self::OtherBytes { .. } => "signature_other_bytes",
            Self::Manifest(_) => "bundle_manifest",
            Self::Io(_) => "bundle_unreadable",
        }
    }

    /// Whether trying again may help: the machine is to blame, not the bundle.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Io(_))
    }
}

fn lines(faults: &[ArchiveFault]) -> String {
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

fn issue_lines(issues: &[Issue]) -> String {
    let fatal = issues.iter().filter(|issue| issue.severity.is_fatal());
    let lines: Vec<_> = fatal.map(ToString::to_string).collect();
    lines.join("; ")
}

impl From<ArchiveError> for VerifyFault {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Faults(faults) => Self::Archive(faults),
            ArchiveError::Io(error) => Self::Io(error),
            other => Self::Archive(vec![ArchiveFault::new(
                "ARC-12",
                other.to_string(),
                "pack the plugin again with px-plugin pack",
            )]),
        }
    }
}

impl From<io::Error> for VerifyFault {
    fn from(error: io::Error) -> Self {
        ArchiveError::from(error).into()
    }
}

impl From<EnvelopeError> for VerifyFault {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}
