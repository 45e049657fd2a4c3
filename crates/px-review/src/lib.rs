//! px-review
