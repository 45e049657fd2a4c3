//! Values bound to statements.

use jiff::Timestamp;

/// One bound value; `None` is SQL `NULL` of that type.
#[derive(Debug, Clone, PartialEq)]
pub enum Val {
    /// `BIGINT`.
    Int(Option<i64>),
    /// `TEXT`.
    Text(Option<String>),
}

impl From<i64> for Val {
    fn from(v: i64) -> Self {
        Self::Int(Some(v))
    }
}
impl From<i32> for Val {
    fn from(v: i32) -> Self {
        Self::Int(Some(v.into()))
    }
}
impl From<u32> for Val {
    fn from(v: u32) -> Self {
        Self::Int(Some(v.into()))
    }
}
impl From<u64> for Val {
    fn from(v: u64) -> Self {
        // Sizes and counters never reach 2^63; saturating keeps order if one ever did.
        Self::Int(Some(i64::try_from(v).unwrap_or(i64::MAX)))
    }
}
impl From<usize> for Val {
    fn from(v: usize) -> Self {
        Self::from(v as u64)
    }
}
impl From<bool> for Val {
    fn from(v: bool) -> Self {
        Self::Int(Some(v.into()))
    }
}
impl From<Timestamp> for Val {
    fn from(v: Timestamp) -> Self {
        Self::Int(Some(v.as_microsecond()))
    }
}
impl From<&str> for Val {
    fn from(v: &str) -> Self {
        Self::Text(Some(v.to_owned()))
    }
}
impl From<String> for Val {
    fn from(v: String) -> Self {
        Self::Text(Some(v))
    }
}
impl From<&String> for Val {
    fn from(v: &String) -> Self {
        Self::Text(Some(v.clone()))
    }
}
impl From<&serde_json::Value> for Val {
    fn from(v: &serde_json::Value) -> Self {
        Self::Text(Some(v.to_string()))
    }
}
impl From<serde_json::Value> for Val {
    fn from(v: serde_json::Value) -> Self {
        Self::Text(Some(v.to_string()))
    }
}

/// Which kind of `NULL` the absence of a value is.
trait Nullable {
    const NULL: Val;
}

macro_rules! nullable {
    (int: $($i:ty),*; text: $($t:ty),* $(,)?) => {
        $(impl Nullable for $i { const NULL: Val = Val::Int(None); })*
        $(impl Nullable for $t { const NULL: Val = Val::Text(None); })*
    };
}
nullable!(int: i64, i32, u32, u64, bool, Timestamp; text: &str, String, &String, serde_json::Value, &serde_json::Value);

impl<T: Nullable + Into<Val>> From<Option<T>> for Val {
    fn from(v: Option<T>) -> Self {
        v.map_or(T::NULL, Into::into)
    }
}

macro_rules! by_text {
    ($($t:ty),* $(,)?) => {$(
        impl From<$t> for Val { fn from(v: $t) -> Self { Self::Text(Some(v.to_string())) } }
        impl From<&$t> for Val { fn from(v: &$t) -> Self { Self::Text(Some(v.to_string())) } }
        impl Nullable for $t { const NULL: Val = Val::Text(None); }
        impl Nullable for &$t { const NULL: Val = Val::Text(None); }
    )*};
}
by_text!(
    px_model::AccountId,
    px_model::AlertId,
    px_model::AuditId,
    px_model::EndpointId,
    px_model::EventId,
    px_model::InboxId,
    px_model::InstallId,
    px_model::InstallationId,
    px_model::JobId,
    px_model::KeyId,
    px_model::NoticeId,
    px_model::PublishId,
    px_model::PublisherId,
    px_model::ReviewId,
    px_model::RolloutId,
    px_model::SessionId,
    px_model::SubscriptionId,
    px_model::TenantId,
    px_model::TokenId,
    px_model::UploadId,
    px_model::VersionId,
    px_model::PluginId,
    px_model::Version,
    px_model::Digest,
    px_model::Channel,
    px_model::UpgradePolicy,
    px_model::VersionState,
    px_model::InstallState,
    px_model::Decision,
    px_model::Role,
    px_model::Scope,
    px_model::Risk,
);

/// Collects values of different types for one statement: `vals![id, "queued", now]`.
#[macro_export]
macro_rules! vals {
    ($($v:expr),* $(,)?) => { vec![$($crate::Val::from($v)),*] };
}
