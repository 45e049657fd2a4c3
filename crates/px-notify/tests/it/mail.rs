//! Mail through a real SMTP conversation.

use std::sync::Arc;

use px_model::{EndpointId, NoticeId};
use px_notify::{
    MailText, Next, NoticeState, Notifier, NotifyConfig, list_inbox, post_inbox, resend, send_mail,
};
use px_store::Db;
use px_testkit::{Refusal, SmtpSink, Stage};

use crate::support::{config, databases, exhaust, mailbox, notice};

fn mailer(db: &Db, sink: &SmtpSink) -> Arc<Notifier> {
    let config = NotifyConfig {
        smtp_url: Some(sink.url()),
        mail_from: "PowerX Marketplace <no-reply@powerx.example>".to_owned(),
        ..config()
    };
    Notifier::new(db.clone(), config).unwrap()
}

async fn queue_mail(db: &Db, endpoint: EndpointId) -> NoticeId {
    let mut tx = db.begin().await.unwrap();
    let mail = MailText {
        subject: "新版本 1.2.0".to_owned(),
        text: "Version 1.2.0 is listed.\n.\nA line with a dot.".to_owned(),
        html: "<p>Version 1.2.0 is listed.</p>".to_owned(),
    };
    let id = send_mail(&mut tx, endpoint, mail).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn a_mail_has_both_forms_and_the_notice_id() {
    for test in databases().await {
        let db = &test.db;
        let sink = SmtpSink::start().await.unwrap();
        let endpoint = mailbox(db, "tenant:t", "admin@tenant.example").await;
        let id = queue_mail(db, endpoint.id).await;
        let next = mailer(db, &sink).deliver(id, None).await.unwrap();
        assert_eq!(next, Next::Ended(NoticeState::Delivered));

        let mail = sink.mails().pop().unwrap();
        assert_eq!(mail.from, "no-reply@powerx.example");
        assert_eq!(mail.to, ["admin@tenant.example"]);
        assert_eq!(
            mail.header("message-id").unwrap(),
            format!("<{id}@powerx.example>")
        );
        assert!(
            mail.header("content-type")
                .unwrap()
                .starts_with("multipart/alternative")
        );
        assert!(mail.header("subject").unwrap().starts_with("=?utf-8?b?"));
        assert!(mail.raw.contains("text/plain") && mail.raw.contains("text/html"));
        assert!(
            mail.raw.contains("\r\n.\r\nA line with a dot."),
            "{}",
            mail.raw
        );
    }
}

#[tokio::test]
async fn a_refusal_for_now_is_tried_again_and_the_inbox_has_it_meanwhile() {
    for test in databases().await {
        let db = &test.db;
        let sink = SmtpSink::start().await.unwrap();
        sink.refuse_next([
            Refusal::new(Stage::Greeting, "421 4.3.2 closing"),
            Refusal::new(Stage::Recipient, "451 4.7.1 greylisted"),
        ]);
        let endpoint = mailbox(db, "tenant:t", "admin@tenant.example").await;
        let mut tx = db.begin().await.unwrap();
        post_inbox(&mut tx, crate::inbox::message("tenant:t", None))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let id = queue_mail(db, endpoint.id).await;
        let waits = exhaust(&test, &mailer(db, &sink), id).await;
        assert_eq!(waits, [5, 10]);
        assert_eq!(notice(db, id).await.state, NoticeState::Delivered);
        assert_eq!(sink.mails().len(), 1);
        assert_eq!(list_inbox(db, "tenant:t", true, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_bounded_time() {
    for test in databases().await {
        let db = &test.db;
        let sink = SmtpSink::start().await.unwrap();
        sink.refuse_next([Refusal::new(Stage::Content, "")]);
        let endpoint = mailbox(db, "tenant:t", "admin@tenant.example").await;
        let id = queue_mail(db, endpoint.id).await;
        let next = mailer(db, &sink).deliver(id, None).await.unwrap();
        assert!(matches!(next, Next::After(_, reason) if reason.contains("took longer")));
    }
}

#[tokio::test]
async fn a_refusal_for_good_is_a_dead_letter_at_once() {
    for test in databases().await {
        let db = &test.db;
        let sink = SmtpSink::start().await.unwrap();
        sink.refuse_next([Refusal::new(Stage::Recipient, "550 5.1.1 no such user")]);
        let endpoint = mailbox(db, "tenant:t", "nobody@tenant.example").await;
        let id = queue_mail(db, endpoint.id).await;
        let next = mailer(db, &sink).deliver(id, None).await.unwrap();
        assert_eq!(next, Next::Ended(NoticeState::Dead));
        let dead = notice(db, id).await;
        assert_eq!(dead.last_status, Some(550));
        assert!(dead.last_error.unwrap().contains("no such user"));
    }
}

#[tokio::test]
async fn without_a_mail_server_a_mail_is_skipped_and_can_be_sent_later() {
    for test in databases().await {
        let db = &test.db;
        let endpoint = mailbox(db, "tenant:t", "admin@tenant.example").await;
        let id = queue_mail(db, endpoint.id).await;
        let without = Notifier::new(db.clone(), config()).unwrap();
        let next = without.deliver(id, None).await.unwrap();
        assert_eq!(next, Next::Ended(NoticeState::Skipped));

        let sink = SmtpSink::start().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        resend(&mut tx, id).await.unwrap();
        tx.commit().await.unwrap();
        mailer(db, &sink).deliver(id, None).await.unwrap();
        assert_eq!(sink.mails().len(), 1);
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let test = databases().await.remove(0);
    for (smtp_url, mail_from, name) in [
        ("smtp://", "a@b.example", "smtp_url"),
        ("smtp://mail.example", "nobody", "mail_from"),
    ] {
        let config = NotifyConfig {
            smtp_url: Some(smtp_url.to_owned()),
            mail_from: mail_from.to_owned(),
            ..config()
        };
        let error = Notifier::new(test.db.clone(), config).err().unwrap();
        assert!(error.to_string().contains(name), "{error}");
    }
}
