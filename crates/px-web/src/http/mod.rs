//! What every handler shares: layers, problems, JSON, health, live streams, preconditions, pages
//! of lists.

mod around;
pub mod cookies;
mod etag;
mod export;
mod failure;
mod health;
mod json;
mod layers;
mod limit;
mod listen;
mod listing;
mod meter;
mod sse;

pub use etag::{IfMatch, etag};
pub use export::Export;
pub use failure::{Answer, Failure};
pub use health::{Check, Health, health_routes};
pub use json::Json;
pub use layers::{AsIs, RequestId, client_address, wrap};
pub use limit::{Limiter, Limits, Rate, Verdict};
pub use listen::{Connection, Listening, Peer};
pub use listing::{Cursor, Listing, PageRequest};
pub(crate) use meter::Meter;
pub use sse::{LiveEvent, last_event_id, live};
