//! Forward-only migrations, in named sets, one per crate that owns tables.

use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;

use crate::{Db, Dialect, Result, StoreError, Tx, vals};

/// One script; statements end with `;` at the end of a line.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Sorts within its set: `0001_ground`.
    pub name: &'static str,
    /// Portable SQL.
    pub sql: &'static str,
}

/// The tables of one crate.
#[derive(Debug, Clone, Copy)]
pub struct MigrationSet {
    /// Crate's short name.
    pub name: &'static str,
    /// In order.
    pub migrations: &'static [Migration],
}

impl Db {
    /// Brings the schema up to date. Two processes that start together take turns.
    ///
    /// # Errors
    /// [`StoreError::MigrationChanged`] when a script that ran has other text now.
    pub async fn migrate(&self, sets: &[MigrationSet]) -> Result<()> {
        let mut tx = self.begin().await?;
        if self.dialect() == Dialect::Postgres {
            // An arbitrary but fixed number: "pxmg" in ASCII.
            tx.rows(
                "SELECT CAST(pg_advisory_xact_lock(1887989095) AS TEXT) AS locked",
                vec![],
            )
            .await?;
        }
        tx.exec(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
                 set_name TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, at BIGINT NOT NULL,
                 PRIMARY KEY (set_name, name))",
            vec![],
        )
        .await?;
        for set in sets {
            for migration in set.migrations {
                apply(&mut tx, set.name, migration).await?;
            }
        }
        tx.commit().await
    }
}

async fn apply(tx: &mut Tx, set: &'static str, migration: &Migration) -> Result<()> {
    let hash = hex::encode(Sha256::digest(migration.sql));
    let known = tx
        .opt(
            "SELECT hash FROM schema_migrations WHERE set_name = $1 AND name = $2",
            vals![set, migration.name],
        )
        .await?;
    if let Some(row) = known {
        return if row.text("hash")? == hash {
            Ok(())
        } else {
            Err(StoreError::MigrationChanged {
                set: set.to_owned(),
                name: migration.name.to_owned(),
            })
        };
    }
    for statement in migration
        .sql
        .split(";\n")
        .map(str::trim)
        .filter(|s| !s.is_empty())
    {
        // The text is a constant of this program, split at statement ends.
        tx.exec(AssertSqlSafe(statement.to_owned()), vec![]).await?;
    }
    let now = tx.env().now();
    tx.exec(
        "INSERT INTO schema_migrations (set_name, name, hash, at) VALUES ($1, $2, $3, $4)",
        vals![set, migration.name, hash, now],
    )
    .await?;
    Ok(())
}
