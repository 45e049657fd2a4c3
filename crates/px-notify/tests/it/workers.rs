//! Delivery by running workers, with a clock moved by hand.

use std::time::Duration;

use px_notify::{NoticeState, Notifier, NotifyConfig};
use px_testkit::{Answer, WebhookReceiver, eventually};
use px_work::Workers;

use crate::support::{config, databases, notice, queue, webhook};

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
