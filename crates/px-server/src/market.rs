//! The Marketplace as a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use metrics_exporter_prometheus::PrometheusHandle;
use px_market::{Market, MarketConfig};
use px_notify::{AlertWebhook, Notifier, NotifyConfig, Schedule};
use px_store::{Db, MigrationSet};
use px_web::http::Health;
use px_web::i18n::Words;
use px_work::Workers;
use tokio::net::TcpListener;

use crate::bundles;
use crate::sandbox::Sandbox;
use crate::serve::{Parts, Served, public_url, serve};
use crate::settings::Settings;

/// Tables of the Marketplace's database.
const MIGRATIONS: [MigrationSet; 5] = [
    px_store::MIGRATIONS,
    px_work::MIGRATIONS,
    px_notify::MIGRATIONS,
    px_web::identity::MIGRATIONS,
    px_market::MIGRATIONS,
];

/// Deliveries at once, per channel.
pub const DELIVERIES: usize = 256;

/// Opens a server's database: the configured one, or a file in its data folder.
///
/// # Errors
/// When it cannot be opened or migrated.
pub async fn open_database(
    settings: &Settings,
    name: &str,
    folder: &Path,
    sets: &[MigrationSet],
) -> anyhow::Result<Db> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let address = settings
        .optional(name)
        .unwrap_or_else(|| format!("sqlite:{}", folder.join("data.db").display()));
    let db = Db::open(&address, crate::surroundings())
        .await
        .with_context(|| format!("{name}: the database does not open"))?;
    db.migrate(sets)
        .await
        .with_context(|| {
            format!(
                "{name}: the database could not be brought up to date (Marketplace and core need one each)"
            )
        })?;
    Ok(db)
}

/// How messages are delivered.
pub fn notify_config(settings: &Settings, side: &str) -> NotifyConfig {
    NotifyConfig {
        smtp_url: settings.optional(&format!("{side}_SMTP_URL")),
        mail_from: settings.text(&format!("{side}_MAIL_FROM")).to_owned(),
        allow_private_addresses: settings.on("PX_ALLOW_PRIVATE_ADDRESSES"),
        schedule: Schedule::new(settings.moments("PX_NOTIFY_SCHEDULE"), 20),
        total_timeout: settings.seconds("PX_NOTIFY_TIMEOUT_SECONDS"),
        ..NotifyConfig::default()
    }
}

/// How long a job is held at most without a sign of life.
pub fn job_lease(settings: &Settings) -> Duration {
    settings
        .seconds("PX_JOB_LEASE_SECONDS")
        .max(Duration::from_millis(500))
}

/// Keeps the configured receivers of alerts.
///
/// # Errors
/// When the address is not one, or the database refuses.
pub async fn alert_webhook(settings: &Settings, name: &str, db: &Db) -> anyhow::Result<()> {
    let hooks: Vec<AlertWebhook> = settings
        .optional(name)
        .map(|url| {
            anyhow::Ok(AlertWebhook {
                url: url.parse()?,
                secret: None,
            })
        })
        .transpose()?
        .into_iter()
        .collect();
    let mut tx = db.begin().await?;
    px_notify::sync_alert_webhooks(&mut tx, &hooks).await?;
    tx.commit().await?;
    Ok(())
}

fn config(
    settings: &Settings,
    folder: PathBuf,
    listener: &TcpListener,
) -> anyhow::Result<MarketConfig> {
    let mut config = MarketConfig::new(folder, public_url(settings, "MKP_PUBLIC_URL", listener)?);
    config.publish_enabled =
        settings.on("PX_MARKET_PUBLISH_ENABLED") && settings.on("MKP_PUBLISH_ONLINE");
    config.automated_review = settings.on("MKP_AUTOMATED_REVIEW");
    config.review_sla =
        SignedDuration::from_hours(i64::try_from(settings.number("MKP_REVIEW_SLA_HOURS"))?);
    config.high_risk_approvers = u32::try_from(settings.number("MKP_HIGH_RISK_APPROVERS"))?;
    config.security_blocklist = settings.list("MKP_SECURITY_BLOCKLIST");
    config.notification_templates = settings
        .optional("MKP_NOTIFICATION_TEMPLATES")
        .map(PathBuf::from);
    config.signed_downloads = bundles::signed_downloads(settings);
    if let Some(rules) = settings.optional("MKP_AUTO_UPGRADE_RULES") {
        config.auto_upgrade_rules = serde_json::from_str(&rules)
            .context("MKP_AUTO_UPGRADE_RULES: expected a JSON list of rules")?;
    }
    for version in settings.list("MKP_SUPPORTED_CORES") {
        config
            .supported_cores
            .push(version.parse().context("MKP_SUPPORTED_CORES")?);
    }
    Ok(config)
}

/// Opens the Marketplace's database.
///
/// # Errors
/// As [`open_database`].
pub async fn database(settings: &Settings) -> anyhow::Result<Db> {
    let folder = PathBuf::from(settings.text("MKP_DATA_DIR"));
    open_database(settings, "MKP_DATABASE_URL", &folder, &MIGRATIONS).await
}

/// Starts the Marketplace on an open database and listener.
///
/// # Errors
/// When a part of it cannot be started.
pub async fn start(
    settings: &Settings,
    db: Db,
    listener: TcpListener,
    metrics: PrometheusHandle,
) -> anyhow::Result<Served> {
    let folder = PathBuf::from(settings.text("MKP_DATA_DIR"));
    let blobs = bundles::open(settings, &folder).await?;
    let stored = blobs.clone();
    let sandbox = Arc::new(Sandbox::new(
        settings,
        folder.join("sandbox"),
        db.env().clone(),
    )?);
    let config = config(settings, folder, &listener)?;
    let market =
        Market::new(db.clone(), blobs, config, sandbox).map_err(|e| anyhow::anyhow!("{e}"))?;
    alert_webhook(settings, "MKP_ALERT_WEBHOOK_URL", &db).await?;
    let notifier = Notifier::new(db.clone(), notify_config(settings, "MKP"))?;
    // Deliveries wait for their receivers; reviews keep the processor busy.
    let workers = || Workers::new(db.clone()).lease_at_most(job_lease(settings));
    let work = vec![
        notifier.register(workers()).start(DELIVERIES),
        market.register(workers()).start(2),
    ];
    let parts = Parts {
        routes: market.router().merge(px_market::ui::routes(market.clone())),
        site: px_market::ui::site(),
        words: px_market::ui::words(Words::shared()?)?,
        health: Health::new()
            .check(db.clone())
            .check(stored)
            .metrics(metrics),
        work,
    };
    serve(settings, db, listener, parts)
}
