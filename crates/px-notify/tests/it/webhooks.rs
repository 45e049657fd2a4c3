//! Webhooks against a real receiver that behaves, misbehaves and goes away.

use std::time::Duration;

use px_notify::{
    EndpointState, Next, NoticeState, Notifier, NotifyConfig, NotifyError, enable_endpoint,
    get_endpoint, list_alerts, list_dead, remove_endpoint, resend, rotate_secret, send_webhook,
};
use px_testkit::{Answer, WebhookReceiver};

use crate::support::{config, databases, event, exhaust, notice, notifier, queue, webhook};

#[tokio::test]
async fn a_webhook_is_signed_by_the_standard_and_carries_the_event() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let secret = endpoint.secret.clone().unwrap();
        assert!(secret.starts_with("whsec_"));
        let id = queue(db, endpoint.id, "ver_1").await;

        let next = notifier(db).deliver(id, None).await.unwrap();
        assert_eq!(next, Next::Ended(NoticeState::Delivered));
        let got = receiver.received().pop().unwrap();
        got.verify(&secret).unwrap();
        let wrong = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(got.verify(wrong).is_err());
        assert_eq!(got.header("webhook-id"), id.to_string());
        assert_eq!(
            got.header("content-type"),
            "application/cloudevents+json; charset=utf-8"
        );
        assert_eq!(got.uri.to_string(), "/hook?key=k");
        let body = got.json();
        assert_eq!(body["type"], "plugin.publish.approved");
        assert_eq!(body["data"]["listed"]["notes"], "修复");

        // The second look does nothing, and the secret is not told twice.
        notifier(db).deliver(id, None).await.unwrap();
        assert_eq!(receiver.received().len(), 1);
        assert_eq!(
            get_endpoint(db, endpoint.id).await.unwrap().unwrap().secret,
            None
        );
    }
}

#[tokio::test]
async fn the_same_event_to_the_same_endpoint_is_one_notice() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let event = event(db, "ver_1");
        let mut tx = db.begin().await.unwrap();
        let one = send_webhook(&mut tx, endpoint.id, &event).await.unwrap();
        let two = send_webhook(&mut tx, endpoint.id, &event).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(one, two);
    }
}

#[tokio::test]
async fn failures_follow_the_schedule_alert_after_three_and_end_as_a_dead_letter_to_resend() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_always(Answer::Status(500));
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let id = queue(db, endpoint.id, "ver_1").await;
        let notifier = notifier(db);

        assert_eq!(exhaust(&test, &notifier, id).await, [5, 10]);
        let dead = list_dead(db, 10).await.unwrap();
        assert_eq!(
            (dead[0].id, dead[0].attempts, dead[0].last_status),
            (id, 3, Some(500))
        );
        for audience in ["tenant:t", "role:market_operator"] {
            let alerts = list_alerts(db, audience, true).await.unwrap();
            assert_eq!(alerts.len(), 1, "{audience}");
            assert_eq!(alerts[0].kind, "notify.endpoint_failing");
            assert!(
                !alerts[0].title.en.contains("key=k"),
                "the query may hold a token"
            );
        }

        receiver.answer_always(Answer::Status(200));
        let mut tx = db.begin().await.unwrap();
        resend(&mut tx, id).await.unwrap();
        tx.commit().await.unwrap();
        notifier.deliver(id, None).await.unwrap();
        assert_eq!(notice(db, id).await.state, NoticeState::Delivered);
        assert_eq!(
            list_alerts(db, "tenant:t", true).await.unwrap(),
            [],
            "resolved by success"
        );
        let ids: Vec<_> = receiver
            .received()
            .iter()
            .map(|r| r.header("webhook-id").to_owned())
            .collect();
        assert!(
            ids.iter().all(|i| *i == id.to_string()),
            "receivers deduplicate on it"
        );

        let mut tx = db.begin().await.unwrap();
        assert!(resend(&mut tx, id).await.is_err(), "it has arrived");
    }
}

#[tokio::test]
async fn an_attempt_before_its_time_is_not_made() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_next([Answer::Status(503)]);
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let id = queue(db, endpoint.id, "ver_1").await;
        let notifier = notifier(db);
        notifier.deliver(id, None).await.unwrap();
        test.clock.advance(Duration::from_secs(2));
        let next = notifier.deliver(id, None).await.unwrap();
        assert_eq!(
            next,
            Next::After(Duration::from_secs(3), "not due yet".to_owned())
        );
        assert_eq!(receiver.received().len(), 1);
    }
}

