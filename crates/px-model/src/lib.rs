//! px-model
