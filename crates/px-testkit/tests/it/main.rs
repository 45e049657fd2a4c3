//! The store's story on both engines, the house rules, and the kit itself.

mod architecture;
mod audit;
mod blobs;
mod faults;
mod house_rules;
mod kit;
mod outbox;
mod sources;
mod store;
