//! The two programs as an installation runs them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::Duration;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(address: &str, request: &str) -> String {
    for _ in 0..100 {
        if let Ok(mut stream) = TcpStream::connect(address) {
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            return answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the server does not answer");
}

fn answers_as_promised(address: &str) {
    let well = ask(address, "GET /api/v1/healthz HTTP/1.1\r\nhost: test\r\n\r\n");
    assert!(well.starts_with("HTTP/1.1 200"), "{well}");
    let counted = ask(
        address,
        "POST /api/v1/count HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\ntwo words",
    );
    assert!(counted.ends_with(r#"{"words":2,"characters":9,"seconds":1}"#), "{counted}");
    let large = ask(address, "POST /api/v1/count HTTP/1.1\r\ncontent-length: 9999999\r\n\r\n");
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
}

#[test]
fn the_server_answers() {
    let data = std::env::temp_dir().join(format!("thread-{}", std::process::id()));
    {{crate_file}}::totals::migrate(&data).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = data.clone();
    std::thread::spawn(move || {{crate_file}}::server::run(&listener, &folder));
    answers_as_promised(&address);
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn the_programs_migrate_start_and_answer() {
    let data = std::env::temp_dir().join(format!("process-{}", std::process::id()));
    let migrated = Command::new(env!("CARGO_BIN_EXE_migrate")).env("POWERX_DATA_DIR", &data).status();
    assert!(migrated.unwrap().success());

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = free.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugin"));
    command.env("POWERX_HTTP_ADDR", &address).env("POWERX_DATA_DIR", &data);
    let server = Server(command.spawn().unwrap());
    answers_as_promised(&address);
    drop(server);
    std::fs::remove_dir_all(data).unwrap();
}
