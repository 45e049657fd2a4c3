//! Behaviour of the Marketplace through its public interface, on SQLite and, when
//! `PX_TEST_POSTGRES_URL` names a server, on PostgreSQL.

mod bundles;
mod pipeline;
mod publish;
mod review;
mod upload;
mod world;
