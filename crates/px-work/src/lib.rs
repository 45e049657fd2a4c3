//! Durable background work: jobs with leases, followers of the outbox, periodic tasks.
//!
//! A job is enqueued in the transaction whose state it belongs to and is run at least once by some
//! process. Its lease carries a fencing number: a process that slept through its lease can neither
//! complete the job nor, through [`Job::finish`], commit the state that goes with it. No nouns of
//! the market or the core are known here.

mod consumer;
mod error;
mod held;
mod job;
mod periodic;
mod tidy;
mod workers;

use px_store::{Migration, MigrationSet};

pub use consumer::Consumer;
pub use error::JobError;
pub use job::{Job, JobCount, JobHandler, NewJob, counts, enqueue, enqueue_all, retry_dead, wake};
pub use periodic::Periodic;
pub use tidy::{REMEMBERED, tidy};
pub use workers::{Running, Workers};

/// Tables of this crate.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "work",
    migrations: &[
        Migration {
            name: "0001_work",
            sql: include_str!("../migrations/0001_work.sql"),
        },
        Migration {
            name: "0002_due",
            sql: include_str!("../migrations/0002_due.sql"),
        },
        Migration {
            name: "0003_done",
            sql: include_str!("../migrations/0003_done.sql"),
        },
    ],
};