#[tokio::test]
async fn the_receiver_may_ask_for_more_time_but_not_for_ever() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_next([
            Answer::RetryAfter(429, 60),
            Answer::RetryAfter(503, 4_000_000),
        ]);
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let id = queue(db, endpoint.id, "ver_1").await;
        assert_eq!(exhaust(&test, &notifier(db), id).await, [60, 3600]);
    }
}

#[tokio::test]
async fn gone_switches_the_endpoint_off_and_buries_what_waits() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_next([Answer::Status(410)]);
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let first = queue(db, endpoint.id, "ver_1").await;
        let waiting = queue(db, endpoint.id, "ver_2").await;
        let notifier = notifier(db);
        assert_eq!(
            notifier.deliver(first, None).await.unwrap(),
            Next::Ended(NoticeState::Dead)
        );
        let after = get_endpoint(db, endpoint.id).await.unwrap().unwrap();
        assert_eq!(after.state, EndpointState::Disabled);
        assert_eq!(notice(db, waiting).await.state, NoticeState::Dead);
        let late = queue(db, endpoint.id, "ver_3").await;
        assert_eq!(notice(db, late).await.state, NoticeState::Dead);
        notifier.deliver(late, None).await.unwrap();
        assert_eq!(receiver.received().len(), 1, "nothing more was sent");
        assert_eq!(list_alerts(db, "tenant:t", true).await.unwrap().len(), 1);

        let mut tx = db.begin().await.unwrap();
        enable_endpoint(&mut tx, endpoint.id).await.unwrap();
        resend(&mut tx, late).await.unwrap();
        tx.commit().await.unwrap();
        notifier.deliver(late, None).await.unwrap();
        assert_eq!(notice(db, late).await.state, NoticeState::Delivered);
    }
}

#[tokio::test]
async fn silence_endless_answers_and_redirects_end_in_bounded_time() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let elsewhere = receiver.url("/inside").to_string();
        receiver.answer_next([
            Answer::Hang,
            Answer::Endless(500),
            Answer::Redirect(elsewhere),
        ]);
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let id = queue(db, endpoint.id, "ver_1").await;
        let notifier = notifier(db);
        let mut reasons = Vec::new();
        loop {
            let next = notifier.deliver(id, None).await.unwrap();
            reasons.push(notice(db, id).await.last_error.unwrap_or_default());
            match next {
                Next::After(wait, _) => test.clock.advance(wait),
                Next::Ended(_) => break,
            }
        }
        // The hang puts the host into the slow lane, which alone does not hold an attempt back.
        assert!(reasons[0].starts_with("no answer in time"), "{reasons:?}");
        assert!(
            reasons[1].starts_with("answered 500 Internal Server Error ..."),
            "{reasons:?}"
        );
        assert!(reasons[1].len() < 400, "a foreign text is kept short");
        assert!(
            reasons[2].contains("redirects are not followed"),
            "{reasons:?}"
        );
        assert!(receiver.received().iter().all(|r| r.uri.path() == "/hook"));
    }
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_and_one_that_is_not_there_are_tried_again() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let mut plain = receiver.url("/hook");
        plain.set_scheme("https").unwrap();
        let gone = WebhookReceiver::start().await.unwrap().url("/hook");
        for url in [plain, gone] {
            let mut tx = db.begin().await.unwrap();
            let new = px_notify::NewEndpoint {
                owner: "tenant:t".to_owned(),
                kind: px_notify::EndpointKind::Webhook { url },
            };
            let endpoint = px_notify::add_endpoint(&mut tx, new).await.unwrap();
            tx.commit().await.unwrap();
            let id = queue(db, endpoint.id, "ver_1").await;
            let next = notifier(db).deliver(id, None).await.unwrap();
            assert!(
                matches!(&next, Next::After(_, why) if why.starts_with("cannot connect")),
                "{next:?}"
            );
        }
        assert!(receiver.received().is_empty());
    }
}

#[tokio::test]
async fn a_success_with_an_endless_body_is_a_success() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_next([Answer::Endless(200)]);
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let id = queue(db, endpoint.id, "ver_1").await;
        let next = notifier(db).deliver(id, None).await.unwrap();
        assert_eq!(next, Next::Ended(NoticeState::Delivered));
    }
}

