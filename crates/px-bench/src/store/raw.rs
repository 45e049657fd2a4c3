//! Transactions of one row: the floor under everything that is written.

use px_model::JobId;
use px_store::{Db, Env, Migration, MigrationSet, vals};

const TABLE: MigrationSet = MigrationSet {
    name: "bench",
    migrations: &[Migration {
        name: "0001_bench",
        sql: "CREATE TABLE bench_rows (id TEXT PRIMARY KEY, body TEXT NOT NULL)",
    }],
};

/// Commits `total` transactions of one row from `parallel` tasks; answers commits per second.
///
/// # Errors
/// When the engine refuses.
pub async fn raw_commits(address: &str, total: u32, parallel: u32) -> anyhow::Result<f64> {
    let db = Db::open(address, Env::system()).await?;
    db.migrate(&[TABLE]).await?;
    let rate = crate::load::rate(total, parallel, |_| async {
        let mut tx = db.begin().await?;
        let id = JobId::from_uuid(tx.env().uuid());
        tx.exec(
            "INSERT INTO bench_rows (id, body) VALUES ($1, $2)",
            vals![
                id,
                "a row of about the size of a line of text, as most rows are"
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    })
    .await?;
    db.close().await;
    Ok(rate)
}
