//! px-package
