//! Behaviour of the Marketplace through its public interface, on SQLite and, when
//! `PX_TEST_POSTGRES_URL` names a server, on PostgreSQL.

mod api;
mod bundles;
mod pipeline;
mod planning;
mod publish;
mod review;
mod rights;
mod site;
mod spec;
mod telling;
mod ui;
mod ui_flow;
mod ui_site;
mod upload;
mod watching;
mod world;
