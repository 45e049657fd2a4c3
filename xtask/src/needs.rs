//! What the tests need from the machine, and getting it where that is possible.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::postgres;
use crate::steps::cargo;

/// A Debian package that something needs.
#[derive(Debug)]
pub struct Need {
    package: &'static str,
    /// Present when one of these is: programs on `PATH`, or paths. PostgreSQL's programs are
    /// looked for as the kit does, Python's modules by Python.
    proof: &'static [&'static str],
    /// What is left out without it.
    without: &'static str,
}

/// For the tests.
pub const TESTS: &[Need] = &[
    Need {
        package: "postgresql",
        proof: &[],
        without: "the PostgreSQL half of every storage test (the SQLite half runs)",
    },
    Need {
        package: "nats-server",
        proof: &["nats-server"],
        without: "tests of the event bus between replicas",
    },
    Need {
        package: "chromium",
        proof: &["chromium", "chromium-browser", "google-chrome"],
        without: "the console in a browser",
    },
    Need {
        package: "chromium-driver",
        proof: &["chromedriver"],
        without: "tests of the console in a browser",
    },
    Need {
        package: "nodejs",
        proof: &["node"],
        without: "the console in a browser",
    },
    Need {
        package: "npm",
        proof: &["npm"],
        without: "the console in a browser",
    },
    Need {
        package: "fonts-noto-cjk",
        proof: &["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"],
        without: "Chinese letters in pictures of the console (the tests run)",
    },
    Need {
        package: "ca-certificates",
        proof: &["/etc/ssl/certs/ca-certificates.crt"],
        without: "tests that make a TLS client",
    },
];

/// For the clients of `cargo xtask strangers`.
pub const STRANGERS: &[Need] = &[
    Need {
        package: "python3-venv",
        proof: &[
            "pyvenv",
            "/usr/share/python-wheels",
            "/usr/lib/python3/dist-packages/ensurepip",
        ],
        without: "every client written in Python, unless python3 brings venv itself",
    },
    Need {
        package: "npm",
        proof: &["npm"],
        without: "every client written in JavaScript",
    },
    Need {
        package: "curl",
        proof: &["curl"],
        without: "curl",
    },
    Need {
        package: "aria2",
        proof: &["aria2c"],
        without: "aria2",
    },
    Need {
        package: "unzip",
        proof: &["unzip"],
        without: "unzip",
    },
    Need {
        package: "libarchive-tools",
        proof: &["bsdtar"],
        without: "bsdtar",
    },
    Need {
        package: "prometheus",
        proof: &["promtool"],
        without: "promtool: metrics and alert rules",
    },
    Need {
        package: "sqlite3",
        proof: &["sqlite3"],
        without: "back-up and restore on SQLite",
    },
    Need {
        package: "postgresql",
        proof: &[],
        without: "back-up and restore on PostgreSQL",
    },
];

/// Installs what is missing when allowed and able, and says what stays missing.
pub fn programs(install: bool, needs: &[Need]) {
    let missing = || needs.iter().filter(|need| !need.present());
    if missing().next().is_none() {
        return;
    }
    let names: Vec<_> = missing().map(|need| need.package).collect();
    println!("==> missing on this machine: {}", names.join(", "));
    if !install {
        println!("    not installed because of --no-install");
    } else if let Some(apt) = Apt::find() {
        apt.update();
        for need in missing() {
            println!("    installing {}", need.package);
            apt.install(need.package);
        }
    } else {
        println!("    cannot install: that needs apt-get, and root or sudo without a password");
    }
    for need in missing() {
        println!("==> LEFT OUT without {}: {}", need.package, need.without);
    }
}

/// Adds rustfmt and clippy to a minimal toolchain.
pub fn rust_components() {
    for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let present = cargo(&[command, "--version"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !present {
            println!("==> adding the Rust component {component}");
            let _ = Command::new("rustup")
                .args(["component", "add", component])
                .status();
        }
    }
}

impl Need {
    fn present(&self) -> bool {
        if self.package == "postgresql" {
            return postgres::installed();
        }
        if self.package == "python3-venv" {
            let modules = ["-c", "import venv, ensurepip"];
            return quiet(Command::new("python3").args(modules)).is_some();
        }
        self.proof.iter().any(|proof| {
            if proof.starts_with('/') {
                Path::new(proof).exists()
            } else {
                on_path(proof)
            }
        })
    }
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        // Debian keeps servers where ordinary users do not look.
        .chain([Path::new("/usr/sbin").to_owned()])
        .any(|folder| folder.join(program).is_file())
}

/// apt-get, by right or through sudo.
struct Apt {
    sudo: bool,
}

impl Apt {
    fn find() -> Option<Self> {
        if !on_path("apt-get") {
            return None;
        }
        if quiet(Command::new("id").arg("-u")).is_some_and(|uid| uid.trim() == "0") {
            return Some(Self { sudo: false });
        }
        quiet(Command::new("sudo").args(["-n", "true"])).map(|_| Self { sudo: true })
    }

    fn update(&self) {
        if !self.run(&["update", "-qq"]) {
            println!(
                "    the list of packages could not be refreshed; trying with the one at hand"
            );
        }
    }

    /// One package at a time: one that does not exist here must not keep out the others.
    fn install(&self, package: &str) {
        if !self.run(&["install", "-y", "-qq", "--no-install-recommends", package]) {
            println!("    {package} could not be installed");
        }
    }

    fn run(&self, arguments: &[&str]) -> bool {
        let mut command = if self.sudo {
            let mut command = Command::new("sudo");
            command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        } else {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive");
            command
        };
        // Waits for another apt instead of failing; its chatter is of no interest.
        command
            .args(["-o", "DPkg::Lock::Timeout=120"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// Output of a command that succeeds.
fn quiet(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
