//! px-testkit
