//! The database goes away and comes back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use px_store::{Db, Env};
use px_testkit::eventually;
use px_testkit::postgres::{Postgres, URL_VARIABLE};
use px_work::{Job, JobError, JobHandler, NewJob, Workers, enqueue};

struct Emit(Db);

#[async_trait]
impl JobHandler for Emit {
    fn kind(&self) -> &'static str {
        "emit"
    }

    /// A run cut off by the outage is taken over when its lease ends.
    fn lease(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let mut tx = self.0.begin().await?;
        tx.emit(px_store::NewEvent {
            kind: px_model::event_type::RECEIVED,
            source: "/marketplace".to_owned(),
            subject: job.id.to_string(),
            data: job.payload.clone(),
        })
        .await?;
        job.finish(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_after_the_database_was_away_and_nothing_is_lost_or_doubled() {
    // Without PostgreSQL `cargo xtask test` says that its tests are left out; this is one of them.
    if std::env::var_os(URL_VARIABLE).is_none() {
        return;
    }
    let server = Postgres::start().unwrap();
    let db = Db::open(&server.url(), Env::system()).await.unwrap();
    db.migrate(&[px_store::MIGRATIONS, px_work::MIGRATIONS])
        .await
        .unwrap();
    let add = async |number: i64| -> px_store::Result<()> {
        let mut tx = db.begin().await?;
        enqueue(&mut tx, NewJob::new("emit", number.into())).await?;
        tx.commit().await
    };
    for number in 0..20 {
        add(number).await.unwrap();
    }
    let running = Workers::new(db.clone())
        .handler(Arc::new(Emit(db.clone())))
        .start(2);
    server.pause().unwrap();
    // What is asked for meanwhile waits for the server, or fails as something to try again.
    let asked = tokio::spawn({
        let db = db.clone();
        async move { db.begin().await.err() }
    });
    server.resume().unwrap();
    assert!(asked.await.unwrap().is_none_or(|e| e.is_transient()));
    add(20).await.unwrap();
    let seen = eventually("all events", || async {
        let events = px_store::feed(&db, 0, 100).await.ok()?;
        (events.len() >= 21).then_some(events)
    })
    .await;
    let mut numbers: Vec<_> = seen.iter().map(|e| e.data.as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..21).collect::<Vec<_>>());
    running.stop().await;
}

/// A restart is over before a pool notices: no question that comes afterwards is to pay for it.
#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_while_they_rest_are_noticed_by_nobody() {
    let Ok(server) = std::env::var(URL_VARIABLE) else {
        return;
    };
    let db = Db::open(&server, Env::system()).await.unwrap();
    let other = Db::open(&server, Env::system()).await.unwrap();
    for writes in [true, false] {
        // Many connections, used a moment ago, and known to the server by what they asked last.
        let mark = if writes {
            "SELECT 1 AS marked_w"
        } else {
            "SELECT 1 AS marked_r"
        };
        let many = (0..12).map(|_| db.rows(mark, vec![]));
        futures::future::try_join_all(many).await.unwrap();
        let cut =
            "SELECT COUNT(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE query = $1";
        let cut = other
            .one("count", cut, px_store::vals![mark])
            .await
            .unwrap();
        assert!(
            cut.int("n").unwrap() > 1,
            "there is more than one to be cut"
        );
        for number in 0..12 {
            let asked = if writes {
                match db.begin().await {
                    Ok(tx) => tx.commit().await,
                    Err(error) => Err(error),
                }
            } else {
                db.ping().await
            };
            assert!(
                asked.is_ok(),
                "question {number}, writes: {writes}: {asked:?}"
            );
        }
    }
    db.close().await;
    other.close().await;
}
