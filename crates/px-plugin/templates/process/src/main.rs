//! Listens on the address that the host gives.

use std::env;
use std::net::TcpListener;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let port = env::var("PORT").unwrap_or_else(|_| "8088".to_owned());
    let address = env::var("POWERX_HTTP_ADDR").unwrap_or_else(|_| format!("127.0.0.1:{port}"));
    let data = PathBuf::from(env::var("POWERX_DATA_DIR").unwrap_or_else(|_| "data".to_owned()));
    let listener = TcpListener::bind(&address)?;
    eprintln!("listening on {address}");
    {{crate_file}}::server::run(&listener, &data)
}
