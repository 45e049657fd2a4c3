//! Behaviour of jobs, followers and periodic tasks through the public interface, on SQLite and,
//! where `PX_TEST_POSTGRES_URL` names a server, on PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use px_model::Event;
use px_store::{Db, Env, NewEvent, Tx, vals};
use px_work::{Consumer, Job, JobError, JobHandler, NewJob, Periodic, Workers, counts, enqueue};

struct Engine {
    db: Db,
    _folder: tempfile::TempDir,
}

async fn engines() -> Vec<Engine> {
    let mut engines = vec![sqlite().await];
    if let Ok(server) = std::env::var("PX_TEST_POSTGRES_URL") {
        engines.push(postgres(&server).await);
    }
    engines
}

async fn sqlite() -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(
        &format!("sqlite:{}", folder.path().join("t.db").display()),
        Env::system(),
    )
    .await
    .unwrap();
    db.migrate(&[px_store::MIGRATIONS, px_work::MIGRATIONS])
        .await
        .unwrap();
    Engine {
        db,
        _folder: folder,
    }
}

async fn postgres(server: &str) -> Engine {
    let env = Env::system();
    let schema = format!("w{}", env.secret(8));
    let admin = Db::open(server, env.clone()).await.unwrap();
    let mut tx = admin.begin().await.unwrap();
    tx.exec(sqlx_safe(format!("CREATE SCHEMA {schema}")), vec![])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    let db = Db::open(
        &format!("{server}{separator}options=-csearch_path%3D{schema}"),
        env,
    )
    .await
    .unwrap();
    db.migrate(&[px_store::MIGRATIONS, px_work::MIGRATIONS])
        .await
        .unwrap();
    Engine {
        db,
        _folder: tempfile::tempdir().unwrap(),
    }
}

fn sqlx_safe(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}

async fn add(db: &Db, job: NewJob) -> bool {
    let mut tx = db.begin().await.unwrap();
    let added = enqueue(&mut tx, job).await.unwrap().is_some();
    tx.commit().await.unwrap();
    added
}

async fn until(what: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if what().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("did not come about within 10 s");
}

async fn count(db: &Db, state: &str) -> i64 {
    counts(db)
        .await
        .unwrap()
        .iter()
        .filter(|c| c.state == state)
        .map(|c| c.count)
        .sum()
}

#[derive(Default)]
struct Flaky {
    runs: AtomicU32,
    told: AtomicU32,
    postponed: AtomicU32,
}

#[async_trait]
impl JobHandler for Flaky {
    fn kind(&self) -> &'static str {
        "flaky"
    }
    async fn run(&self, job: &Job) -> Result<(), JobError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        match job.payload["how"].as_str() {
            Some("fatal") => Err(JobError::Fatal("cannot".to_owned())),
            Some("once") if self.postponed.fetch_add(1, Ordering::SeqCst) == 0 => Err(
                JobError::RetryAfter("not yet".to_owned(), Duration::from_millis(1)),
            ),
            Some("panic") => panic!("deliberate"),
            _ => Ok(()),
        }
    }
    async fn dead(&self, _: &Job, _: &str) {
        self.told.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn jobs_run_retry_and_die() {
    for engine in engines().await {
        let db = &engine.db;
        let handler = Arc::new(Flaky::default());
        assert!(
            add(
                db,
                NewJob::new("flaky", serde_json::json!({"how": "ok"})).unique("a")
            )
            .await
        );
        assert!(
            !add(
                db,
                NewJob::new("flaky", serde_json::json!({"how": "ok"})).unique("a")
            )
            .await
        );
        add(db, NewJob::new("flaky", serde_json::json!({"how": "once"}))).await;
        add(
            db,
            NewJob::new("flaky", serde_json::json!({"how": "fatal"})),
        )
        .await;
        add(
            db,
            NewJob::new("flaky", serde_json::json!({"how": "panic"})).attempts(1),
        )
        .await;
        let running = Workers::new(db.clone()).handler(handler.clone()).start(2);
        until(async || count(db, "done").await == 2 && count(db, "dead").await == 2).await;
        assert_eq!(handler.told.load(Ordering::SeqCst), 2);
        running.stop().await;
    }
}

struct Slow;

#[async_trait]
impl JobHandler for Slow {
    fn kind(&self) -> &'static str {
        "slow"
    }
    fn lease(&self) -> Duration {
        Duration::from_millis(300)
    }
    async fn run(&self, _: &Job) -> Result<(), JobError> {
        tokio::time::sleep(Duration::from_millis(900)).await;
        Ok(())
    }
}

