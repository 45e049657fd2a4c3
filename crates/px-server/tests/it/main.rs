//! The whole chain, as the demo walks it, on both engines.

mod accounts;
mod bad;
mod faults;
mod operator;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use px_server::demo::{self, Format};
use px_server::settings::Settings;
use px_store::{AuditFilter, Db, Env, list_audit};
use px_testkit::{Engine, engines, test_db};
use px_web::i18n::{Lang, T, Words};
use px_web::ui::audit_words;

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
    every_entry_has_words(&market.address).await;
    every_entry_has_words(&core.address).await;
}

/// What the chain wrote into an audit log is told in words, in both languages.
async fn every_entry_has_words(address: &str) {
    let db = Db::open(address, Env::system()).await.unwrap();
    let filter = AuditFilter {
        limit: 10_000,
        ..AuditFilter::default()
    };
    let log = list_audit(&db, &filter).await.unwrap();
    assert!(!log.is_empty(), "the chain leaves entries");
    let words = Arc::new(Words::shared().unwrap());
    for lang in Lang::ALL {
        let t = T::new(words.clone(), lang, Timestamp::UNIX_EPOCH);
        let mut bare = BTreeSet::new();
        for entry in &log {
            if audit_words(&t, &entry.action) == entry.action {
                bare.insert(entry.action.clone());
            }
            let part = format!("audit-part-{}", entry.actor.name.replace('_', "-"));
            if entry.actor.kind == "system" && t.find(&part).is_none() {
                bare.insert(part);
            }
        }
        assert!(bare.is_empty(), "{lang}: no words for {bare:?}");
    }
    db.close().await;
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
