//! What the wire types promise beyond their own shape.

mod errors;
