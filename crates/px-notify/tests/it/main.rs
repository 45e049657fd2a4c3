//! Behaviour of notices, inbox and alerts through the public interface, on SQLite and, where
//! `PX_TEST_POSTGRES_URL` names a server, on PostgreSQL.

mod alerts;
mod figures;
mod guard;
mod inbox;
mod mail;
mod schedule;
mod stats;
mod support;
mod webhooks;
mod workers;
