//! Serves PowerX admin on loopback with a believable installation in a temporary database, for
//! looking at the pages while working on them. Sign in as `admin`, `viewer`, `ops` or `neighbour`.

#![allow(clippy::print_stdout)]

mod seed;
mod story;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use px_core::app::authority::TenantScope;
use px_core::app::install::Trigger;
use px_core::app::ports::Monotonic;
use px_core::store::installs::{self, Filter};
use px_core::{Core, CoreConfig};
use px_model::InstallState as S;
use px_runtime::{Host, HostConfig};
use px_store::{Db, Env, SystemRandomness};
use px_web::http::{Limits, Rate};
use px_web::i18n::Words;
use px_web::{Web, WebConfig};
use seed::{Seed, Shift};

struct SinceStart(Instant);

impl Monotonic for SinceStart {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Walks installs that were asked for here through their states, a second each.
async fn pretend(seed: Seed) {
    let begun = seed.core.db().env().now();
    let filter = Filter {
        active: true,
        limit: 100,
        ..Filter::default()
    };
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let every = TenantScope::every();
        let Ok(active) = installs::list(seed.core.db(), &every, &filter).await else {
            continue;
        };
        for mut install in active {
            let mine = install.created > begun && install.trigger == Trigger::Person;
            let due = install
                .not_before
                .is_none_or(|at| at <= seed.core.db().env().now());
            let next = match install.state {
                S::Waiting if !due => continue,
                state => state.next().first().copied(),
            };
            if let Some(to) = next.filter(|_| mine) {
                let _ = seed.enter(&mut install, to, None).await;
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("pages.db");
    let clock = Shift::ago(40 * 86_400);
    let env = Env::new(clock.clone(), SystemRandomness);
    let db = Db::open(&format!("sqlite:{}", file.display()), env).await?;
    db.migrate(&[
        px_store::MIGRATIONS,
        px_web::identity::MIGRATIONS,
        px_work::MIGRATIONS,
        px_notify::MIGRATIONS,
        px_core::MIGRATIONS,
    ])
    .await?;
    let market = "http://127.0.0.1:9/".parse()?;
    let config = CoreConfig::new(folder.path().join("data"), seed::CORE.parse()?, market);
    let host = HostConfig {
        max_requests: 4,
        ..HostConfig::new(folder.path().join("compiled"), Arc::new(SystemTime::now))
    };
    let since = Arc::new(SinceStart(Instant::now()));
    let core = Core::new(db.clone(), Host::new(host)?, since, config)?;
    let seed = Seed {
        core: core.clone(),
        clock,
    };
    story::tell(&seed).await?;
    tokio::spawn(pretend(seed));
    let rate = Rate {
        burst: 10_000,
        per_minute: 600_000,
    };
    let web = Web::new(WebConfig {
        db,
        words: px_core::ui::words(Words::shared()?)?,
        site: px_core::ui::site(&core.config().console),
        secure_cookies: false,
        trust_forwarded: false,
        limits: Limits {
            per_address: rate,
            per_caller: rate,
        },
    });
    let routes = px_core::ui::routes(core.clone())
        .merge(core.router())
        .merge(px_web::identity::routes())
        .merge(px_web::assets::routes());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8097").await?;
    println!(
        "http://{} (password: {})",
        listener.local_addr()?,
        seed::PASSWORD
    );
    axum::serve(listener, px_web::wrap(&web, routes)).await?;
    Ok(())
}
