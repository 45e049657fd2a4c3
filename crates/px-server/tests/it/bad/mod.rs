//! Bad input against the real servers, over HTTP only: a problem with code and remedy each time,
//! and nothing half-written.

mod audit;
mod browser;
mod bundles;
mod catalog;
mod faulty;
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
mod uploads;
mod world;
mod zipkit;
