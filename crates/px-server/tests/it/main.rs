//! The whole chain, as the demo walks it, on both engines.

mod accounts;
mod bad;
mod faults;
mod operator;

use px_server::demo::{self, Format};
use px_server::settings::Settings;
use px_testkit::{Engine, engines, test_db};

async fn chain(engine: Engine) {
    let market = test_db(engine, &[]).await;
    let core = test_db(engine, &[]).await;
    let options = demo::Options {
        format: Format::Json,
        executable: env!("CARGO_BIN_EXE_powerx").into(),
        market_database: Some(market.address.clone()),
        core_database: Some(core.address.clone()),
    };
    let settings = Settings::resolve(None, |_| None).unwrap();
    assert!(
        demo::run(settings, options).await.unwrap(),
        "the timeline above names the step"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_holds_on_sqlite() {
    chain(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_holds_on_postgres() {
    if engines().contains(&Engine::Postgres) {
        chain(Engine::Postgres).await;
    }
}
