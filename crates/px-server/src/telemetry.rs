//! Log and metrics of a server process.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt};

use crate::settings::Settings;

/// Starts the log on standard error and the metrics recorder; a second call in one process keeps
/// the first log.
///
/// # Errors
/// When the filter is not one, or a recorder is installed already.
pub fn start(settings: &Settings) -> anyhow::Result<PrometheusHandle> {
    let filter = EnvFilter::try_new(settings.text("PX_LOG"))?;
    let log = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(true);
    // A log that is there already (a test's) is kept.
    let _ = if settings.text("PX_LOG_FORMAT") == "json" {
        log.json().try_init()
    } else {
        log.try_init()
    };
    metrics_handle()
}

/// Buckets in seconds: from a gateway's added microseconds to a review's hours.
const BUCKETS: [f64; 18] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0, 300.0,
    1800.0, 7200.0, 14400.0,
];

fn metrics_handle() -> anyhow::Result<PrometheusHandle> {
    // Held while the recorder is installed: two servers may start at the same moment.
    static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut known = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = known.as_ref() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .set_buckets_for_metric(
            Matcher::Suffix("_ms".to_owned()),
            &BUCKETS.map(|seconds| seconds * 1000.0),
        )?
        .install_recorder()?;
    crate::figures::describe();
    keep_up(handle.clone())?;
    *known = Some(handle.clone());
    Ok(handle)
}

/// Measurements are kept one by one until somebody reads them; where nobody does they would grow
/// without end.
fn keep_up(handle: PrometheusHandle) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("px-figures".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(5));
                handle.run_upkeep();
            }
        })
        .map(drop)
}
