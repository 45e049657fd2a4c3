//! px-api
