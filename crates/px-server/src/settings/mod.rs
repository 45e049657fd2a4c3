//! Settings: one table of what can be set, resolved from a file and the environment, with origins.
//!
//! The environment wins over the file, the file over the default. Unknown keys in the file are
//! refused by name, so that a misspelling cannot silently leave a safeguard at its default.

mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use table::{Kind, SETTINGS, Setting, user_and_group};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system or the parser said.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{path}: there is no setting `{key}`{hint}; `powerx config` lists them all")]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// The key.
        key: String,
        /// A near miss, when there is one.
        hint: String,
    },
    /// A value of the wrong form.
    #[error("{origin}: `{key}` = `{value}`: {expected}")]
    Value {
        /// Where it was set.
        origin: String,
        /// The key.
        key: String,
        /// The value given.
        value: String,
        /// What it should look like.
        expected: &'static str,
    },
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The text of the value.
    pub value: String,
    /// `default`, `environment`, `command` or the file's name.
    pub origin: String,
}

/// All settings, resolved and checked.
#[derive(Debug, Clone)]
pub struct Settings(BTreeMap<&'static str, Resolved>);

impl Settings {
    /// Resolves every setting from an optional TOML file and a look-up of environment variables.
    ///
    /// # Errors
    /// [`SettingsError`] naming key, value, origin and what is expected.
    pub fn resolve(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let from_file = file.map(read_file).transpose()?.unwrap_or_default();
        let mut all = BTreeMap::new();
        for setting in SETTINGS {
            let resolved = environment(setting.name)
                .map(|value| Resolved {
                    value,
                    origin: "environment".to_owned(),
                })
                .or_else(|| {
                    let value = from_file.get(setting.name)?.clone();
                    Some(Resolved {
                        value,
                        origin: file.map(|f| f.display().to_string()).unwrap_or_default(),
                    })
                })
                .unwrap_or_else(|| Resolved {
                    value: setting.default.to_owned(),
                    origin: "default".to_owned(),
                });
            setting
                .kind
                .check(&resolved.value)
                .map_err(|expected| SettingsError::Value {
                    origin: resolved.origin.clone(),
                    key: setting.name.to_owned(),
                    value: if setting.kind == Kind::Secret {
                        "(hidden)".to_owned()
                    } else {
                        resolved.value.clone()
                    },
                    expected,
                })?;
            all.insert(setting.name, resolved);
        }
        Ok(Self(all))
    }

    /// Sets a value for this run, as the quick start and the demo do for what they choose themselves.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Some(slot) = self.0.get_mut(name) {
            *slot = Resolved {
                value: value.into(),
                origin: "command".to_owned(),
            };
        }
        self
    }

    /// As [`Settings::with`], unless somebody has set it.
    #[must_use]
    pub fn with_default(self, name: &str, value: impl Into<String>) -> Self {
        if self.0.get(name).is_some_and(|r| r.origin == "default") {
            self.with(name, value)
        } else {
            self
        }
    }

    /// Every setting with its value and origin; secrets hidden.
    pub fn listing(&self) -> impl Iterator<Item = (&'static Setting, String, &str)> {
        SETTINGS.iter().filter_map(|setting| {
            let resolved = self.0.get(setting.name)?;
            let hide = setting.kind == Kind::Secret && !resolved.value.is_empty();
            let value = if hide {
                "(set)".to_owned()
            } else {
                resolved.value.clone()
            };
            Some((setting, value, resolved.origin.as_str()))
        })
    }

    /// The text of a setting; names come from the table, so an absent one is an empty text.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |r| r.value.as_str())
    }

    /// The text, or `None` when it is empty.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// A switch.
    #[must_use]
    pub fn on(&self, name: &str) -> bool {
        matches!(self.text(name), "1" | "true" | "yes" | "on")
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// A number of seconds.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs_f64(self.text(name).parse().unwrap_or_default())
    }

    /// Numbers of seconds.
    #[must_use]
    pub fn moments(&self, name: &str) -> Vec<Duration> {
        let parts = self.list(name).into_iter();
        parts
            .filter_map(|part| part.parse().ok().map(Duration::from_secs_f64))
            .collect()
    }

    /// Comma-separated words.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        self.text(name)
            .split(',')
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, SettingsError> {
    let fail = |reason: String| SettingsError::File {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|e: toml::de::Error| fail(e.to_string()))?;
    table
        .into_iter()
        .map(|(key, value)| known(path, key, &value))
        .collect()
}

fn known(path: &Path, key: String, value: &toml::Value) -> Result<(String, String), SettingsError> {
    let upper = key.to_ascii_uppercase();
    if SETTINGS.iter().any(|s| s.name == upper) {
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => items
                .iter()
                .map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join(","),
            other => other.to_string(),
        };
        return Ok((upper, text));
    }
    let near = SETTINGS
        .iter()
        .find(|s| s.name.contains(&upper) || upper.contains(s.name));
    let hint = near
        .map(|s| format!(", perhaps `{}`", s.name.to_ascii_lowercase()))
        .unwrap_or_default();
    Err(SettingsError::Unknown {
        path: path.to_owned(),
        key,
        hint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_wins_and_unknown_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("powerx.toml");
        std::fs::write(
            &file,
            "mkp_review_sla_hours = 8\npx_online_allowed_hosts = [\"a.example\", \"b.example\"]\n",
        )
        .unwrap();
        let settings = Settings::resolve(Some(&file), |name| {
            (name == "MKP_REVIEW_SLA_HOURS").then(|| "2".to_owned())
        })
        .unwrap();
        assert_eq!(settings.number("MKP_REVIEW_SLA_HOURS"), 2);
        assert_eq!(
            settings.list("PX_ONLINE_ALLOWED_HOSTS"),
            ["a.example", "b.example"]
        );

        std::fs::write(&file, "review_sla_hours = 8\n").unwrap();
        let error = Settings::resolve(Some(&file), |_| None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("perhaps `mkp_review_sla_hours`"), "{error}");

        let error = Settings::resolve(None, |name| {
            (name == "PX_ONLINE_INSTALL").then(|| "maybe".to_owned())
        })
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment: `PX_ONLINE_INSTALL` = `maybe`: expected 1 or 0"
        );
    }

    #[test]
    fn every_default_is_acceptable_and_every_name_is_unique() {
        let mut names = std::collections::BTreeSet::new();
        for setting in SETTINGS {
            assert_eq!(
                setting.kind.check(setting.default),
                Ok(()),
                "{}",
                setting.name
            );
            assert!(names.insert(setting.name), "{}", setting.name);
        }
    }
}
