//! px-store
