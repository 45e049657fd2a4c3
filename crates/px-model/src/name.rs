//! Plugin identifiers: reverse-domain names such as `com.powerx.demo`.

use std::fmt;
use std::str::FromStr;

/// Why a text is not a plugin id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Longer than [`PluginId::MAX_LEN`] or empty.
    #[error("a plugin id has 3 to {max} characters, this one has {len}", max = PluginId::MAX_LEN)]
    Length {
        /// Characters found.
        len: usize,
    },
    /// Fewer than two dot-separated parts.
    #[error("`{0}` needs at least two parts separated by a dot, such as `com.example.notes`")]
    Parts(String),
    /// A part with a character that is not allowed, or in a place where it is not.
    #[error(
        "`{part}` in `{id}` may hold a–z, 0–9, `-` and `_`, and begins and ends with a letter or digit"
    )]
    Part {
        /// The whole text.
        id: String,
        /// The offending part.
        part: String,
    },
}

/// Identifier of a plugin, unique on the Marketplace: lower-case reverse-domain notation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId(String);

impl PluginId {
    /// Greatest number of characters; keeps install paths within every file system's limit.
    pub const MAX_LEN: usize = 128;

    /// The textual form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let len = text.chars().count();
        if !(3..=Self::MAX_LEN).contains(&len) {
            return Err(NameError::Length { len });
        }
        if !text.contains('.') {
            return Err(NameError::Parts(text.to_owned()));
        }
        match text.split('.').find(|part| !is_part(part)) {
            Some(part) => Err(NameError::Part {
                id: text.to_owned(),
                part: part.to_owned(),
            }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

fn is_part(part: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = part.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for PluginId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for PluginId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_in_use_and_refuses_path_tricks() {
        for good in [
            "com.powerx.demo",
            "com.powerx.plugins.base",
            "io.a-b.c_d",
            "x.y",
        ] {
            assert!(good.parse::<PluginId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "demo",
            "Com.x",
            "com..x",
            ".com.x",
            "com.x.",
            "com.-x",
            "com/x.y",
            "com.x\u{200b}y",
            "..\\..",
        ] {
            assert!(bad.parse::<PluginId>().is_err(), "{bad}");
        }
        assert!(
            format!("a.{}", "b".repeat(127))
                .parse::<PluginId>()
                .is_err()
        );
    }
}
