//! px-plugin
