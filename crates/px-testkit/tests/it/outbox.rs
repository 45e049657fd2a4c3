//! The outbox: every committed event, once, in order.

use px_store::{Db, NewEvent, feed, feed_head};
use px_testkit::test_dbs;
use serde_json::json;

fn event(number: i64) -> NewEvent {
    NewEvent {
        kind: px_model::event_type::RECEIVED,
        source: "/marketplace".to_owned(),
        subject: format!("ver_{number}"),
        data: json!({ "number": number }),
    }
}

async fn emit(db: &Db, number: i64, keep: bool) {
    let mut tx = db.begin().await.unwrap();
    tx.emit(event(number)).await.unwrap();
    if keep {
        tx.commit().await.unwrap();
    } else {
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn an_undone_event_leaves_no_gap_and_pages_join() {
    for test in test_dbs(&[px_store::MIGRATIONS]).await {
        let db = &test.db;
        for number in 0..7 {
            emit(db, number, number % 3 != 1).await;
        }
        let all = feed(db, 0, 100).await.unwrap();
        let numbers: Vec<_> = all
            .iter()
            .map(|e| e.data["number"].as_i64().unwrap())
            .collect();
        assert_eq!(numbers, [0, 2, 3, 5, 6]);
        let sequences: Vec<_> = all.iter().map(|e| e.sequence.unwrap()).collect();
        assert_eq!(sequences, [1, 2, 3, 4, 5]);
        assert_eq!(feed_head(db).await.unwrap(), 5);
        let mut paged = feed(db, 0, 2).await.unwrap();
        paged.extend(feed(db, 2, 100).await.unwrap());
        assert_eq!(paged, all);
        assert_eq!(feed(db, 5, 100).await.unwrap(), []);
        assert_eq!(all[0].specversion, "1.0");
        assert_eq!(all[0].time, db.env().now());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_never_let_a_reader_skip_an_event() {
    for test in test_dbs(&[px_store::MIGRATIONS]).await {
        let db = &test.db;
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let db = db.clone();
                tokio::spawn(async move {
                    for number in 0..10 {
                        emit(&db, writer * 100 + number, number % 4 != 3).await;
                    }
                })
            })
            .collect();
        // A reader that only ever looks past what it has seen.
        let (mut position, mut seen) = (0, 0);
        let mut writing = true;
        while writing {
            writing = writers.iter().any(|w| !w.is_finished());
            for event in feed(db, position, 5).await.unwrap() {
                assert_eq!(event.sequence, Some(position + 1), "no gap");
                position += 1;
                seen += 1;
            }
            writing |= position < feed_head(db).await.unwrap();
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(seen, 32);
    }
}
