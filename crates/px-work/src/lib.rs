//! px-work
