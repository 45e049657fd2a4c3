//! The kit's own parts do what they say.

use std::time::Duration;

use px_store::Env;
use px_testkit::postgres::{Postgres, URL_VARIABLE};
use px_testkit::{CounterRandomness, Engine, TestClock, sample, test_db, test_env};

#[test]
fn a_stopped_clock_moves_only_by_hand_and_ids_stay_unique_and_repeatable() {
    let (env, clock) = test_env();
    let before = env.now();
    let ids: Vec<_> = (0..100).map(|_| env.uuid()).collect();
    assert_eq!(env.now(), before);
    clock.advance(Duration::from_secs(60));
    assert_eq!((env.now() - before).get_seconds(), 60);
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());

    let again = Env::new(TestClock::at(before), CounterRandomness::default());
    assert_eq!(again.uuid(), ids[0]);
}

#[test]
fn a_sample_is_assembled_from_base_and_overlay_and_a_wrong_version_lists_the_right_ones() {
    let e = sample("hello-wasm", "0.0.0-none").unwrap_err().to_string();
    assert!(e.contains("1.3.0-permission"), "{e}");
    let folder = sample("hello-wasm", "1.3.0-permission").unwrap();
    let component = std::fs::read(folder.path().join("backend/greeter.wasm")).unwrap();
    assert_eq!(&component[..4], b"\0asm");
}

#[tokio::test]
async fn a_private_postgres_survives_a_pause_and_leaves_nothing_behind() {
    // Without PostgreSQL `cargo xtask test` says that its tests are left out; this is one of them.
    if std::env::var_os(URL_VARIABLE).is_none() {
        return;
    }
    let server = Postgres::start().unwrap();
    let url = server.url();
    let open = || px_store::Db::open(&url, Env::system());
    open().await.unwrap().ping().await.unwrap();
    server.pause().unwrap();
    assert!(open().await.is_err());
    server.resume().unwrap();
    open().await.unwrap().ping().await.unwrap();

    let marker = format!("px-postgres-{}-", std::process::id());
    drop(server);
    let left = std::fs::read_dir(std::env::temp_dir())
        .unwrap()
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(&marker))
        .count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn every_test_database_is_its_own() {
    for engine in px_testkit::engines() {
        let one = test_db(engine, &[px_store::MIGRATIONS]).await;
        let two = test_db(engine, &[px_store::MIGRATIONS]).await;
        assert_ne!(one.address, two.address);
        assert_eq!(
            one.db.dialect() == px_store::Dialect::Sqlite,
            engine == Engine::Sqlite
        );
    }
}
