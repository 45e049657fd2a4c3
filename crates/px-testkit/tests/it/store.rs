//! Transactions, migrations, idempotency and part files.

use px_model::Digest;
use px_store::{
    Actor, AuditEntry, Db, Env, Migration, MigrationSet, NewEvent, PartFile, Replay, StoreError,
    Tx, Val, recall, remember, vals,
};
use px_testkit::{TestDb, test_dbs};
use serde_json::json;
use tokio::io::AsyncWriteExt;

const SETS: &[MigrationSet] = &[px_store::MIGRATIONS, THINGS];
const THINGS: MigrationSet = MigrationSet {
    name: "things",
    migrations: &[Migration {
        name: "0001_things",
        sql: "CREATE TABLE things (name TEXT PRIMARY KEY, size BIGINT, note TEXT);\n\
              CREATE INDEX things_size ON things (size);\n",
    }],
};

async fn put(tx: &mut Tx, name: &str, size: Option<i64>) -> Result<u64, StoreError> {
    tx.exec(
        "INSERT INTO things (name, size, note) VALUES ($1, $2, $3)",
        vals![name, size, None::<String>],
    )
    .await
}

async fn count(test: &TestDb) -> i64 {
    let row = test
        .db
        .one("count", "SELECT COUNT(*) AS n FROM things", vec![])
        .await
        .unwrap();
    row.int("n").unwrap()
}

#[tokio::test]
async fn a_dropped_transaction_leaves_no_trace_and_a_committed_one_wakes_followers() {
    for test in test_dbs(SETS).await {
        let mut commits = test.db.commits();
        commits.mark_unchanged();
        let mut tx = test.db.begin().await.unwrap();
        put(&mut tx, "a", Some(1)).await.unwrap();
        drop(tx);
        assert_eq!(count(&test).await, 0);
        assert!(!commits.has_changed().unwrap());
        let mut tx = test.db.begin().await.unwrap();
        put(&mut tx, "a", None).await.unwrap();
        tx.commit().await.unwrap();
        assert!(commits.has_changed().unwrap());
        let row = test
            .db
            .one("thing", "SELECT * FROM things", vec![])
            .await
            .unwrap();
        assert_eq!(row.opt_int("size").unwrap(), None);
        assert!(row.int("size").is_err(), "NULL is not a number");
        assert!(row.text("nothing").is_err());
    }
}

#[tokio::test]
async fn errors_tell_conflicts_stale_and_missing_rows_apart() {
    for test in test_dbs(SETS).await {
        let mut tx = test.db.begin().await.unwrap();
        put(&mut tx, "a", Some(1)).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        let conflict = put(&mut tx, "a", Some(2)).await.unwrap_err();
        assert!(conflict.is_conflict() && !conflict.is_transient());
        drop(tx);
        let mut tx = test.db.begin().await.unwrap();
        let update = "UPDATE things SET size = $1 WHERE name = $2";
        let stale = tx
            .exec_one("thing", update, vals![3, "b"])
            .await
            .unwrap_err();
        assert!(matches!(stale, StoreError::Stale("thing")));
        let missing = tx
            .one("thing", "SELECT * FROM things WHERE name = $1", vals!["b"])
            .await;
        assert!(matches!(missing, Err(StoreError::Missing("thing"))));
    }
}

