//! What every page and handler of both sites shares: the look, the words, the layers around a
//! router, and who may do what.
//!
//! # Pages
//!
//! askama finds templates per crate, so a page of another crate cannot extend a template of this
//! one. Instead the frame takes the page's body: a crate renders its own template and hands it to
//! [`Page::show`]. The parts of [`ui`] are values and functions that give [`Html`], which askama
//! writes unescaped because it is marked as safe; everything else in a template stays escaped.
//!
//! ```
//! use askama::Template;
//! use axum::response::Response;
//! use px_web::{Html, Ui, ui, i18n::T};
//!
//! #[derive(Template)]
//! #[template(ext = "html", source = r#"<div class="px-stack">
//!   {{ list }}
//!   <p>{{ t.t("copied") }}: {{ what }} {{ ui::chip("beta") }}</p>
//! </div>"#)]
//! struct Plugins<'a> { t: &'a T, list: Html, what: &'a str }
//!
//! async fn plugins(ui: Ui) -> Response {
//!     let t = &ui.t;
//!     let query = ui.list();
//!     let table = ui::Table::new(t, &query, "Plugins")
//!         .search("Search plugins")
//!         .column(ui::Column::new("Name").sort("name"))
//!         .rows([ui::Row::new([ui::Row::lead(&ui::tile("Ada"), "Ada", "/p/ada", "1.0.0")])])
//!         .empty(ui::Empty::new("packages", "Nothing yet", "Publish your first plugin."));
//!     let list = ui::Card::new("Plugins", table.html()).flush().html();
//!     ui.page("Plugins").active("plugins").show(&Plugins { t, list, what: "<escaped>" })
//! }
//! # let router: axum::Router = axum::Router::new().route("/", axum::routing::get(plugins));
//! ```
//!
//! # Handlers of the API
//!
//! A handler names the authority it needs as an argument; without it the request never arrives.
//!
//! ```
//! use px_api::Code;
//! use px_web::identity::Publisher;
//! use px_web::{Answer, Failure, Json};
//!
//! #[derive(serde::Deserialize)]
//! struct Rename { name: String }
//!
//! async fn rename(who: Publisher, Json(form): Json<Rename>) -> Answer<Json<String>> {
//!     if form.name.is_empty() {
//!         return Err(px_api::Problem::new(Code::InvalidField, "`name` is empty.")
//!             .field("/name", "is empty", "Give a name.")
//!             .into());
//!     }
//!     Ok(Json(format!("{} renamed by {}", who.publisher(), who.actor().name)))
//! }
//! # let router: axum::Router = axum::Router::new().route("/", axum::routing::put(rename));
//! ```
//!
//! # Composition
//!
//! A server merges its routes with [`assets::routes`], [`identity::routes`] and
//! [`http::health_routes`], then calls [`wrap`] once around all of them, and serves the result on
//! [`http::Listening`] with `into_make_service_with_connect_info::<http::Peer>()`, so that limits
//! know the address and no answer is lost when a connection ends. Its migrations are those of px-store, then [`identity::MIGRATIONS`], then its own.

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
pub use shell::{Counts, Flash, NavGroup, NavItem, Page, Site, Theme, Ui};
pub use web::{Web, WebConfig};
