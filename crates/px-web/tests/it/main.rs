//! Behaviour of the shared web layer, through its public interface; what concerns stored identity
//! also on PostgreSQL, where `PX_TEST_POSTGRES_URL` names a server.

mod engines;
mod harness;
mod http;
mod identity;
mod listen;
mod oauth;
mod rights;
mod ui;
mod words;
