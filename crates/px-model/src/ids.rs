//! Identifiers with a prefix that says what they name, such as `ins_0197f3…`.

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form `{prefix}_` followed by 32 hexadecimal digits")]
pub struct IdError {
    /// Prefix that was expected, without the underscore.
    pub prefix: &'static str,
    /// What was given.
    pub text: String,
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Prefix of the textual form, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID (version 7, so that ids sort by creation time).
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text, $prefix).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, IdError> {
    let fail = || IdError {
        prefix,
        text: text.chars().take(64).collect(),
    };
    let hex = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or_else(fail)?;
    if hex.len() != 32 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(fail());
    }
    Uuid::try_parse(hex).map_err(|_| fail())
}

typed_ids! {
    /// One publish request; receipts and `--resume` name it.
    PublishId = "pub";
    /// One version of one plugin on the Marketplace.
    VersionId = "ver";
    /// The review of one version.
    ReviewId = "rev";
    /// A resumable upload.
    UploadId = "upl";
    /// An organisation or person that publishes plugins.
    PublisherId = "org";
    /// A publisher's signing key known to the Marketplace.
    KeyId = "key";
    /// A person or machine that signs in.
    AccountId = "acc";
    /// An API token.
    TokenId = "tok";
    /// A browser session.
    SessionId = "ses";
    /// A tenant of a PowerX installation.
    TenantId = "ten";
    /// One PowerX installation, as the Marketplace knows it.
    InstallationId = "pwx";
    /// A tenant's wish to be told about a plugin.
    SubscriptionId = "sub";
    /// A webhook or mail address that notices go to.
    EndpointId = "ept";
    /// One notice to one receiver about one event.
    NoticeId = "ntc";
    /// One message in somebody's inbox.
    InboxId = "inb";
    /// One install or upgrade of one version for one tenant (`installJobId`).
    InstallId = "ins";
    /// One rollout of a release over tenants.
    RolloutId = "rol";
    /// One alert on the board.
    AlertId = "alr";
    /// One entry of the audit log.
    AuditId = "aud";
    /// One outgoing event (CloudEvents `id`).
    EventId = "evt";
    /// One background job.
    JobId = "job";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_foreign_prefixes_are_refused() {
        let id = InstallId::from_uuid(Uuid::from_u128(7));
        let text = id.to_string();
        assert_eq!(text, "ins_00000000000000000000000000000007");
        assert_eq!(text.parse::<InstallId>(), Ok(id));
        assert!(text.parse::<VersionId>().is_err());
        assert!("ins_ZZ".parse::<InstallId>().is_err());
    }
}
