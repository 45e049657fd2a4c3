//! The gateway beside other ways to the same component.

use std::process::Command;
use std::time::Duration;

use px_model::InstallState;

use super::added::{InTurn, Way, added, in_turn};
use super::{Surroundings, without};
use crate::author::{Author, PLUGIN};
use crate::figure::{Aim, Figure, median};
use crate::install::install;
use crate::load::{Wrk, helper, wrk};
use crate::process::{Guarded, free_port};
use crate::site::{Databases, Site};

/// Takes the figures.
///
/// # Errors
/// When a server fails.
pub async fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("gateway")?;
    let site = Site::start(
        &around.program("powerx"),
        &folder.join("site"),
        &Databases::default(),
        &[("PX_PROBATION_SECONDS", "1"), ("PX_PROBE_SECONDS", "0.2")],
    )
    .await?;
    let author = Author::new(&site, &around.program("px-plugin"), &around.root).await?;
    author.list("1.0.0").await?;
    install(&site, "north", "1.0.0", InstallState::Committed).await?;
    let gateway = Way {
        url: format!("{}_p/{PLUGIN}/api/hello", site.core_url),
        token: Some(site.token("north")?.to_owned()),
    };
    let mut targets = vec![("gateway", gateway)];

    let (log, file) = (folder.join("helpers"), around.component());
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let args = ["component", &text(&file), &text(&folder)];
    let (_component, address) = helper(&args, &log).await?;
    targets.push(("component", bare(&format!("http://{address}/api/v1/hello"))));
    let (_bare, address) = helper(&["bare"], &log).await?;
    targets.push(("bare", bare(&format!("http://{address}/hello"))));
    let wasmtime = wasmtime(around, &log).await?;
    if let Some((_, url)) = &wasmtime {
        targets.push(("wasmtime", bare(url)));
    }

    let mut loads = Vec::new();
    for _ in 0..around.amount(5, 1) {
        for (name, target) in &targets {
            let seconds = around.amount(4, 1);
            let seen = wrk(&target.url, target.token.as_deref(), 32, seconds).await?;
            loads.push((*name, seen));
        }
    }
    let calm = calm(around, &targets).await?;
    report(&loads, &calm, wasmtime.is_some(), figures);
    Ok(())
}

/// One connection each: the gateway and the component without it.
async fn calm(around: &Surroundings, targets: &[(&'static str, Way)]) -> anyhow::Result<InTurn> {
    let of = |wanted| targets.iter().find(|(name, _)| *name == wanted);
    let (Some((_, with)), Some((_, without))) = (of("gateway"), of("component")) else {
        anyhow::bail!("nothing to compare");
    };
    let (rounds, each) = (around.amount(250, 2), around.amount(1500, 100));
    in_turn(with.clone(), without.clone(), rounds, each).await
}

/// A way without a token.
fn bare(url: &str) -> Way {
    Way {
        url: url.to_owned(),
        token: None,
    }
}

type Seen = [(&'static str, Wrk)];

fn all(seen: &Seen, name: &str, part: impl Fn(&Wrk) -> f64) -> Vec<f64> {
    let of = seen.iter().filter(|(known, _)| *known == name);
    of.map(|(_, wrk)| part(wrk)).collect()
}

fn middle(seen: &Seen, name: &str, part: impl Fn(&Wrk) -> f64) -> f64 {
    median(&all(seen, name, part))
}

fn report(loads: &Seen, calm: &InTurn, wasmtime: bool, figures: &mut Vec<Figure>) {
    let rate = |name| middle(loads, name, |w| w.rate);
    let figure = Figure::new(
        "requests through the gateway",
        rate("gateway"),
        "requests/s",
    );
    figures.push(if wasmtime {
        let figure = figure.beside("`wasmtime serve`", rate("wasmtime"));
        figure.aim(Aim::Ratio(0.9))
    } else {
        without(figure, "wasmtime serve").note(
            "`wasmtime` is missing; `cargo xtask bench --install` builds it into the target folder",
        )
    });
    let figure = Figure::new("the same, beside no gateway", rate("gateway"), "requests/s");
    figures.push(
        figure
            .beside("the component in our host behind a bare server", rate("component"))
            .note("what is left out there: routing, tenant, token, limits, identity header, log, metrics"),
    );
    let figure = Figure::new("the same, beside no plugin", rate("gateway"), "requests/s");
    figures.push(figure.beside("bare axum", rate("bare")));
    let latencies: [(&str, fn(&Wrk) -> f64); 2] = [("p50", |w| w.p50), ("p99", |w| w.p99)];
    for (name, part) in latencies {
        let busy = Figure::new(
            format!("latency {name}, 32 connections"),
            middle(loads, "gateway", part),
            "µs",
        );
        figures.push(if wasmtime {
            busy.beside("`wasmtime serve`", middle(loads, "wasmtime", part))
        } else {
            busy.beside(
                "the component in our host",
                middle(loads, "component", part),
            )
        });
    }
    for (name, rounds, most) in [("p50", &calm.p50, None), ("p99", &calm.p99, Some(100.0))] {
        let title = format!("added by the gateway, {name}, one connection");
        figures.push(added(&title, rounds, most));
    }
}

/// `wasmtime serve` on the same component.
async fn wasmtime(
    around: &Surroundings,
    log: &std::path::Path,
) -> anyhow::Result<Option<(Guarded, String)>> {
    let Some(program) = around.peer("wasmtime") else {
        return Ok(None);
    };
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .args(["serve", "-Scli", "--addr", &format!("127.0.0.1:{port}")])
        .arg(around.component());
    let child = Guarded::start(&mut command, log)?;
    let url = format!("http://127.0.0.1:{port}/api/v1/hello");
    for _ in 0..200 {
        let answer = reqwest::get(&url).await;
        if answer.is_ok_and(|a| a.status().is_success()) {
            return Ok(Some((child, url)));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let said = std::fs::read_to_string(log).unwrap_or_default();
    anyhow::bail!("wasmtime serve does not answer: {said}")
}
