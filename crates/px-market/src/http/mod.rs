//! Thin handlers.