#[tokio::test]
async fn a_renewed_lease_keeps_a_long_job_with_one_process() {
    for engine in engines().await {
        let db = &engine.db;
        add(db, NewJob::new("slow", serde_json::json!({}))).await;
        let one = Workers::new(db.clone()).handler(Arc::new(Slow)).start(1);
        let two = Workers::new(db.clone()).handler(Arc::new(Slow)).start(1);
        until(async || count(db, "done").await == 1).await;
        let fence = db
            .one("job", "SELECT fence FROM jobs", vec![])
            .await
            .unwrap()
            .int("fence")
            .unwrap();
        assert_eq!(fence, 1, "taken once");
        one.stop().await;
        two.stop().await;
    }
}

struct Counting;

#[async_trait]
impl Consumer for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
    async fn event(&self, tx: &mut Tx, event: &Event) -> px_store::Result<()> {
        let at = tx.env().now();
        tx.exec(
            "INSERT INTO seen (id, at) VALUES ($1, $2)",
            vals![&event.id, at],
        )
        .await
        .map(drop)
    }
}

struct Ticks(AtomicU32);

#[async_trait]
impl Periodic for Ticks {
    fn name(&self) -> &'static str {
        "ticks"
    }
    fn every(&self) -> Duration {
        Duration::from_millis(50)
    }
    async fn tick(&self) -> Result<(), JobError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn two_processes_take_each_event_once() {
    for engine in engines().await {
        let db = &engine.db;
        let mut tx = db.begin().await.unwrap();
        tx.exec(
            "CREATE TABLE seen (id TEXT PRIMARY KEY, at BIGINT NOT NULL)",
            vec![],
        )
        .await
        .unwrap();
        for n in 0..20 {
            tx.emit(NewEvent {
                kind: px_model::event_type::APPROVED,
                source: "/test".to_owned(),
                subject: n.to_string(),
                data: serde_json::json!({}),
            })
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let ticks = Arc::new(Ticks(AtomicU32::new(0)));
        let one = Workers::new(db.clone())
            .consumer(Arc::new(Counting))
            .periodic(ticks.clone())
            .start(1);
        let two = Workers::new(db.clone())
            .consumer(Arc::new(Counting))
            .start(1);
        until(async || {
            let n = db
                .one("n", "SELECT COUNT(*) AS n FROM seen", vec![])
                .await
                .unwrap()
                .int("n")
                .unwrap();
            n == 20 && ticks.0.load(Ordering::SeqCst) >= 2
        })
        .await;
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test]
async fn jobs_long_done_are_forgotten_and_no_others() {
    for engine in engines().await {
        let db = &engine.db;
        let now = db.env().now();
        let long_ago = now - px_work::REMEMBERED - jiff::SignedDuration::from_secs(1);
        let mut tx = db.begin().await.unwrap();
        for n in 0..2500 {
            let (state, ended) = match n % 5 {
                0 => ("done", Some(now)),
                1 => ("dead", Some(long_ago)),
                2 => ("ready", None),
                _ => ("done", Some(long_ago)),
            };
            tx.exec(
                "INSERT INTO jobs (id, kind, payload, state, run_at, attempt, max_attempts, fence, created_at, finished_at)
                 VALUES ($1, 'old', '{}', $2, $3, 0, 1, 0, $3, $4)",
                vals![format!("job_{n}"), state, long_ago, ended],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(px_work::tidy(db).await.unwrap(), 1000);
        assert_eq!(px_work::tidy(db).await.unwrap(), 0);
        let left: Vec<_> = counts(db).await.unwrap();
        let left: Vec<_> = left.iter().map(|c| (c.state.as_str(), c.count)).collect();
        assert_eq!(left, [("dead", 500), ("done", 500), ("ready", 500)]);
    }
}
