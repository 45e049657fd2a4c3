//! The ground both servers' data stands on: SQLite and PostgreSQL, transactions, migrations, the
//! audit chain, the outbox, idempotency keys, blobs, the clock and fresh identifiers.
//!
//! Statements are written once, with `$1` placeholders, `TEXT` and `BIGINT` columns (times are
//! microseconds since the epoch, truth values 0 and 1) so that both engines take them; `SUM` and
//! `AVG` are wrapped in `CAST(… AS BIGINT)`. Nouns of the market and the core live elsewhere.

mod audit;
mod batch;
mod blobs;
mod checked;
mod db;
mod direct;
mod env;
mod error;
mod flush;
mod glance;
mod ground;
mod idempotency;
mod links;
mod migrate;
mod outbox;
mod parts;
mod points;
mod row;
mod s3;
mod trouble;
mod turns;
mod tx;
mod value;
mod wakes;

pub use audit::{
    Actor, AuditEntry, AuditFilter, AuditRecord, AuditVerdict, list_audit, verify_audit,
};
pub use blobs::{BlobError, BlobStream, Blobs, LocalBlob};
pub use db::{Db, Dialect};
pub use env::{Clock, Env, Randomness, SystemClock, SystemRandomness};
pub use error::StoreError;
pub use idempotency::{Replay, recall, remember};
pub use migrate::{Migration, MigrationSet};
pub use outbox::{NewEvent, OUTBOX, event, feed, feed_head};
pub use parts::PartFile;
pub use points::{FaultPoints, Point, When};
pub use row::Row;
pub use s3::S3Settings;
pub use trouble::{Trouble, TroubleKind};
pub use tx::Tx;
pub use value::Val;

/// Result of a storage call.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Tables this crate itself needs; every server lists it first.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "store",
    migrations: &[Migration {
        name: "0001_ground",
        sql: include_str!("../migrations/0001_ground.sql"),
    }],
};
