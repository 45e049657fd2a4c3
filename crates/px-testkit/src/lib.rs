//! What tests share: databases of both engines, a clock moved by hand, receivers of webhooks and
//! mails and a host of bundles that can misbehave, and sample plugins. Depend on it from `[dev-dependencies]` only.

mod database;
mod env;
mod origin;
pub mod postgres;
#[cfg(feature = "s3")]
mod s3;
mod samples;
mod smtp;
mod wait;
mod webhooks;

pub use database::{Engine, TestDb, engines, test_db, test_db_with, test_dbs};
pub use env::{CounterRandomness, TestClock, test_env};
pub use origin::{Asked, BundleOrigin, Serve};
#[cfg(feature = "s3")]
pub use s3::{S3Asked, S3Server};
pub use samples::{sample, samples_root};
pub use smtp::{Mail, Refusal, SmtpSink, Stage};
pub use wait::eventually;
pub use webhooks::{Answer, Received, WebhookReceiver};
