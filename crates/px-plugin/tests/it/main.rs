//! The author's command line, run as people run it: the real program, real files, real HTTP.

mod keys;
mod kit;
mod library;
mod market;
mod offline;
mod publish;
mod settings;
mod status;
