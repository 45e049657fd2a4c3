//! First, warm and many installs; rollbacks; what an idle tenant costs.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use px_api::core::{InstallAccepted, RollbackRequest, TenantRequest, TenantView};
use px_model::{InstallState, TenantId};
use serde_json::Value;

use super::Surroundings;
use crate::author::{Author, PLUGIN, plugin};
use crate::figure::{Aim, Figure, median};
use crate::install::{install, reached, request, served};
use crate::load;
use crate::site::{Databases, Site};

/// Takes the figures.
///
/// # Errors
/// When a server fails.
pub async fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("install")?;
    let powerx = around.program("powerx");
    let databases = Databases::default();
    let site = Site::start(&powerx, &folder.join("site"), &databases, &[]).await?;
    let author = Author::new(&site, &around.program("px-plugin"), &around.root).await?;
    author.list("1.0.0").await?;
    let first = ask(&site, "north", "1.0.0").await?;
    let mut warm = Vec::new();
    for login in ["harbour", "valley"] {
        warm.push(ask(&site, login, "1.0.0").await? * 1000.0);
    }
    figures.push(
        Figure::new("first install", first * 1000.0, "ms")
            .note("downloaded, verified, unpacked, compiled; one measurement"),
    );
    figures.push(
        Figure::new("warm install", median(&warm), "ms")
            .aim(Aim::AtMost(50.0))
            .note("another tenant, a version this machine has; every step durable before the next"),
    );
    many(&site, around, figures).await?;
    drop(site);
    rollbacks(around, figures).await
}

async fn ask(site: &Site, login: &str, version: &str) -> anyhow::Result<f64> {
    let client = site.core(login)?;
    let body = request(version, None)?;
    let begun = Instant::now();
    let _: InstallAccepted = client
        .post("/api/v1/admin/plugins/install/url", &body)
        .await?;
    served(site, login, version, begun).await
}

async fn many(site: &Site, around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let count = around.amount(1000, 20);
    let ops = site.core("ops")?;
    let tenants = std::sync::Mutex::new(Vec::<TenantId>::new());
    load::rate(count, 16, |n| {
        let (ops, tenants) = (ops.clone(), &tenants);
        async move {
            let body = TenantRequest {
                name: format!("Tenant {n:04}"),
                internal: false,
            };
            let view: TenantView = ops.post("/api/v1/admin/tenants", &body).await?;
            if let Ok(mut all) = tenants.lock() {
                all.push(view.tenant_id);
            }
            Ok(())
        }
    })
    .await?;
    let tenants = tenants.into_inner().unwrap_or_default();
    let already = serving(site).await?;
    let before = site.memory();
    let begun = Instant::now();
    load::rate(count, 16, |n| {
        let (ops, tenant) = (ops.clone(), tenants[n as usize]);
        async move {
            let body = request("1.0.0", Some(tenant))?;
            let path = "/api/v1/admin/plugins/install/url";
            let _: InstallAccepted = ops.post(path, &body).await?;
            Ok(())
        }
    })
    .await?;
    let asked = begun.elapsed().as_secs_f64();
    let seconds = all_served(site, already + count as usize, begun).await?;
    let after = site.memory();
    figures.push(
        Figure::new(format!("{count} tenants install the same version"), seconds, "s")
            .aim(Aim::AtMost(10.0))
            .note(format!(
                "until the gateway serves all of them; asking took {asked:.1} s of it, from 16 connections"
            )),
    );
    let each = (after - before) * 1024.0 / f64::from(count);
    figures.push(
        Figure::new("memory per tenant × plugin", each, "KiB")
            .note("resident memory of the whole process after those installs less before them, started and on probation"),
    );
    Ok(())
}

/// Seconds until every tenant has a version that serves.
async fn all_served(site: &Site, count: usize, begun: Instant) -> anyhow::Result<f64> {
    loop {
        let rows = serving(site).await?;
        let seconds = begun.elapsed().as_secs_f64();
        if rows >= count {
            return Ok(seconds);
        }
        ensure!(
            seconds < 120.0,
            "{rows} of {count} tenants are served after two minutes"
        );
        // A list of a thousand rows: asking for it all the time would take part in what is measured.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Tenants for which a version of the sample serves.
async fn serving(site: &Site) -> anyhow::Result<usize> {
    let all: Value = site
        .core("ops")?
        .get("/api/v1/admin/plugins/installed")
        .await?;
    let rows = all.get("items").unwrap_or(&all);
    Ok(rows.as_array().map_or(0, |rows| {
        let serves = |row: &&Value| row["candidate"] == "1.0.0" || row["version"] == "1.0.0";
        rows.iter().filter(serves).count()
    }))
}

async fn rollbacks(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("rollback")?;
    let extra = [("PX_PROBATION_SECONDS", "1"), ("PX_PROBE_SECONDS", "0.2")];
    let databases = Databases::default();
    let site = Site::start(&around.program("powerx"), &folder, &databases, &extra).await?;
    let author = Author::new(&site, &around.program("px-plugin"), &around.root).await?;
    author.list("1.0.0").await?;
    author.list("1.1.0").await?;
    let login = "north";
    install(&site, login, "1.0.0", InstallState::Committed).await?;
    let client = site.core(login)?;
    let mut took = Vec::new();
    for _ in 0..around.amount(7, 1) {
        install(&site, login, "1.1.0", InstallState::Committed).await?;
        let body = RollbackRequest {
            tenant_id: None,
            plugin_id: plugin()?,
            reason: "measuring".to_owned(),
        };
        let begun = Instant::now();
        let path = "/api/v1/admin/plugins/upgrade/rollback";
        let accepted: InstallAccepted = client.post(path, &body).await?;
        took.push(served(&site, login, "1.0.0", begun).await? * 1000.0);
        let id = accepted.install_job_id;
        reached(&site, login, id, InstallState::RolledBack).await?;
    }
    if took.is_empty() {
        bail!("nothing was taken back of {PLUGIN}");
    }
    figures.push(
        Figure::new("rollback by hand", median(&took), "ms")
            .aim(Aim::AtMost(1000.0))
            .note("from the request to the first answer of the old version"),
    );
    Ok(())
}
