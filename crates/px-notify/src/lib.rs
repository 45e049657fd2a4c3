//! Getting a message to somebody: signed webhooks, mail, the inbox and the alert board.
//!
//! Sending is a row written in the caller's own transaction, so that a notice exists exactly when
//! the change it speaks of does. A job then delivers it on a fixed schedule until it arrives, or
//! lays it among the dead letters, from where it can be sent again. Webhooks follow Standard
//! Webhooks and carry one CloudEvents event as JSON.

mod alert;
mod book;
mod config;
mod deliver;
mod endpoint;
mod gate;
mod guard;
mod inbox;
mod journal;
mod mail;
mod metric;
mod notice;
mod parcel;
mod schedule;
mod stats;
mod store;
mod text;
mod webhook;

pub use alert::{
    ALERT_OWNER, Alert, AlertState, NewAlert, acknowledge, count_open_alerts, get_alert,
    list_alerts, list_all_alerts, raise_alert, resolve_alert, sync_alert_webhooks,
};
pub use config::{AlertWebhook, NotifyConfig, NotifyError};
pub use deliver::{Next, Notifier};
pub use endpoint::{
    Endpoint, EndpointKind, EndpointState, Language, NewEndpoint, active_endpoints, add_endpoint,
    add_with_secret, check_kind, enable_endpoint, fresh_secret, get_endpoint, give_secret,
    list_endpoints, remove_endpoint, rotate_secret,
};
pub use guard::{AddressRefused, GuardedResolver, check_address, check_url, guarded_client};
pub use inbox::{
    InboxMessage, NewMessage, count_unread, list_inbox, mark_all_read, mark_read, post_inbox,
    post_inbox_all,
};
pub use mail::MailText;
pub use notice::{
    Channel, Notice, NoticeState, get_notice, list_dead, list_notices, resend, send_mail,
    send_mail_about, send_webhook, send_webhook_about,
};
pub use parcel::{Parcel, send_all};
pub use schedule::Schedule;
pub use stats::{
    ChannelStats, FailureRate, Laggard, NoticeStats, Receipt, failure_rate, notice_receipts,
    notice_stats, notices_pending,
};
pub use text::{Severity, Severity as Level, Text2};

/// Tables of this crate.
pub const MIGRATIONS: px_store::MigrationSet = px_store::MigrationSet {
    name: "notify",
    migrations: &[
        px_store::Migration {
            name: "0001_notify",
            sql: include_str!("../migrations/0001_notify.sql"),
        },
        px_store::Migration {
            name: "0002_causes",
            sql: include_str!("../migrations/0002_causes.sql"),
        },
    ],
};
