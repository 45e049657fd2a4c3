//! The frame around every page: navigation, brand, switches, account menu, landmarks.

mod page;
mod site;
mod ui;

pub use page::{Flash, Page};
pub use site::{Counts, NavGroup, NavItem, Site, Theme};
pub use ui::Ui;
pub(crate) use ui::local_path;
