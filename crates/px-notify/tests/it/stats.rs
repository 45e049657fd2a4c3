//! The proof of who was told.

use std::time::Duration;

use px_notify::{Channel, failure_rate, notice_receipts, notice_stats, post_inbox};
use px_testkit::{Answer, WebhookReceiver};

use crate::support::{databases, exhaust, notifier, queue, webhook};

#[tokio::test]
async fn per_release_it_is_known_who_was_told_by_what_and_who_is_late() {
    for test in databases().await {
        let db = &test.db;
        let good = WebhookReceiver::start().await.unwrap();
        let bad = WebhookReceiver::start().await.unwrap();
        bad.answer_always(Answer::Status(500));
        let notifier = notifier(db);
        for (owner, receiver) in [("tenant:a", &good), ("tenant:b", &bad), ("tenant:c", &bad)] {
            let endpoint = webhook(db, owner, receiver).await;
            let id = queue(db, endpoint.id, "ver_1").await;
            exhaust(&test, &notifier, id).await;
        }
        let mut tx = db.begin().await.unwrap();
        post_inbox(&mut tx, crate::inbox::message("tenant:b", None))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        test.clock.advance(Duration::from_secs(31 * 60));

        let stats = notice_stats(db, "ver_1").await.unwrap();
        assert_eq!((stats.receivers, stats.told, stats.told_in_time), (3, 2, 2));
        let named: Vec<_> = stats.laggards.iter().map(|l| l.receiver.as_str()).collect();
        assert_eq!(named, ["tenant:c"]);
        assert!(
            stats.laggards[0]
                .last_error
                .as_deref()
                .unwrap()
                .starts_with("answered 500")
        );
        let webhooks = &stats.channels[&Channel::Webhook];
        assert_eq!(
            (webhooks.sent, webhooks.delivered, webhooks.dead),
            (3, 1, 2)
        );
        assert_eq!(stats.channels[&Channel::Inbox].delivered, 1);

        // Paged: the same rows, none twice.
        let mut after = String::new();
        let mut seen = Vec::new();
        while let Some(receipt) = notice_receipts(db, "ver_1", &after, 1).await.unwrap().pop() {
            after.clone_from(&receipt.id);
            seen.push(receipt.receiver);
        }
        assert_eq!(seen.len(), 4);

        let rate = failure_rate(db, Duration::from_secs(24 * 3600))
            .await
            .unwrap();
        assert_eq!((rate.delivered, rate.dead), (1, 2));
        let nothing = failure_rate(db, Duration::from_secs(60)).await.unwrap();
        assert_eq!(nothing.share, 0.0);
    }
}
