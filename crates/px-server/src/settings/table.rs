//! What can be set.

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Any text that must not be shown.
    Secret,
    /// 1 or 0.
    Switch,
    /// A whole number.
    Number,
    /// Seconds, fractions allowed.
    Seconds,
    /// Seconds separated by commas, at least one.
    Moments,
    /// Words separated by commas.
    List,
    /// `ADDRESS:PORT`; port 0 picks a free one.
    Listen,
    /// A URL, or empty.
    Url,
    /// `UID:GID` in numbers, or empty.
    User,
}

impl Kind {
    /// Whether a value has this form.
    ///
    /// # Errors
    /// What was expected.
    pub fn check(self, value: &str) -> Result<(), &'static str> {
        let (fits, expected) = match self {
            Self::Text | Self::Secret | Self::List => (true, ""),
            Self::Switch => (
                ["1", "0", "true", "false", "yes", "no", "on", "off"].contains(&value),
                "expected 1 or 0",
            ),
            Self::Number => (value.parse::<u64>().is_ok(), "expected a whole number"),
            Self::Seconds => (is_seconds(value), "expected a number of seconds"),
            Self::Moments => (
                value.split(',').all(|part| is_seconds(part.trim())),
                "expected numbers of seconds separated by commas",
            ),
            Self::Listen => (
                value.parse::<std::net::SocketAddr>().is_ok(),
                "expected ADDRESS:PORT, such as 127.0.0.1:8080",
            ),
            Self::Url => (
                value.is_empty() || url::Url::parse(value).is_ok(),
                "expected a URL",
            ),
            Self::User => (
                value.is_empty() || user_and_group(value).is_some(),
                "expected UID:GID in numbers, such as 65534:65534, and not those of root",
            ),
        };
        if fits { Ok(()) } else { Err(expected) }
    }
}

/// Reads `UID:GID`; root is no user to run plugins as.
#[must_use]
pub fn user_and_group(value: &str) -> Option<(u32, u32)> {
    let (user, group) = value.split_once(':')?;
    let (user, group) = (user.parse().ok()?, group.parse().ok()?);
    (user != 0 && group != 0).then_some((user, group))
}

fn is_seconds(text: &str) -> bool {
    text.parse::<f64>()
        .is_ok_and(|s| s.is_finite() && (0.0..1e9).contains(&s))
}

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Name in the environment; lower case in the file.
    pub name: &'static str,
    /// Value when nobody sets it.
    pub default: &'static str,
    /// Form of the value.
    pub kind: Kind,
    /// What it does.
    pub about: &'static str,
}

const fn setting(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting {
        name,
        default,
        kind,
        about,
    }
}