#[tokio::test]
async fn private_places_are_refused_when_connecting_by_address_and_by_name() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let strict = NotifyConfig {
            allow_private_addresses: false,
            ..config()
        };
        let notifier = Notifier::new(db.clone(), strict).unwrap();
        let mut by_name = receiver.url("/hook");
        by_name.set_host(Some("localhost")).unwrap();
        for url in [receiver.url("/hook"), by_name] {
            let mut tx = db.begin().await.unwrap();
            let new = px_notify::NewEndpoint {
                owner: "tenant:t".to_owned(),
                kind: px_notify::EndpointKind::Webhook { url },
            };
            let endpoint = px_notify::add_endpoint(&mut tx, new).await.unwrap();
            tx.commit().await.unwrap();
            let id = queue(db, endpoint.id, "ver_1").await;
            let next = notifier.deliver(id, None).await.unwrap();
            assert_eq!(next, Next::Ended(NoticeState::Dead));
            let error = notice(db, id).await.last_error.unwrap();
            assert!(error.contains("a loopback address"), "{error}");
        }
        assert!(receiver.received().is_empty());
    }
}

#[tokio::test]
async fn a_new_secret_signs_beside_the_old_one_for_a_day() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let old = endpoint.secret.clone().unwrap();
        let mut tx = db.begin().await.unwrap();
        let new = rotate_secret(&mut tx, endpoint.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_ne!(old, new);
        let notifier = notifier(db);
        let id = queue(db, endpoint.id, "ver_1").await;
        notifier.deliver(id, None).await.unwrap();
        let got = receiver.received().pop().unwrap();
        got.verify(&old).unwrap();
        got.verify(&new).unwrap();

        test.clock.advance(Duration::from_secs(25 * 3600));
        let id = queue(db, endpoint.id, "ver_2").await;
        notifier.deliver(id, None).await.unwrap();
        let got = receiver.received().pop().unwrap();
        assert_eq!(got.header("webhook-signature").split(' ').count(), 1);
    }
}

#[tokio::test]
async fn a_removed_endpoint_keeps_the_proof_and_gets_nothing() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let endpoint = webhook(db, "tenant:t", &receiver).await;
        let id = queue(db, endpoint.id, "ver_1").await;
        let mut tx = db.begin().await.unwrap();
        remove_endpoint(&mut tx, endpoint.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(notice(db, id).await.state, NoticeState::Dead);
        let mut tx = db.begin().await.unwrap();
        assert!(resend(&mut tx, id).await.is_err());
        assert!(
            send_webhook(&mut tx, endpoint.id, &event(db, "ver_2"))
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn targets_that_cannot_be_endpoints_are_refused_with_the_field_named() {
    let test = px_testkit::test_db(
        px_testkit::Engine::Sqlite,
        &[px_store::MIGRATIONS, px_notify::MIGRATIONS],
    )
    .await;
    let mut tx = test.db.begin().await.unwrap();
    let mut refusals = Vec::new();
    for url in [
        "ftp://example.com/",
        "https://u:p@example.com/",
        "https://example.com/#x",
    ] {
        let new = px_notify::NewEndpoint {
            owner: "tenant:t".to_owned(),
            kind: px_notify::EndpointKind::Webhook {
                url: url.parse().unwrap(),
            },
        };
        refusals.push(px_notify::add_endpoint(&mut tx, new).await.unwrap_err());
    }
    let mail = px_notify::NewEndpoint {
        owner: "tenant:t".to_owned(),
        kind: px_notify::EndpointKind::Mail {
            address: "a@b\r\nRCPT TO:<c@d>".to_owned(),
            language: px_notify::Language::English,
        },
    };
    refusals.push(px_notify::add_endpoint(&mut tx, mail).await.unwrap_err());
    assert!(matches!(refusals[3], NotifyError::Address(_)));
    let lines: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    url: `ftp://example.com/` must begin with https:// or http://
    url: `https://example.com/` must not contain a user or password; messages are signed instead
    url: `https://example.com/#x` must not contain a fragment (#…)
    address: `a@b  RCPT TO:<c@d>` is not a mail address such as `name@example.com`
    ");
}
