//! All SQL of this crate.

pub(crate) mod alerts;
pub(crate) mod endpoints;
pub(crate) mod inbox;
pub(crate) mod notices;
