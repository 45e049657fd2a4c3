//! px-web
