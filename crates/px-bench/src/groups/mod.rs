//! What can be measured.

mod added;
mod footprint;
mod gateway;
mod install;
mod large;
mod package;
mod publish;
mod search;
mod verdict;
mod webhooks;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::figure::{Figure, Group};

/// What every group needs.
pub struct Surroundings {
    /// Root of the repository.
    pub root: PathBuf,
    /// Folder of the programs that are measured.
    pub programs: PathBuf,
    /// Folders of peers, besides the search path.
    pub tools: Vec<PathBuf>,
    /// Folder that is removed afterwards.
    pub scratch: PathBuf,
    /// Small amounts, to see that everything works; the figures mean nothing.
    pub quick: bool,
}

impl Surroundings {
    /// One of the programs that are measured.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// A fresh folder.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.scratch.join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The sample component.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        self.root
            .join("samples/hello-wasm/base/backend/greeter.wasm")
    }

    /// `full`, or `small` in a quick run.
    pub const fn amount(&self, full: u32, small: u32) -> u32 {
        if self.quick { small } else { full }
    }

    /// A peer's program.
    #[must_use]
    pub fn peer(&self, name: &str) -> Option<PathBuf> {
        crate::process::find(name, &self.tools)
    }
}

/// Names of all groups, in the order they run.
pub const NAMES: [&str; 9] = [
    "package",
    "verdict",
    "publish",
    "gateway",
    "install",
    "large",
    "webhooks",
    "search",
    "footprint",
];

/// Takes one group's figures; those taken before a failure are kept.
pub async fn take(name: &str, around: &Surroundings) -> Option<Group> {
    let begun = Instant::now();
    let mut figures = Vec::new();
    let (name, about) = *ABOUT.iter().find(|(known, _)| *known == name)?;
    let outcome = match name {
        "package" => package::take(around, &mut figures),
        "verdict" => verdict::take(around, &mut figures),
        "publish" => publish::take(around, &mut figures).await,
        "gateway" => gateway::take(around, &mut figures).await,
        "install" => install::take(around, &mut figures).await,
        "large" => large::take(around, &mut figures).await,
        "webhooks" => webhooks::take(around, &mut figures).await,
        "search" => search::take(around, &mut figures).await,
        _ => footprint::take(around, &mut figures).await,
    };
    Some(Group {
        name,
        about,
        figures,
        failed: outcome.err().map(|e| format!("{e:#}")),
        seconds: begun.elapsed().as_secs_f64(),
    })
}

const ABOUT: [(&str, &str); 9] = [
    (
        "package",
        "Packing and verifying a plugin folder of about 100 MB: a third prose, a third tables, a third bytes that do not compress. Whole programs, from start to end; both sides read from and write to the same disk.",
    ),
    (
        "verdict",
        "`px-plugin check BUNDLE`, the checks a version meets at the Marketplace, on bundles like the one above. Peak memory is the resident high-water mark of the process.",
    ),
    (
        "publish",
        "Versions registered per second: `POST /api/marketplace/plugins/publish` over HTTP from 16 connections; each is one durable transaction with its audit entry, event and timeline. Beside it transactions of one row through the same driver from 16 tasks, on the same disk.",
    ),
    (
        "gateway",
        "The sample component, asked by `wrk` from 32 connections; tenant and token are checked and the identity header is signed for each request. What the gateway adds is asked over one connection each with it and without it, one request in turn, so that nobody waits for anybody and both meet the same moments of the machine.",
    ),
    (
        "install",
        "The sample plugin installed for tenants through the API, from the request to the moment the gateway serves the version; probation, with its default length, goes on afterwards.",
    ),
    (
        "large",
        "A bundle of 500 MB from the author's folder to a tenant: packed, signed, uploaded, checked, tried out, listed, downloaded, verified, unpacked, served. Marketplace and core are one process here; peaks are resident high-water marks, which count the mapped database and, while a file is sent, pages of it.",
    ),
    (
        "webhooks",
        "One version listed for 10,000 subscriptions with a webhook each, on 200 hosts; every tenth receiver is dead (nothing listens). Counted at the receiver, from the first delivery to the last. Beside it a loop that posts the same number of bodies of the same size and remembers nothing.",
    ),
    (
        "search",
        "`GET /api/marketplace/plugins?q=…` with 100,000 plugins offered: one and two words, with and without results, over HTTP from two connections.",
    ),
    (
        "footprint",
        "What the programs take before they do anything.",
    ),
];

/// Name and address of each engine at hand (none: an SQLite file), the server that must live as
/// long as they are used, and why there is none.
type Engines = (
    Vec<(&'static str, Option<String>)>,
    Option<px_testkit::postgres::Postgres>,
    Option<String>,
);

fn engines() -> Engines {
    let mut engines = vec![("SQLite", None)];
    match px_testkit::postgres::Postgres::start_durable() {
        Ok(server) => {
            engines.push(("PostgreSQL", Some(server.url())));
            (engines, Some(server), None)
        }
        Err(reason) => (engines, None, Some(reason)),
    }
}

/// Says that a peer is missing.
fn without(figure: Figure, peer: &str) -> Figure {
    figure.note(format!(
        "`{peer}` is not installed, so nothing stands beside it"
    ))
}

/// Time of one piece of blocking work, seconds.
fn seconds<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Bytes of a file, MB.
fn megabytes(file: &Path) -> anyhow::Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "files are far below 2^52 bytes")]
    let bytes = std::fs::metadata(file)?.len() as f64;
    Ok(bytes / 1e6)
}
