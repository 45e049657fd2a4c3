//! Who made a bundle, and whether it is still what they made.
//!
//! `manifest.signature` is the last entry of a signed bundle: a DSSE envelope over an in-toto statement whose
//! subjects are the bytes of the file before that entry and the content of `integrity.txt`, signed with Ed25519
//! by a key that the Marketplace's publisher CA certified. The certificate chain travels in the envelope.

mod bundle;
mod ca;
mod chain;
mod dsse;
mod fault;
mod key;
mod sign;
mod statement;
mod verify;

pub use ca::{CaError, PUBLISHER_URN, PublisherCa, PublisherIdentity, Validity};
pub use chain::{CertificateChain, ChainError, Publisher, Revocations, TrustRoots};
pub use dsse::{Envelope, EnvelopeError, pae};
pub use fault::VerifyFault;
pub use key::{KeyError, PublicKey, Signer, SigningKey};
pub use sign::{Signed, sign_bundle, sign_bundle_with};
pub use verify::{Examined, Verified, examine_bundle, examine_reader, verify_bundle};

pub(crate) use bundle::read_manifest;
