//! The audit chain: whatever is changed, removed or added afterwards is found and named.

use proptest::prelude::*;
use px_model::TenantId;
use px_store::{Actor, AuditEntry, AuditFilter, Db, list_audit, vals, verify_audit};
use px_testkit::{Engine, test_db, test_dbs};
use serde_json::json;

fn entry(number: usize) -> AuditEntry {
    AuditEntry {
        actor: Actor::system("sweeper"),
        action: "install.committed".to_owned(),
        subject: format!("ins_{}", number % 3),
        tenant: number.is_multiple_of(2).then(|| tenant(number)),
        detail: json!({ "z": number, "a": { "y": "变更", "b": [1, 2.5, null] } }),
    }
}

fn tenant(number: usize) -> TenantId {
    format!("ten_{:032x}", number % 4).parse().unwrap()
}

async fn fill(db: &Db, entries: usize) {
    for number in 0..entries {
        let mut tx = db.begin().await.unwrap();
        tx.audit(entry(number)).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn tamper(db: &Db, sql: &'static str, vals: Vec<px_store::Val>) {
    let mut tx = db.begin().await.unwrap();
    assert!(tx.exec(sql, vals).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_whole_chain_verifies_and_is_listed_newest_first() {
    for test in test_dbs(&[px_store::MIGRATIONS]).await {
        let db = &test.db;
        assert_eq!(
            verify_audit(db).await.unwrap().first_bad,
            None,
            "an empty chain is whole"
        );
        fill(db, 9).await;
        let mut tx = db.begin().await.unwrap();
        tx.audit(entry(99)).await.unwrap();
        tx.rollback().await.unwrap();
        let verdict = verify_audit(db).await.unwrap();
        assert_eq!((verdict.entries, verdict.first_bad), (9, None));
        let filter = AuditFilter {
            tenant: Some(tenant(0)),
            limit: 10,
            ..AuditFilter::default()
        };
        let of_tenant = list_audit(db, &filter).await.unwrap();
        assert_eq!(
            of_tenant.iter().map(|r| r.seq).collect::<Vec<_>>(),
            [9, 5, 1]
        );
        let filter = AuditFilter {
            before: Some(4),
            limit: 2,
            ..AuditFilter::default()
        };
        let page = list_audit(db, &filter).await.unwrap();
        assert_eq!(page.iter().map(|r| r.seq).collect::<Vec<_>>(), [3, 2]);
    }
}

/// What is read back is what was hashed, to the last bit of a fraction: a publisher's numbers, kept as
/// the JSON they came as, must not make the chain look broken.
#[tokio::test]
async fn numbers_of_any_length_keep_the_chain_whole() {
    // Bits from all over (a Weyl sequence).
    let mut numbers: Vec<f64> = (0..500_u64)
        .map(|n| f64::from_bits(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .filter(|number| number.is_finite())
        .collect();
    let typed = [
        "100999999999999999999999999999999999999e85",
        "0.1",
        "-0.0",
        "5e-324",
    ];
    numbers.extend(typed.map(|text| text.parse::<f64>().unwrap()));
    for test in test_dbs(&[px_store::MIGRATIONS]).await {
        let mut tx = test.db.begin().await.unwrap();
        for number in &numbers {
            let detail = json!({ "percentage": number });
            tx.audit(AuditEntry { detail, ..entry(1) }).await.unwrap();
        }
        tx.commit().await.unwrap();
        let verdict = verify_audit(&test.db).await.unwrap();
        assert_eq!(verdict.first_bad, None);
    }
}

#[tokio::test]
async fn every_column_is_held_by_the_chain() {
    for test in test_dbs(&[px_store::MIGRATIONS]).await {
        let db = &test.db;
        fill(db, 5).await;
        for (sql, back) in [
            (
                "UPDATE audit SET actor = 'x' WHERE seq = 3",
                "UPDATE audit SET actor = 'sweeper' WHERE seq = 3",
            ),
            (
                "UPDATE audit SET actor_name = 'x' WHERE seq = 3",
                "UPDATE audit SET actor_name = 'sweeper' WHERE seq = 3",
            ),
            (
                "UPDATE audit SET actor_kind = 'x' WHERE seq = 3",
                "UPDATE audit SET actor_kind = 'system' WHERE seq = 3",
            ),
            (
                "UPDATE audit SET action = 'x' WHERE seq = 3",
                "UPDATE audit SET action = 'install.committed' WHERE seq = 3",
            ),
            (
                "UPDATE audit SET at = at + 1 WHERE seq = 3",
                "UPDATE audit SET at = at - 1 WHERE seq = 3",
            ),
            (
                "UPDATE audit SET subject = 'x' WHERE seq = 3",
                "UPDATE audit SET subject = 'ins_2' WHERE seq = 3",
            ),
        ] {
            tamper(db, sql, vec![]).await;
            let (at, reason) = verify_audit(db).await.unwrap().first_bad.unwrap();
            assert_eq!(
                (at, reason.as_str()),
                (3, "its content was changed"),
                "{sql}"
            );
            tamper(db, back, vec![]).await;
            assert_eq!(verify_audit(db).await.unwrap().first_bad, None);
        }
        tamper(
            db,
            "UPDATE audit SET tenant = NULL, detail = '{}' WHERE seq = 1",
            vec![],
        )
        .await;
        assert_eq!(verify_audit(db).await.unwrap().first_bad.unwrap().0, 1);
    }
}

#[tokio::test]
async fn a_removed_an_added_and_a_cut_off_entry_are_found() {
    for test in test_dbs(&[px_store::MIGRATIONS]).await {
        let db = &test.db;
        fill(db, 6).await;
        // The newest entry, which no other entry vouches for.
        tamper(db, "DELETE FROM audit WHERE seq = 6", vec![]).await;
        assert_eq!(
            verify_audit(db).await.unwrap().first_bad,
            Some((6, "the entry is missing".to_owned()))
        );
        tamper(db, "DELETE FROM audit WHERE seq = 2", vec![]).await;
        assert_eq!(
            verify_audit(db).await.unwrap().first_bad,
            Some((2, "the entry is missing".to_owned()))
        );
        tamper(db, "UPDATE audit SET seq = 2 WHERE seq = 3", vec![]).await;
        let (at, reason) = verify_audit(db).await.unwrap().first_bad.unwrap();
        assert_eq!(
            (at, reason.as_str()),
            (2, "does not follow the entry before it")
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// One change to one entry anywhere is found at that entry.
    #[test]
    fn any_single_change_is_found_where_it_is(length in 1_usize..12, at in 0_usize..12, kind in 0..4, text in "[a-z]{1,8}") {
        let at = at % length + 1;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(async {
            let test = test_db(Engine::Sqlite, &[px_store::MIGRATIONS]).await;
            fill(&test.db, length).await;
            let sql = match kind {
                0 => "UPDATE audit SET actor_name = 'x' || $1 WHERE seq = $2",
                1 => "UPDATE audit SET detail = '{\"' || $1 || '\":1}' WHERE seq = $2",
                2 => "UPDATE audit SET hash = $1 WHERE seq = $2",
                _ => "DELETE FROM audit WHERE $1 <> '' AND seq = $2",
            };
            tamper(&test.db, sql, vals![&text, at]).await;
            verify_audit(&test.db).await.unwrap().first_bad
        });
        prop_assert_eq!(found.map(|(seq, _)| seq), Some(i64::try_from(at).unwrap()));
    }
}
