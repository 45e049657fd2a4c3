//! Delivery by running workers, with a clock moved by hand.

use std::time::Duration;

use px_notify::{
    EndpointKind, NewEndpoint, NoticeState, Notifier, NotifyConfig, add_endpoint, remove_endpoint,
    send_webhook,
};
use px_testkit::{Answer, WebhookReceiver, eventually};
use px_work::Workers;

use crate::support::{config, databases, event, notice, queue, webhook};

#[tokio::test(flavor = "multi_thread")]
async fn workers_deliver_retry_by_the_schedule_and_leave_no_job_behind() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_next([Answer::Status(500), Answer::Status(500)]);
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let notifier = Notifier::new(db.clone(), config()).unwrap();
        let running = notifier.register(Workers::new(db.clone())).start(4);
        let id = queue(db, endpoint.id, "ver_1").await;
        eventually("the notice to arrive", || async {
            test.clock.advance(Duration::from_secs(1));
            // A commit wakes the workers, which else look once a second.
            db.begin().await.unwrap().commit().await.unwrap();
            (notice(db, id).await.state == NoticeState::Delivered).then_some(())
        })
        .await;
        assert_eq!(receiver.received().len(), 3);
        eventually("the job to end", || async {
            let counts = px_work::counts(db).await.unwrap();
            counts.iter().all(|c| c.state == "done").then_some(())
        })
        .await;
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_hangs_does_not_hold_up_the_others() {
    for test in databases().await {
        let db = &test.db;
        let hanging = WebhookReceiver::start().await.unwrap();
        hanging.answer_always(Answer::Hang);
        let quick = WebhookReceiver::start().await.unwrap();
        let slow = webhook(db, "tenant:slow", &hanging).await;
        let fast = webhook(db, "tenant:fast", &quick).await;
        // An attempt that hangs would hold its place for an hour.
        let patient = NotifyConfig {
            total_timeout: Duration::from_secs(3600),
            per_host: 2,
            ..config()
        };
        for _ in 0..20 {
            queue(db, slow.id, "ver_1").await;
        }
        test.clock.advance(Duration::from_millis(1));
        for _ in 0..20 {
            queue(db, fast.id, "ver_1").await;
        }
        let notifier = Notifier::new(db.clone(), patient).unwrap();
        let running = notifier.register(Workers::new(db.clone())).start(3);
        quick.wait_for(20).await;
        assert!(hanging.received().len() <= 2);
        drop(running);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tenants_behind_one_host_are_all_told_once() {
    for engine in px_testkit::engines() {
        let sets = [
            px_store::MIGRATIONS,
            px_work::MIGRATIONS,
            px_notify::MIGRATIONS,
        ];
        let test = px_testkit::test_db_with(engine, &sets, px_store::Env::system()).await;
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let event = event(db, "ver_1");
        let mut tx = db.begin().await.unwrap();
        for tenant in 0..200 {
            let new = NewEndpoint {
                owner: format!("tenant:{tenant}"),
                kind: EndpointKind::Webhook {
                    url: receiver.url(&format!("/{tenant}")),
                },
            };
            let endpoint = add_endpoint(&mut tx, new).await.unwrap();
            send_webhook(&mut tx, endpoint.id, &event).await.unwrap();
        }
        tx.commit().await.unwrap();
        // Patient, so that a busy machine is not taken for a slow host.
        let patient = NotifyConfig {
            total_timeout: Duration::from_secs(30),
            slow_after: Duration::from_secs(30),
            ..config()
        };
        let notifier = Notifier::new(db.clone(), patient).unwrap();
        let running = notifier.register(Workers::new(db.clone())).start(8);
        eventually("everybody to be told", || async {
            let stats = px_notify::notice_stats(db, "ver_1").await.unwrap();
            (stats.told_in_time == 200).then_some(())
        })
        .await;
        running.stop().await;
        let mut paths: Vec<_> = receiver
            .received()
            .iter()
            .map(|r| r.uri.path().to_owned())
            .collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!((paths.len(), receiver.received().len()), (200, 200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_written_together_and_one_that_cannot_be_takes_none_of_the_others_with_it() {
    let sets = [
        px_store::MIGRATIONS,
        px_work::MIGRATIONS,
        px_notify::MIGRATIONS,
    ];
    let test = px_testkit::test_db(px_testkit::Engine::Sqlite, &sets).await;
    let db = &test.db;
    let receiver = WebhookReceiver::start().await.unwrap();
    let mut sent = Vec::new();
    for n in 0..6 {
        let endpoint = webhook(db, &format!("tenant:{n}"), &receiver).await;
        sent.push((endpoint.id, queue(db, endpoint.id, "ver_1").await));
    }
    let patient = NotifyConfig {
        per_host: 6,
        ..config()
    };
    let notifier = Notifier::new(db.clone(), patient).unwrap();
    // Whoever writes now holds up all the outcomes, so that they come to be written together.
    let mut writer = db.begin().await.unwrap();
    let attempts = sent.iter().map(|(_, notice)| {
        let (notifier, notice) = (notifier.clone(), *notice);
        tokio::spawn(async move { notifier.deliver(notice, None).await })
    });
    let attempts: Vec<_> = attempts.collect();
    receiver.wait_for(6).await;
    // Time for the answers to arrive; should one come later, it is written in another batch.
    tokio::time::sleep(Duration::from_millis(50)).await;
    remove_endpoint(&mut writer, sent[3].0).await.unwrap();
    writer.commit().await.unwrap();
    for (n, attempt) in attempts.into_iter().enumerate() {
        let outcome = attempt.await.unwrap();
        assert_eq!(outcome.is_err(), n == 3, "{n}: {outcome:?}");
        let state = notice(db, sent[n].1).await.state;
        let expected = if n == 3 {
            NoticeState::Dead
        } else {
            NoticeState::Delivered
        };
        assert_eq!(state, expected, "{n}");
    }
}
