//! What the servers must survive, tried on the real program.

mod bundles;
mod client;
mod disk;
mod installs;
mod invariants;
mod matrix;
mod rows;
mod scene;
mod site;
mod versions;
