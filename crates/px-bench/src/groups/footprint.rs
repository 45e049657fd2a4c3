//! Start-up and sizes.

use super::{Surroundings, megabytes, seconds};
use crate::figure::{Figure, median};
use crate::process;
use crate::site::{Databases, Site};

/// Takes the figures.
///
/// # Errors
/// When a server fails.
pub async fn take(around: &Surroundings, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let folder = around.folder("footprint")?;
    let powerx = around.program("powerx");
    let (mut first, mut again, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..around.amount(5, 1) {
        let folder = folder.join(n.to_string());
        let databases = Databases::default();
        let site = Site::start(&powerx, &folder, &databases, &[]).await?;
        first.push(site.started_in * 1000.0);
        drop(site);
        let site = Site::start(&powerx, &folder, &databases, &[]).await?;
        again.push(site.started_in * 1000.0);
        idle.push(site.memory());
    }
    figures.push(
        Figure::new("start, first time", median(&first), "ms")
            .note("Marketplace, core and console in one process, with new databases, keys and demo accounts (whose passwords are hashed at full cost)"),
    );
    figures.push(Figure::new("start, again", median(&again), "ms"));
    figures.push(Figure::new(
        "memory of both servers, idle",
        median(&idle),
        "MiB",
    ));
    let mut times = Vec::new();
    for _ in 0..around.amount(20, 2) {
        times.push(
            1000.0
                * seconds(|| {
                    let mut command = std::process::Command::new(around.program("px-plugin"));
                    process::run(command.arg("version"), &[0])
                })?,
        );
    }
    figures.push(Figure::new("`px-plugin version`", median(&times), "ms"));
    for program in ["powerx", "powerx-marketplace", "px-plugin"] {
        let size = megabytes(&around.program(program))?;
        figures.push(Figure::new(format!("size of `{program}`"), size, "MB"));
    }
    Ok(())
}
