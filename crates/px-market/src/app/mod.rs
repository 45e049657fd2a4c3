//! Plans and use cases: what may happen, and the transactions in which it does. No HTTP, no SQL.

pub mod authority;
pub mod checksum;
pub mod clock;
pub mod decide;
pub mod decide_plan;
pub mod error;
pub mod facts;
pub mod keys;
pub mod listing;
pub mod messages;
pub mod publish;
pub mod publish_plan;
pub mod publishers;
pub mod queue;
pub mod scan;
pub mod submit;
pub mod templates;
mod transition;
pub mod upload;
pub mod upload_file;
pub mod view;
