//! Load: `wrk` as a process of its own, and loops of our own.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::process::Command;

/// What `wrk` saw.
#[derive(Debug, Clone, Copy)]
pub struct Wrk {
    /// Requests per second.
    pub rate: f64,
    /// Median latency, µs.
    pub p50: f64,
    /// 99th percentile, µs.
    pub p99: f64,
}

/// Asks `url` over and over from `connections` connections.
///
/// # Errors
/// When `wrk` is missing, or answers were not 2xx.
pub async fn wrk(
    url: &str,
    token: Option<&str>,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<Wrk> {
    let threads = connections.min(2);
    let mut command = Command::new("wrk");
    command
        .arg(format!("-t{threads}"))
        .arg(format!("-c{connections}"))
        .arg(format!("-d{seconds}s"))
        .arg("--latency");
    if let Some(token) = token {
        command.args(["-H", &format!("Authorization: Bearer {token}")]);
    }
    let output = command
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .await
        .context("wrk is not installed")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || text.contains("Non-2xx") || text.contains("Socket errors") {
        bail!("wrk {url}: {text}");
    }
    read(&text).with_context(|| format!("wrk said: {text}"))
}

fn read(text: &str) -> Option<Wrk> {
    let after = |start: &str| {
        let line = text.lines().find(|l| l.trim_start().starts_with(start))?;
        line.split_whitespace().nth(1)
    };
    Some(Wrk {
        rate: after("Requests/sec:")?.parse().ok()?,
        p50: micros(after("50%")?)?,
        p99: micros(after("99%")?)?,
    })
}

/// `wrk` writes `812.00us`, `1.20ms` or `1.02s`.
fn micros(text: &str) -> Option<f64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text[..split].parse().ok()?;
    let factor = match &text[split..] {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 6e7,
        _ => return None,
    };
    Some(number * factor)
}

/// Does `total` pieces of work, `parallel` at a time; answers pieces per second.
///
/// # Errors
/// The first piece's failure.
pub async fn rate<F>(total: u32, parallel: u32, work: impl Fn(u32) -> F) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let next = std::sync::atomic::AtomicU32::new(0);
    let begun = Instant::now();
    let workers = (0..parallel).map(|_| async {
        loop {
            let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if n >= total {
                return Ok::<_, anyhow::Error>(());
            }
            work(n).await?;
        }
    });
    futures::future::try_join_all(workers).await?;
    Ok(f64::from(total) / begun.elapsed().as_secs_f64())
}

/// Starts this program again with a command of its own, and reads the address it prints.
///
/// # Errors
/// When it does not start.
pub async fn helper(
    args: &[&str],
    log: &Path,
) -> anyhow::Result<(crate::process::Guarded, String)> {
    let program = std::env::current_exe()?;
    let ready = log.with_extension("address");
    let _ = std::fs::remove_file(&ready);
    let mut command = std::process::Command::new(program);
    command.args(args).arg("--ready").arg(&ready);
    let child = crate::process::Guarded::start(&mut command, log)?;
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Ok(text) = std::fs::read_to_string(&ready)
            && text.ends_with('\n')
        {
            return Ok((child, text.trim().to_owned()));
        }
        if Instant::now() > deadline {
            bail!("{} does not come up", args.join(" "));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_read() {
        let text = "  Latency Distribution\n     50%    1.20ms\n     99%  812.00us\nRequests/sec:  23456.78\n";
        let seen = read(text).expect("it can be read");
        assert!((seen.rate - 23_456.78).abs() < 0.01);
        assert!((seen.p50 - 1200.0).abs() < 0.01 && (seen.p99 - 812.0).abs() < 0.01);
        assert_eq!(micros("3.5parsec"), None);
    }
}