#[tokio::test]
async fn values_come_back_as_they_went() {
    for test in test_dbs(SETS).await {
        let mut tx = test.db.begin().await.unwrap();
        let long = "长".repeat(100_000);
        tx.exec(
            "INSERT INTO things (name, size, note) VALUES ($1, $2, $3)",
            vals!["it's; \"quoted\" \u{1F980}", i64::MIN, &long],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let row = test
            .db
            .one("thing", "SELECT * FROM things", vec![])
            .await
            .unwrap();
        assert_eq!(row.text("name").unwrap(), "it's; \"quoted\" \u{1F980}");
        assert_eq!(row.int("size").unwrap(), i64::MIN);
        assert_eq!(row.text("note").unwrap(), long);
        assert!(row.parse::<px_model::TenantId>("name").is_err());
        assert_eq!(Val::from(u64::MAX), Val::Int(Some(i64::MAX)));
    }
}

#[tokio::test]
async fn migrations_run_once_and_a_changed_one_is_refused() {
    const CHANGED: MigrationSet = MigrationSet {
        name: "things",
        migrations: &[Migration {
            name: "0001_things",
            sql: "CREATE TABLE other (a TEXT);\n",
        }],
    };
    for test in test_dbs(SETS).await {
        test.db.migrate(SETS).await.unwrap();
        let error = test.db.migrate(&[CHANGED]).await.unwrap_err();
        assert!(matches!(error, StoreError::MigrationChanged { .. }));
        assert!(error.to_string().contains("things/0001_things"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_start_together_migrate_in_turn() {
    for test in test_dbs(&[]).await {
        let other = px_store::Db::open(&test.address, Env::system())
            .await
            .unwrap();
        let (one, two) = tokio::join!(test.db.migrate(SETS), other.migrate(SETS));
        one.unwrap();
        two.unwrap();
        assert_eq!(count(&test).await, 0);
    }
}

/// An audit entry and an event, `n` of each.
async fn say(tx: &mut Tx, n: usize) {
    for _ in 0..n {
        let entry = AuditEntry {
            actor: Actor::system("test"),
            action: "thing.made".to_owned(),
            subject: "thing".to_owned(),
            tenant: None,
            detail: json!({}),
        };
        tx.audit(entry).await.unwrap();
        let event = NewEvent {
            kind: px_model::event_type::RECEIVED,
            source: "/test".to_owned(),
            subject: "thing".to_owned(),
            data: json!({}),
        };
        tx.emit(event).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_left_for_the_commit_is_written_with_it_in_order_or_nothing_is() {
    const PUT: &str = "INSERT INTO things (name, size, note) VALUES ($1, $2, $3)";
    const NEXT: &str = "INSERT INTO things (name, size)
         SELECT $1, COALESCE(MAX(size), 0) + $2 FROM things WHERE name <> $1";
    for test in test_dbs(SETS).await {
        let mut entries = 0;
        // From nothing said to more than goes to the engine at once, and the same for what is left.
        for said in [0, 1, 4, 5] {
            for left in [1, 4, 5] {
                let before = count(&test).await;
                let mut tx = test.db.begin().await.unwrap();
                say(&mut tx, said).await;
                let name = |n| format!("{said}-{left}-{n} costs $1");
                tx.later(PUT, vals![name(0), 1000_i64, "a; b 'c' $2"]);
                for n in 1..left {
                    tx.later(NEXT, vals![name(n), 1_i64]);
                }
                put(&mut tx, &format!("{said}-{left}"), None).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(count(&test).await, before + 1 + left);
                let last = vals![name(left - 1)];
                let sql = "SELECT size, note FROM things WHERE name = $1";
                let row = test.db.one("thing", sql, last).await.unwrap();
                assert!(row.int("size").unwrap() >= 1000 + left - 1);
                entries += said as i64;
            }
        }
        // One of them is refused: nothing of the transaction is there.
        let before = count(&test).await;
        for said in [0, 1, 5] {
            let mut tx = test.db.begin().await.unwrap();
            say(&mut tx, said).await;
            put(&mut tx, "new", None).await.unwrap();
            tx.later(PUT, vals!["newer", 1_i64, None::<String>]);
            tx.later(PUT, vals!["0-1", 1_i64, None::<String>]);
            assert!(tx.commit().await.unwrap_err().is_conflict());
        }
        assert_eq!(count(&test).await, before);
        let chain = px_store::verify_audit(&test.db).await.unwrap();
        assert_eq!((chain.entries, chain.first_bad), (entries, None));
        assert_eq!(px_store::feed_head(&test.db).await.unwrap(), entries);
    }
}

#[tokio::test]
async fn a_key_has_one_effect_and_one_answer_and_belongs_to_one_body() {
    for test in test_dbs(SETS).await {
        let mut tx = test.db.begin().await.unwrap();
        let seen = recall::<String>(&mut tx, "publish", "k", b"body")
            .await
            .unwrap();
        assert!(matches!(seen, Replay::New));
        remember(&mut tx, "publish", "k", b"body", &"ver_1").unwrap();
        tx.commit().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        let seen = recall::<String>(&mut tx, "publish", "k", b"body")
            .await
            .unwrap();
        assert!(matches!(seen, Replay::Same(answer) if answer == "ver_1"));
        let reused = recall::<String>(&mut tx, "publish", "k", b"other")
            .await
            .unwrap_err();
        assert!(matches!(reused, StoreError::KeyReused(key) if key == "k"));
        let other = recall::<String>(&mut tx, "install", "k", b"other")
            .await
            .unwrap();
        assert!(
            matches!(other, Replay::New),
            "keys are per caller and operation"
        );
        remember(&mut tx, "publish", "k", b"body", &"ver_2").unwrap();
        assert!(tx.commit().await.unwrap_err().is_conflict());
    }
}

#[tokio::test]
async fn addresses_of_other_kinds_are_refused_without_their_password() {
    let error = px_store::Db::open("mysql://root:hunter2@db/x", Env::system())
        .await
        .unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_part_file_resumes_cuts_torn_bytes_and_never_has_holes() {
    let folder = tempfile::tempdir().unwrap();
    let part = PartFile::at(folder.path().join("deep/er/bundle.part"));
    assert_eq!(part.len().await.unwrap(), 0);
    for (offset, bytes) in [(0, &b"hello torn"[..]), (5, b" world")] {
        let mut file = part.append_at(offset).await.unwrap();
        file.write_all(bytes).await.unwrap();
        PartFile::seal(file).await.unwrap();
    }
    assert_eq!(std::fs::read(part.path()).unwrap(), b"hello world");
    let (digest, length) = part.digest().await.unwrap();
    assert_eq!(length, 11);
    assert_eq!(
        digest,
        "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
            .parse::<Digest>()
            .unwrap()
    );
    let hole = part.append_at(12).await.unwrap_err();
    assert!(hole.to_string().contains("only 11 of 12"), "{hole}");
    part.remove().await.unwrap();
    part.remove().await.unwrap();
}

#[tokio::test]
async fn a_commit_wakes_whoever_waits_for_what_it_touched_and_says_so_when_it_lasts() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    for test in test_dbs(SETS).await {
        let (mine, other) = (test.db.touched("mine"), test.db.touched("other"));
        let flag = Arc::new(AtomicBool::new(false));
        let mut tx = test.db.begin().await.unwrap();
        tx.touch("mine");
        tx.when_committed(Arc::clone(&flag));
        drop(tx);
        assert!(!mine.has_changed().unwrap());
        assert!(!flag.load(Ordering::Acquire), "nothing was written");
        let mut tx = test.db.begin().await.unwrap();
        tx.touch("mine");
        tx.when_committed(Arc::clone(&flag));
        tx.commit().await.unwrap();
        assert!(mine.has_changed().unwrap() && flag.load(Ordering::Acquire));
        assert!(!other.has_changed().unwrap());
    }
}

#[tokio::test]
async fn many_rows_are_written_and_changed_in_few_statements() {
    for test in test_dbs(SETS).await {
        let mut tx = test.db.begin().await.unwrap();
        let rows = (0..200)
            .map(|n| vals![format!("n{n}"), n, None::<String>])
            .collect();
        let insert = "INSERT INTO things (name, size, note) VALUES {rows}";
        assert_eq!(tx.exec_rows(insert, vec![], rows).await.unwrap(), 200);
        assert_eq!(tx.exec_rows(insert, vec![], vec![]).await.unwrap(), 0);
        let change = "UPDATE things SET size = size + $1, note = new.column2
             FROM (VALUES {rows}) AS new WHERE things.name = new.column1";
        let rows = ["n3", "n199", "nobody"]
            .map(|name| vals![name, format!("of {name}")])
            .into();
        let touched = tx.exec_rows(change, vals![1000], rows).await.unwrap();
        assert_eq!(touched, 2, "the third is not there");
        tx.commit().await.unwrap();
        let sql = "SELECT name, size, note FROM things WHERE note IS NOT NULL ORDER BY name";
        let changed = test.db.rows(sql, vec![]).await.unwrap();
        let seen: Vec<_> = changed
            .iter()
            .map(|row| (row.int("size").unwrap(), row.text("note").unwrap()))
            .collect();
        assert_eq!(
            seen,
            [(1199, "of n199".to_owned()), (1003, "of n3".to_owned())]
        );
    }
}

#[tokio::test]
async fn a_glance_sees_what_anybody_committed_before_it() {
    const TOTAL: &str = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM things";
    for test in test_dbs(SETS).await {
        let other = Db::open(&test.address, Env::system()).await.unwrap();
        assert_eq!(test.db.glance("total", TOTAL).await.unwrap(), 0);
        for n in 1..=50 {
            // By another process as far as the database can tell, and by this one.
            let writer = if n % 2 == 0 { &test.db } else { &other };
            let mut tx = writer.begin().await.unwrap();
            put(&mut tx, &format!("thing {n}"), Some(1)).await.unwrap();
            assert_eq!(test.db.glance("total", TOTAL).await.unwrap(), n - 1);
            tx.commit().await.unwrap();
            let asked = (0..10).map(|_| test.db.glance("total", TOTAL));
            for seen in futures::future::join_all(asked).await {
                assert_eq!(seen.unwrap(), n);
            }
        }
        other.close().await;
    }
}

#[tokio::test]
async fn whoever_glances_while_others_write_never_sees_the_past() {
    const TOTAL: &str = "SELECT COUNT(*) FROM things";
    for test in test_dbs(SETS).await {
        let committed = std::sync::atomic::AtomicI64::new(0);
        let writing = async {
            for n in 1..=100 {
                let mut tx = test.db.begin().await.unwrap();
                put(&mut tx, &format!("thing {n}"), None).await.unwrap();
                tx.commit().await.unwrap();
                committed.store(n, std::sync::atomic::Ordering::SeqCst);
            }
        };
        let looking = (0..8).map(|_| async {
            loop {
                let least = committed.load(std::sync::atomic::Ordering::SeqCst);
                let seen = test.db.glance("total", TOTAL).await.unwrap();
                assert!(seen >= least, "{seen} of {least}");
                if seen == 100 {
                    break;
                }
                tokio::task::yield_now().await;
            }
        });
        futures::future::join(writing, futures::future::join_all(looking)).await;
    }
}

#[tokio::test]
async fn a_glance_at_nothing_says_what_is_missing() {
    for test in test_dbs(SETS).await {
        let nothing = test.db.glance("thing", "SELECT size FROM things").await;
        assert!(matches!(nothing, Err(StoreError::Missing("thing"))));
        let wrong = test.db.glance("thing", "SELECT size FROM nowhere").await;
        assert!(matches!(wrong, Err(StoreError::Database(_))));
        test.db.close().await;
        let closed = test.db.glance("total", "SELECT COUNT(*) FROM things").await;
        assert!(closed.is_err_and(|error| error.is_transient()));
    }
}
