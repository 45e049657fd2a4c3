//! The inbox.

use px_notify::{
    NewMessage, Severity, Text2, count_unread, list_inbox, mark_all_read, mark_read, post_inbox,
};

use crate::support::databases;

pub fn message(audience: &str, dedup: Option<&str>) -> NewMessage {
    NewMessage {
        audience: audience.to_owned(),
        level: Severity::Info,
        title: Text2::new("Version 1.2.0 is listed", "版本 1.2.0 已上架"),
        body: Text2::new("You can install it now.", "现在可以安装。"),
        subject: Some("ver_1".to_owned()),
        dedup: dedup.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_message_is_posted_once_seen_by_its_audience_only_and_read_once() {
    for test in databases().await {
        let db = &test.db;
        let mut tx = db.begin().await.unwrap();
        let first = post_inbox(&mut tx, message("tenant:a", Some("k")))
            .await
            .unwrap();
        let again = post_inbox(&mut tx, message("tenant:a", Some("k")))
            .await
            .unwrap();
        let other = post_inbox(&mut tx, message("tenant:b", Some("k")))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(first.is_some() && again.is_none() && other.is_some());

        let seen = list_inbox(db, "tenant:a", true, 10).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].title.get("zh-CN"), "版本 1.2.0 已上架");
        assert_eq!(seen[0].title.get("fr"), "Version 1.2.0 is listed");

        let id = first.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(
            !mark_read(&mut tx, "tenant:b", id).await.unwrap(),
            "not theirs"
        );
        assert!(mark_read(&mut tx, "tenant:a", id).await.unwrap());
        assert!(
            !mark_read(&mut tx, "tenant:a", id).await.unwrap(),
            "already read"
        );
        tx.commit().await.unwrap();
        assert_eq!(count_unread(db, "tenant:a").await.unwrap(), 0);
        assert_eq!(list_inbox(db, "tenant:a", true, 10).await.unwrap(), []);
        assert_eq!(
            list_inbox(db, "tenant:a", false, 10).await.unwrap().len(),
            1
        );

        let mut tx = db.begin().await.unwrap();
        assert_eq!(mark_all_read(&mut tx, "tenant:b").await.unwrap(), 1);
        tx.commit().await.unwrap();
    }
}
