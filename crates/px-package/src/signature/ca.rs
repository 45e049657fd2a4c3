//! The Marketplace's publisher CA: one self-signed root that certifies publishers' keys (RFC 5280).

use super::chain::CertificateChain;
use super::key::{KeyError, PublicKey, SigningKey};
use crate::sha256;
use jiff::Timestamp;
use px_model::{Digest, PublisherId};
use rand::CryptoRng;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm,
};
use time::OffsetDateTime;

/// Prefix of the URI that names the publisher in a certificate's subject alternative name.
pub const PUBLISHER_URN: &str = "urn:powerx:publisher:";

/// When a certificate is valid; both ends belong to it, cut to whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First moment.
    pub not_before: Timestamp,
    /// Last moment.
    pub not_after: Timestamp,
}

/// Why a certificate could not be made or loaded.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The private key is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The certificate is not one, or not a CA's, or not this key's.
    #[error("the CA certificate cannot be used: {0}")]
    Certificate(String),
    /// A field has a value that certificates cannot hold.
    #[error("the certificate cannot be made: {0}")]
    Field(String),
}

/// Who asks for a certificate, identity already verified.
#[derive(Debug, Clone)]
pub struct PublisherIdentity<'a> {
    /// Name for people.
    pub name: &'a str,
    /// Identifier on the Marketplace.
    pub id: PublisherId,
    /// The key that is certified.
    pub key: PublicKey,
}

/// A CA that certifies publishers' keys.
#[derive(Debug)]
pub struct PublisherCa {
    name: String,
    key: SigningKey,
    certificate: Vec<u8>,
}

impl PublisherCa {
    /// Makes a CA with a self-signed certificate.
    ///
    /// # Errors
    /// [`CaError::Field`].
    pub fn create(
        name: &str,
        key: SigningKey,
        validity: Validity,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, CaError> {
        let mut params = ca_params(name, validity, rng)?;
        params.use_authority_key_identifier_extension = false;
        let certificate = params.self_signed(&Signer::new(&key)).map_err(field)?;
        Ok(Self {
            name: name.to_owned(),
            certificate: certificate.der().to_vec(),
            key,
        })
    }

    /// Loads a CA from its certificate and private key, both PEM.
    ///
    /// # Errors
    /// [`CaError::Key`], or [`CaError::Certificate`] when the two do not belong together.
    pub fn load(certificate_pem: &str, key_pem: &str) -> Result<Self, CaError> {
        let key = SigningKey::from_pem(key_pem)?;
        let chain = CertificateChain::from_pem(certificate_pem)
            .map_err(|e| CaError::Certificate(e.to_string()))?;
        let [certificate] = chain.certificates() else {
            return Err(CaError::Certificate(
                "the file must hold one certificate".to_owned(),
            ));
        };
        let facts = super::chain::ca_facts(certificate).map_err(CaError::Certificate)?;
        if facts.key != key.public() {
            return Err(CaError::Certificate("it belongs to another key".to_owned()));
        }
        Ok(Self {
            name: facts.name,
            key,
            certificate: certificate.clone(),
        })
    }

    /// The CA's certificate as PEM: what cores pin.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        CertificateChain::new(vec![self.certificate.clone()]).to_pem()
    }

    /// The CA's certificate as DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The CA's private key as PKCS#8 PEM.
    ///
    /// # Errors
    /// As [`SigningKey::to_pem`].
    pub fn key_pem(&self) -> Result<String, KeyError> {
        self.key.to_pem()
    }

    /// SHA-256 of the certificate: the root's name in [`super::TrustRoots`].
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        sha256(&self.certificate)
    }

    /// Certifies a publisher's key: the chain is the new certificate and the CA's own.
    ///
    /// # Errors
    /// [`CaError::Field`].
    pub fn issue(
        &self,
        publisher: &PublisherIdentity<'_>,
        validity: Validity,
        rng: &mut impl CryptoRng,
    ) -> Result<CertificateChain, CaError> {
        let mut params = base_params(publisher.name, validity, rng)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.use_authority_key_identifier_extension = true;
        let urn = format!("{PUBLISHER_URN}{}", publisher.id);
        params.subject_alt_names = vec![SanType::URI(urn.try_into().map_err(field)?)];
        // Only name, usages and key of the issuer go into what it signs.
        let issuer = Issuer::new(
            ca_params(&self.name, validity, rng)?,
            Signer::new(&self.key),
        );
        let subject = Raw(*publisher.key.as_bytes());
        let certificate = params.signed_by(&subject, &issuer).map_err(field)?;
        Ok(CertificateChain::new(vec![
            certificate.der().to_vec(),
            self.certificate.clone(),
        ]))
    }
}

fn field(error: impl std::fmt::Display) -> CaError {
    CaError::Field(error.to_string())
}

fn ca_params(
    name: &str,
    validity: Validity,
    rng: &mut impl CryptoRng,
) -> Result<CertificateParams, CaError> {
    let mut params = base_params(name, validity, rng)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn base_params(
    name: &str,
    validity: Validity,
    rng: &mut impl CryptoRng,
) -> Result<CertificateParams, CaError> {
    if name.trim().is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(CaError::Field(
            "a name has 1 to 64 characters, none of them a control character".to_owned(),
        ));
    }
    if validity.not_after <= validity.not_before {
        return Err(CaError::Field(
            "the certificate would end before it begins".to_owned(),
        ));
    }
    let mut serial = [0; 16];
    rng.fill_bytes(&mut serial);
    // A serial number is positive and has no superfluous zero in front (RFC 5280, 4.1.2.2).
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.not_before = date(validity.not_before)?;
    params.not_after = date(validity.not_after)?;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = subject;
    Ok(params)
}

fn date(time: Timestamp) -> Result<OffsetDateTime, CaError> {
    OffsetDateTime::from_unix_timestamp(time.as_second()).map_err(field)
}

/// A key as rcgen wants it.
struct Signer<'a> {
    key: &'a SigningKey,
    public: [u8; 32],
}

impl<'a> Signer<'a> {
    fn new(key: &'a SigningKey) -> Self {
        Self {
            public: *key.public().as_bytes(),
            key,
        }
    }
}

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.key.sign(message).to_vec())
    }
}

struct Raw([u8; 32]);

impl PublicKeyData for Raw {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}
