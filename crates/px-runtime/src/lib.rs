//! px-runtime
