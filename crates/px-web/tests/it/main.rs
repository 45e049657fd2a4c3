//! Behaviour of the shared web layer, through its public interface.

mod harness;
mod http;
mod identity;
mod oauth;
mod rights;
mod ui;
mod words;
