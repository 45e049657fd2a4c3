//! What every page and handler of both sites shares.

pub mod assets;
mod hashing;
mod html;
pub mod http;
pub mod i18n;
pub mod identity;
mod problem_page;
mod shell;
pub mod ui;
mod web;

pub use crate::html::Html;
pub use crate::http::{Answer, Failure, Json, wrap};
pub use problem_page::ProblemPanel;
pub use shell::{Flash, NavGroup, NavItem, Page, Site, Theme, Ui};
pub use web::{Web, WebConfig};
