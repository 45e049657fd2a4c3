//! Versions, channels, ranges and dependencies.

use std::fmt;
use std::str::FromStr;

/// Why a text is not a version or range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not Semantic Versioning 2.0.
    #[error("`{text}` is not a semantic version such as `1.4.0`: {reason}")]
    Version {
        /// What was given.
        text: String,
        /// What the parser said.
        reason: String,
    },
    /// Not a version range.
    #[error("`{text}` is not a version range such as `>=1.2.0, <2.0.0`: {reason}")]
    Range {
        /// What was given.
        text: String,
        /// What the parser said.
        reason: String,
    },
    /// Not `PLUGIN RANGE`.
    #[error("`{text}` is not a dependency such as `com.example.crm >=0.5.0`: {reason}")]
    Dependency {
        /// What was given.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// Not a word of a closed list.
    #[error("`{text}` is none of {allowed}")]
    Word {
        /// What was given.
        text: String,
        /// The words that are allowed.
        allowed: &'static str,
    },
}

/// A plugin's version (Semantic Versioning 2.0). Build metadata is kept and takes part in equality.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(semver::Version);

impl Version {
    /// The parsed semantic version.
    #[must_use]
    pub const fn semver(&self) -> &semver::Version {
        &self.0
    }

    /// Whether it carries a pre-release tag.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }
}

impl FromStr for Version {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        semver::Version::parse(text)
            .map(Self)
            .map_err(|e| VersionError::Version {
                text: text.to_owned(),
                reason: e.to_string(),
            })
    }
}

/// A range of versions, as in `corex_version: ">=0.1.0"`; comparators are separated by commas or spaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CoreRange {
    text: String,
    req: semver::VersionReq,
}

impl CoreRange {
    /// Whether `version` lies in the range.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.req.matches(&version.0)
    }

    /// The comparators.
    #[must_use]
    pub const fn req(&self) -> &semver::VersionReq {
        &self.req
    }
}

impl FromStr for CoreRange {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let spaced = comma_separated(text);
        let req = semver::VersionReq::parse(&spaced).map_err(|e| VersionError::Range {
            text: text.to_owned(),
            reason: e.to_string(),
        })?;
        Ok(Self {
            text: text.trim().to_owned(),
            req,
        })
    }
}

/// Puts a comma where authors separate comparators by a space (`>=1.0 <2.0`).
fn comma_separated(text: &str) -> String {
    let mut out = String::new();
    let mut glue = true; // an operator was just read: the number belongs to it
    for word in text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        if !glue {
            out.push_str(", ");
        }
        out.push_str(word);
        glue = word.bytes().all(|b| b"<>=~^".contains(&b));
    }
    out
}

impl fmt::Display for CoreRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A plugin that another one needs, with the versions that will do: `com.x.crm >=0.5.0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// The plugin needed.
    pub plugin: crate::PluginId,
    /// Versions that satisfy it; any when the author named none.
    pub range: CoreRange,
}

impl FromStr for Dependency {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let fail = |reason: String| VersionError::Dependency {
            text: text.to_owned(),
            reason,
        };
        let text_trimmed = text.trim();
        let (plugin, range) = text_trimmed
            .split_once(|c: char| c.is_whitespace())
            .unwrap_or((text_trimmed, "*"));
        Ok(Self {
            plugin: plugin
                .parse()
                .map_err(|e: crate::NameError| fail(e.to_string()))?,
            range: range
                .parse()
                .map_err(|e: VersionError| fail(e.to_string()))?,
        })
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.plugin, self.range)
    }
}

macro_rules! text_serde {
    ($($name:ty),*) => {$(
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
text_serde!(Version, CoreRange, Dependency);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word used in files, requests and the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::VersionError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::VersionError::Word { text: text.to_owned(), allowed: concat!($("`", $word, "` "),*) }),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a version is offered.
    Channel {
        /// For everybody.
        Stable = "stable",
        /// For tenants that asked for early versions.
        Beta = "beta",
    }
}

words! {
    /// What a tenant wants done when a new version of an installed plugin is listed.
    UpgradePolicy {
        /// Nothing, not even a message.
        Off = "off",
        /// A message; a person decides.
        Notify = "notify",
        /// Install it with the tenant's batch.
        Auto = "auto",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_take_commas_and_spaces() {
        let range: CoreRange = ">= 0.5.0 <2".parse().unwrap();
        assert!(range.contains(&"1.9.9".parse().unwrap()));
        assert!(!range.contains(&"2.0.0".parse().unwrap()));
        let dep: Dependency = "com.powerx.plugins.crm >=0.5.0".parse().unwrap();
        assert_eq!(dep.to_string(), "com.powerx.plugins.crm >=0.5.0");
        assert!(
            "com.x.y"
                .parse::<Dependency>()
                .unwrap()
                .range
                .contains(&"9.0.0".parse().unwrap())
        );
        assert!("crm >=1".parse::<Dependency>().is_err());
    }
}