/// Every setting of the server programs.
pub const SETTINGS: &[Setting] = &[
    // Marketplace
    setting(
        "MKP_LISTEN",
        Kind::Listen,
        "127.0.0.1:7400",
        "address the Marketplace listens on",
    ),
    setting(
        "MKP_PUBLIC_URL",
        Kind::Url,
        "",
        "address under which publishers and cores reach the Marketplace",
    ),
    setting(
        "MKP_DATA_DIR",
        Kind::Text,
        ".powerx/marketplace",
        "folder for bundles, uploads and keys",
    ),
    setting(
        "MKP_DATABASE_URL",
        Kind::Secret,
        "",
        "sqlite:PATH or postgres://…; empty: a file in the data folder",
    ),
    setting(
        "MKP_S3_BUCKET",
        Kind::Text,
        "",
        "bucket, or BUCKET/FOLDER, for bundles; empty: the data folder",
    ),
    setting(
        "MKP_S3_ENDPOINT",
        Kind::Url,
        "",
        "address of the S3-compatible store; empty: Amazon's",
    ),
    setting(
        "MKP_S3_PUBLIC_ENDPOINT",
        Kind::Url,
        "",
        "address of the store as cores and people reach it; empty: as MKP_S3_ENDPOINT",
    ),
    setting(
        "MKP_S3_BUCKET_IN_HOST",
        Kind::Switch,
        "0",
        "1 when the store wants the bucket in the host name (BUCKET.HOST) rather than in the path",
    ),
    setting(
        "MKP_S3_REGION",
        Kind::Text,
        "us-east-1",
        "region of the bucket",
    ),
    setting(
        "MKP_S3_ACCESS_KEY_ID",
        Kind::Secret,
        "",
        "access key for the bucket; empty, on Amazon only: the machine's role",
    ),
    setting("MKP_S3_SECRET_ACCESS_KEY", Kind::Secret, "", "its secret"),
    setting(
        "MKP_S3_REDIRECT_SECONDS",
        Kind::Number,
        "300",
        "how long a signed address holds that a download is sent on to, at most 3600; 0: the Marketplace sends the bytes",
    ),
    setting(
        "PX_MARKET_PUBLISH_ENABLED",
        Kind::Switch,
        "1",
        "0 closes publishing with a clear answer",
    ),
    setting(
        "MKP_PUBLISH_ONLINE",
        Kind::Switch,
        "1",
        "0 closes publishing as well (older name)",
    ),
    setting(
        "MKP_AUTOMATED_REVIEW",
        Kind::Switch,
        "1",
        "0 runs no automated checks; a person must overrule their absence for every version",
    ),
    setting(
        "MKP_REVIEW_SLA_HOURS",
        Kind::Number,
        "4",
        "hours within which a review is decided",
    ),
    setting(
        "MKP_SECURITY_BLOCKLIST",
        Kind::List,
        "",
        "permissions and dependencies that are never listed",
    ),
    setting(
        "MKP_AUTO_UPGRADE_RULES",
        Kind::Text,
        "",
        "JSON list of {tenant, channel, policy}: the most a subscription may ask for",
    ),
    setting(
        "MKP_NOTIFICATION_TEMPLATES",
        Kind::Text,
        "",
        "folder with {language}/{message}.txt in place of the built-in texts",
    ),
    setting(
        "MKP_HIGH_RISK_APPROVERS",
        Kind::Number,
        "2",
        "people who must approve a high-risk version",
    ),
    setting(
        "MKP_SUPPORTED_CORES",
        Kind::List,
        "1.0.0",
        "core versions a plugin is tried on",
    ),
    setting(
        "MKP_SMTP_URL",
        Kind::Secret,
        "",
        "smtp://USER:PASSWORD@HOST:PORT for mail; empty: no mail",
    ),
    setting(
        "MKP_MAIL_FROM",
        Kind::Text,
        "PowerX Marketplace <marketplace@localhost>",
        "sender of mail",
    ),
    setting(
        "MKP_ALERT_WEBHOOK_URL",
        Kind::Url,
        "",
        "where the Marketplace's alerts are posted",
    ),
    // Core
    setting(
        "POWERX_LISTEN",
        Kind::Listen,
        "127.0.0.1:7500",
        "address core and console listen on",
    ),
    setting(
        "POWERX_PUBLIC_URL",
        Kind::Url,
        "",
        "address under which people reach core and console",
    ),
    setting(
        "POWERX_DATA_DIR",
        Kind::Text,
        ".powerx/core",
        "folder for installed plugins, their data and downloads",
    ),
    setting(
        "POWERX_DATABASE_URL",
        Kind::Secret,
        "",
        "sqlite:PATH or postgres://…; empty: a file in the data folder",
    ),
    setting(
        "POWERX_CORE_VERSION",
        Kind::Text,
        "1.0.0",
        "version plugins' corex_version is compared with",
    ),
    setting(
        "PX_MARKETPLACE_API_URL",
        Kind::Url,
        "http://127.0.0.1:7400",
        "the Marketplace this installation follows",
    ),
    setting(
        "PX_MARKETPLACE_TOKEN",
        Kind::Secret,
        "",
        "token of this installation at the Marketplace",
    ),
    setting(
        "PX_ONLINE_INSTALL",
        Kind::Switch,
        "1",
        "0 switches installing off",
    ),
    setting(
        "PX_ONLINE_AUTO_UPGRADE",
        Kind::Switch,
        "1",
        "0 switches upgrades by policy off",
    ),
    setting(
        "PX_ONLINE_ALLOWED_HOSTS",
        Kind::List,
        "",
        "hosts an install URL may point to and the Marketplace may send downloads on to, besides itself",
    ),
    setting(
        "PX_PROBATION_SECONDS",
        Kind::Seconds,
        "120",
        "how long a new version is watched before it is permanent",
    ),
    setting(
        "PX_PROBE_SECONDS",
        Kind::Seconds,
        "5",
        "time between two probes of a version on probation",
    ),
    setting(
        "PX_INSTALL_ATTEMPTS",
        Kind::Number,
        "8",
        "tries of one step before trouble outside the plugin ends an install",
    ),
    setting(
        "PX_INSTALL_RETRY_SECONDS",
        Kind::Seconds,
        "1",
        "pause after the first failed try; doubles with each, up to a minute",
    ),
    setting(
        "PX_DOWNLOAD_STALL_SECONDS",
        Kind::Seconds,
        "20",
        "time in which a download must bring 20 KiB, or the try is over",
    ),
    setting(
        "PX_STATE_GRACE_SECONDS",
        Kind::Seconds,
        "10",
        "added to the time limit of each install state; more on slow disks",
    ),
    setting(
        "PX_ALERT_WEBHOOK_URL",
        Kind::Url,
        "",
        "where the core's alerts are posted",
    ),
    setting(
        "PX_SMTP_URL",
        Kind::Secret,
        "",
        "smtp://USER:PASSWORD@HOST:PORT for mail to tenants; empty: no mail",
    ),
    setting(
        "PX_MAIL_FROM",
        Kind::Text,
        "PowerX <powerx@localhost>",
        "sender of mail to tenants",
    ),
    setting(
        "PX_MARKETPLACE_UI",
        Kind::Switch,
        "1",
        "0 hides the marketplace pages from tenants",
    ),
    setting(
        "PX_MARKETPLACE_UI_ALLOWED_ROLES",
        Kind::List,
        "tenant_admin,tenant_viewer,platform_ops",
        "roles that see the marketplace pages",
    ),
    setting(
        "PX_AUTO_UPGRADE_UI",
        Kind::Switch,
        "1",
        "0 hides the update policy from tenants",
    ),
    setting(
        "PX_MARKETPLACE_UI_METRICS_REFRESH_MS",
        Kind::Number,
        "5000",
        "how often open pages look for what is new, in milliseconds, 250 to 60000",
    ),
    // Both
    setting(
        "PX_ALLOW_PRIVATE_ADDRESSES",
        Kind::Switch,
        "0",
        "1 lets webhooks and bundle addresses point into private networks",
    ),
    setting(
        "PX_SANDBOX_REQUIRED",
        Kind::Switch,
        "0",
        "1 refuses process plugins on machines where their file access cannot be confined",
    ),
    setting(
        "PX_SANDBOX_USER",
        Kind::User,
        "",
        "UID:GID that process plugins run as; needs a server that may change to it",
    ),
    setting(
        "PX_NOTIFY_SCHEDULE",
        Kind::Moments,
        "0,5,15,45,120,300,600,1080,1560,86400,172800,259200",
        "seconds after which a webhook or mail is tried; after the last one it is a dead letter",
    ),
    setting(
        "PX_NOTIFY_TIMEOUT_SECONDS",
        Kind::Seconds,
        "15",
        "longest attempt to deliver a webhook or mail",
    ),
    setting(
        "PX_SECURE_COOKIES",
        Kind::Switch,
        "1",
        "0 lets sessions work over plain http; the quick start sets it on loopback",
    ),
    setting(
        "PX_TRUST_FORWARDED",
        Kind::Switch,
        "0",
        "1 takes the client's address from X-Forwarded-For, which a proxy in front must set",
    ),
    setting(
        "PX_ADDRESS_REQUESTS_PER_MINUTE",
        Kind::Number,
        "6000",
        "requests taken from one client address; a tenth of it at once",
    ),
    setting(
        "PX_CALLER_REQUESTS_PER_MINUTE",
        Kind::Number,
        "3000",
        "requests taken from one token or signed-in account; a tenth of it at once",
    ),
    setting(
        "PX_JOB_LEASE_SECONDS",
        Kind::Seconds,
        "30",
        "how long work that a dead process left behind waits until another takes it up",
    ),
    setting(
        "PX_LOG",
        Kind::Text,
        "info,sqlx=warn,hyper=warn",
        "log filter, as of tracing's EnvFilter",
    ),
    setting("PX_LOG_FORMAT", Kind::Text, "text", "text or json"),
];
