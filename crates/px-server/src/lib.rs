//! px-server
