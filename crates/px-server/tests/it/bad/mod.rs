//! Bad input against the real servers, over HTTP only: a problem with code and remedy each time,
//! and nothing half-written.

mod bundles;
mod catalog;
mod gateway;
mod identity;
mod install;
mod origins;
mod oversized;
mod people;
mod publish;
mod raw;
mod review;
mod tenants;
mod tricks;
mod upload;
mod world;
mod zipkit;
