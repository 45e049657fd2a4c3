//! Permissions a plugin asks for and a tenant grants.

use std::fmt;
use std::str::FromStr;

/// Text that is not a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a permission of the form `resource:action`, such as `orders:read`")]
pub struct PermissionError(pub String);

/// How much harm a granted permission, or a version, could do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Reads or keeps its own data only.
    Low,
    /// Changes the tenant's data.
    Medium,
    /// Reaches outside the installation, runs native code, or manages people and secrets.
    High,
}

impl Risk {
    /// The word used in files and requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One action on one resource, written `resource:action`; the resource may itself contain colons
/// (`base:template:read` is the action `read` on `base:template`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    resource: String,
    action: String,
}

impl Permission {
    /// Resource under which outgoing HTTP hosts are declared: `http:outbound:api.example.com`.
    pub const HTTP_OUTBOUND: &'static str = "http:outbound";

    /// Builds from the two parts, as in `permissions: [{resource, actions}]`.
    ///
    /// # Errors
    /// When a part is empty or holds white space or control characters.
    pub fn new(resource: &str, action: &str) -> Result<Self, PermissionError> {
        let ok = |part: &str| {
            !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if ok(resource) && ok(action) && resource.len() + action.len() < 256 {
            Ok(Self {
                resource: resource.to_owned(),
                action: action.to_owned(),
            })
        } else {
            Err(PermissionError(format!("{resource}:{action}")))
        }
    }

    /// What is acted on.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// What is done.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Host the plugin may call, when this is an `http:outbound:HOST` permission.
    #[must_use]
    pub fn outbound_host(&self) -> Option<&str> {
        (self.resource == Self::HTTP_OUTBOUND).then_some(self.action.as_str())
    }

    /// How much harm granting it could do.
    #[must_use]
    pub fn risk(&self) -> Risk {
        const MANAGE: [&str; 5] = ["manage", "admin", "impersonate", "grant", "*"];
        let sensitive = ["secret", "account", "user", "role", "billing"];
        if self.outbound_host().is_some()
            || MANAGE.contains(&self.action.as_str())
            || sensitive.iter().any(|word| self.resource.contains(word))
        {
            Risk::High
        } else if ["read", "list", "observe", "view"].contains(&self.action.as_str())
            || self.resource == "kv"
        {
            Risk::Low
        } else {
            Risk::Medium
        }
    }
}

impl FromStr for Permission {
    type Err = PermissionError;
    fn from_str(text: &str) -> Result<Self, PermissionError> {
        let (resource, action) = match text.strip_prefix("http:outbound:") {
            Some(host) => (Self::HTTP_OUTBOUND, host),
            None => text
                .rsplit_once(':')
                .ok_or_else(|| PermissionError(text.to_owned()))?,
        };
        Self::new(resource, action)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.action)
    }
}

impl serde::Serialize for Permission {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Permission {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risk_follows_reach() {
        let risk = |text: &str| text.parse::<Permission>().unwrap().risk();
        assert_eq!(risk("base:template:read"), Risk::Low);
        assert_eq!(risk("kv:write"), Risk::Low);
        assert_eq!(risk("base:template:delete"), Risk::Medium);
        assert_eq!(risk("http:outbound:api.example.com:8443"), Risk::High);
        assert_eq!(risk("runtime.ops:manage"), Risk::High);
        assert!("read".parse::<Permission>().is_err());
    }
}
