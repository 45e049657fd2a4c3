//! px-notify
