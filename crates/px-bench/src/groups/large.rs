//! One large bundle from end to end: time and memory.

use std::time::Instant;

use px_api::core::InstallAccepted;

use super::Surroundings;
use crate::author::Author;
use crate::figure::{Aim, Figure};
use crate::install::{request, served};
use crate::site::{Databases, Site};

/// Size of the bundle in MB.
const SIZE: usize = 500;

/// Takes the figures.
///
/// # Errors
/// When a server or the author's command fails.
pub async fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("large")?;
    let databases = Databases::default();
    let powerx = around.program("powerx");
    let site = Site::start(&powerx, &folder.join("site"), &databases, &[]).await?;
    let author = Author::new(&site, &around.program("px-plugin"), &around.root).await?;
    let size = if around.quick { 5 } else { SIZE };
    let idle = site.memory();
    let begun = Instant::now();
    let (view, ran) = author.publish_large("1.0.0", size * 1_000_000).await?;
    let reviewed = begun.elapsed().as_secs_f64();
    let (market, size) = (site.peak_memory(), format!("{size} MB"));
    figures.push(
        Figure::new(format!("`px-plugin publish`, {size}"), ran.seconds, "s")
            .note("packed, signed, uploaded and submitted"),
    );
    figures.push(
        Figure::new(
            format!("memory of `px-plugin publish`, {size}"),
            ran.peak_mib,
            "MiB",
        )
        .aim(Aim::AtMost(256.0)),
    );
    figures.push(Figure::new(
        format!("from the command to a reviewer's queue, {size}"),
        reviewed,
        "s",
    ));
    figures.push(
        Figure::new(
            format!("memory of the server until then, {size}"),
            market,
            "MiB",
        )
        .aim(Aim::AtMost(256.0))
        .note(format!("{idle:.0} MiB before")),
    );
    author.listed(&view).await?;
    let begun = Instant::now();
    let client = site.core("north")?;
    let path = "/api/v1/admin/plugins/install/url";
    let _: InstallAccepted = client.post(path, &request("1.0.0", None)?).await?;
    let seconds = served(&site, "north", "1.0.0", begun).await?;
    figures.push(Figure::new(format!("first install, {size}"), seconds, "s"));
    figures.push(
        Figure::new(
            format!("memory of the server at its end, {size}"),
            site.peak_memory(),
            "MiB",
        )
        .aim(Aim::AtMost(256.0)),
    );
    Ok(())
}
