//! The store's story on both engines, the house rules, and the kit itself.

mod kit;
