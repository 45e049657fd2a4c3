//! Settings of delivery.

use std::time::Duration;

use url::Url;

use crate::Schedule;

/// A receiver of every alert, from the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertWebhook {
    /// Where to send.
    pub url: Url,
    /// Signing secret (`whsec_` and base64); one is made when absent.
    pub secret: Option<String>,
}

/// Settings of delivery. Start from [`NotifyConfig::default`] and change what differs.
#[derive(Debug, Clone)]
pub struct NotifyConfig {
    /// Mail server, `smtp://user:password@host:port` or `smtps://…`
    /// (`?tls=required|opportunistic`); without it mail notices are skipped and say so.
    pub smtp_url: Option<String>,
    /// Sender of mails, `PowerX Marketplace <no-reply@example.com>`.
    pub mail_from: String,
    /// Allows webhooks to private, loopback and link-local addresses.
    pub allow_private_addresses: bool,
    /// When attempts are made.
    pub schedule: Schedule,
    /// Limit for connecting, TLS included.
    pub connect_timeout: Duration,
    /// Limit for a whole attempt, whatever the receiver does.
    pub total_timeout: Duration,
    /// At most this much of an answer is read, in bytes.
    pub max_response_bytes: usize,
    /// Attempts at once to one host.
    pub per_host: usize,
    /// A host that takes longer than this goes to the slow lane for five minutes.
    pub slow_after: Duration,
    /// Attempts at once to all hosts in the slow lane together, one per host.
    pub slow_lane: usize,
    /// Failures in a row of one endpoint that raise an alert.
    pub alert_after: u32,
    /// Audience told when an endpoint fails, besides its owner.
    pub operators: String,
    /// First part of metric names.
    pub metric_prefix: String,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            smtp_url: None,
            mail_from: "PowerX <no-reply@localhost>".to_owned(),
            allow_private_addresses: false,
            schedule: Schedule::default(),
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
            max_response_bytes: 16 << 10,
            per_host: 4,
            slow_after: Duration::from_secs(3),
            slow_lane: 2,
            alert_after: 3,
            operators: "role:market_operator".to_owned(),
            metric_prefix: "marketplace_notifications".to_owned(),
        }
    }
}

/// Why a notifier, an endpoint or a notice could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The webhook address cannot be used; maps to an invalid field `url`.
    #[error("url: `{url}` {reason}")]
    Url {
        /// What was given, without user and password.
        url: String,
        /// What is wrong and how to mend it.
        reason: &'static str,
    },
    /// The mail address cannot be used; maps to an invalid field `address`.
    #[error("address: `{0}` is not a mail address such as `name@example.com`")]
    Address(String),
    /// The signing secret cannot be used; maps to an invalid field `secret`.
    #[error("secret: it must be `whsec_` followed by 24 to 64 bytes in base64")]
    Secret,
    /// A setting cannot be used.
    #[error("setting `{name}`: {reason}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The database refused.
    #[error(transparent)]
    Store(#[from] px_store::StoreError),
}
