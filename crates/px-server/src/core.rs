//! Core and console as a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use px_core::app::ports::Monotonic;
use px_core::{ConsoleConfig, Core, CoreConfig, CoreRunning};
use px_notify::Notifier;
use px_store::{Db, Dialect, MigrationSet};
use px_web::http::Health;
use px_web::i18n::Words;
use px_work::Workers;
use tokio::net::TcpListener;
use url::Url;

use crate::market::{DELIVERIES, alert_webhook, job_lease, notify_config, open_database};
use crate::sandbox::host;
use crate::serve::{Parts, Served, serve};
use crate::settings::Settings;

/// Tables of the core's database.
const MIGRATIONS: [MigrationSet; 5] = [
    px_store::MIGRATIONS,
    px_work::MIGRATIONS,
    px_notify::MIGRATIONS,
    px_web::identity::MIGRATIONS,
    px_core::MIGRATIONS,
];

/// Time since the process started; never jumps.
struct SinceStart(Instant);

impl Monotonic for SinceStart {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A core that is up.
pub struct CoreServed {
    /// Its server.
    pub served: Served,
    running: CoreRunning,
}

impl CoreServed {
    /// Stops serving, then working.
    pub async fn stop(self) {
        self.served.stop().await;
        self.running.stop().await;
    }
}

/// Opens the core's database.
///
/// # Errors
/// As [`open_database`].
pub async fn database(settings: &Settings) -> anyhow::Result<Db> {
    let folder = PathBuf::from(settings.text("POWERX_DATA_DIR"));
    open_database(settings, "POWERX_DATABASE_URL", &folder, &MIGRATIONS).await
}

fn config(settings: &Settings) -> anyhow::Result<CoreConfig> {
    let version = settings
        .text("POWERX_CORE_VERSION")
        .parse()
        .context("POWERX_CORE_VERSION")?;
    let marketplace: Url = settings
        .text("PX_MARKETPLACE_API_URL")
        .parse()
        .context("PX_MARKETPLACE_API_URL")?;
    let mut config = CoreConfig::new(settings.text("POWERX_DATA_DIR"), version, marketplace);
    config.token = settings.optional("PX_MARKETPLACE_TOKEN");
    config.online_install = settings.on("PX_ONLINE_INSTALL");
    config.auto_upgrade = settings.on("PX_ONLINE_AUTO_UPGRADE");
    config.allowed_hosts = settings.list("PX_ONLINE_ALLOWED_HOSTS");
    config.allow_private_addresses = settings.on("PX_ALLOW_PRIVATE_ADDRESSES");
    config.probation.duration = settings.seconds("PX_PROBATION_SECONDS");
    config.limits.grace = settings.seconds("PX_STATE_GRACE_SECONDS");
    config.job_lease = job_lease(settings);
    config.probe_every = settings.seconds("PX_PROBE_SECONDS");
    config.limits.attempts = u32::try_from(settings.number("PX_INSTALL_ATTEMPTS"))?.max(1);
    config.limits.first_pause = settings.seconds("PX_INSTALL_RETRY_SECONDS");
    config.fetch.stall_after = settings.seconds("PX_DOWNLOAD_STALL_SECONDS");
    config.console = console(settings)?;
    Ok(config)
}

fn console(settings: &Settings) -> anyhow::Result<ConsoleConfig> {
    let roles = "PX_MARKETPLACE_UI_ALLOWED_ROLES";
    let known = settings.list(roles).into_iter().map(|role| {
        role.parse().map_err(|_| {
            anyhow::anyhow!(
                "{roles}: `{role}` is no role; use tenant_admin, tenant_viewer, platform_ops"
            )
        })
    });
    let refresh = settings.number("PX_MARKETPLACE_UI_METRICS_REFRESH_MS");
    Ok(ConsoleConfig {
        marketplace: settings.on("PX_MARKETPLACE_UI"),
        marketplace_roles: known.collect::<anyhow::Result<_>>()?,
        policies: settings.on("PX_AUTO_UPGRADE_UI"),
        refresh: Duration::from_millis(refresh),
    })
}

/// Starts core and console on an open database and listener.
///
/// # Errors
/// When a part of it cannot be started.
pub async fn start(
    settings: &Settings,
    db: Db,
    listener: TcpListener,
    metrics: PrometheusHandle,
) -> anyhow::Result<CoreServed> {
    let mut config = config(settings)?;
    if db.dialect() == Dialect::Sqlite {
        // One writes at a time; more places would only make every state wait for its turn.
        config.parallel_installs = config.parallel_installs.min(16);
    }
    let host = host(
        settings,
        &config.data_dir.join("compiled"),
        db.env(),
        config.allow_private_addresses,
    )?;
    let core = Core::new(
        db.clone(),
        host,
        Arc::new(SinceStart(Instant::now())),
        config,
    )?;
    alert_webhook(settings, "PX_ALERT_WEBHOOK_URL", &db).await?;
    let mut notify = notify_config(settings, "PX");
    notify.operators = "role:platform_ops".to_owned();
    notify.metric_prefix = "powerx_notifications".to_owned();
    let notifier = Notifier::new(db.clone(), notify)?;
    let work = notifier
        .register(Workers::new(db.clone()).lease_at_most(job_lease(settings)))
        .start(DELIVERIES);
    let parts = Parts {
        routes: core.router().merge(px_core::ui::routes(core.clone())),
        site: px_core::ui::site(&core.config().console),
        words: px_core::ui::words(Words::shared()?)?,
        health: Health::new().check(db.clone()).metrics(metrics),
        work: vec![work],
    };
    let running = core.start().await?;
    let served = serve(settings, db, listener, parts)?;
    Ok(CoreServed { served, running })
}
