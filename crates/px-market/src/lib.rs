//! px-market
