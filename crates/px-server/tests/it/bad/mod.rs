//! Bad input against the real servers, over HTTP only: a problem with code and remedy each time,
//! and nothing half-written.

mod audit;
mod browser;
mod buckets;
mod bundles;
mod catalog;
mod faulty;
mod forms;
mod gateway;
mod identity;
mod inside;
mod install;
mod origins;
mod oversized;
mod pages;
mod people;
mod publish;
mod raw;
mod receivers;
mod review;
mod rights;
mod routes;
mod tampered;
mod tenants;
mod tls;
mod tricks;
mod upload;
mod uploads;
mod world;
mod zipkit;
