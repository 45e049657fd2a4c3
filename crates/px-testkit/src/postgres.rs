//! A PostgreSQL server of one's own: temporary folder, free port, gone afterwards.
//!
//! Uses the standard library only, because `xtask` includes this file and must build in seconds.
//! A small shell waits on a pipe and removes everything when this process ends, however it ends.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The variable that names a server whose databases tests may create.
pub const URL_VARIABLE: &str = "PX_TEST_POSTGRES_URL";

/// Nobody needs these bytes after the machine crashes; after the server does (see
/// [`Postgres::pause`]) what was committed must be there, so commits stay synchronous.
const SETTINGS: &str = "-c fsync=off -c full_page_writes=off \
    -c max_connections=300 -c shared_buffers=64MB -c listen_addresses=127.0.0.1";
/// As it is run in earnest.
const DURABLE: &str =
    "-c max_connections=300 -c shared_buffers=128MB -c listen_addresses=127.0.0.1";

/// A running private server; dropping it stops it and removes its folder.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    settings: &'static str,
    cleaner: Child,
}

impl Postgres {
    /// Makes and starts a server; takes about two seconds.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start, with the reason for a person.
    pub fn start() -> Result<Self, String> {
        Self::start_with(SETTINGS)
    }

    /// As [`Postgres::start`], but what is committed is on disk, as in earnest: for figures.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn start_durable() -> Result<Self, String> {
        Self::start_with(DURABLE)
    }

    fn start_with(settings: &'static str) -> Result<Self, String> {
        let programs = programs()
            .ok_or("PostgreSQL is not installed: no initdb on PATH or under /usr/lib/postgresql")?;
        let user = server_user()?;
        let folder = new_folder(user).map_err(|e| format!("cannot make a folder: {e}"))?;
        let cleaner = spawn_cleaner(&programs, &folder, user)
            .map_err(|e| format!("cannot start the shell that cleans up: {e}"))?;
        let mut server = Self {
            programs,
            folder,
            port: 0,
            user,
            settings,
            cleaner,
        };
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "powerx",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync",
            ],
        )?;
        for attempt in 0.. {
            server.port = free_port().map_err(|e| format!("no free port: {e}"))?;
            match server.resume() {
                Ok(()) => break,
                // Somebody else took the port between asking for it and using it.
                Err(_) if attempt < 3 => {}
                Err(e) => return Err(e),
            }
        }
        Ok(server)
    }

    /// Address of the maintenance database; its user may create others.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://powerx@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops the server at once, as a crash would; its data stay.
    ///
    /// # Errors
    /// When it was not running.
    pub fn pause(&self) -> Result<(), String> {
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
        )
    }

    /// Starts the server again on the same port.
    ///
    /// # Errors
    /// When it does not start; the end of its log is in the message.
    pub fn resume(&self) -> Result<(), String> {
        let options = format!(
            "-p {} -c unix_socket_directories='' {}",
            self.port, self.settings
        );
        let log = self.log();
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.data(),
                "-l",
                &log,
                "-o",
                &options,
                "-w",
                "-t",
                "30",
                "start",
            ],
        )
        .map_err(|e| format!("{e}\n{}", fs::read_to_string(log).unwrap_or_default()))
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn log(&self) -> String {
        self.folder.join("log").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new(self.programs.join(program));
        as_user(&mut command, self.user);
        // The server inherits what pg_ctl holds: a pipe would never end.
        let status = command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|e| format!("{program}: {e}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("{program} failed: {status}"))
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.cleaner.stdin.take());
        let _ = self.cleaner.wait();
    }
}

/// Whether the server's programs are on this machine.
#[must_use]
pub fn installed() -> bool {
    programs().is_some()
}

/// Folder of `initdb` and `pg_ctl`: from `PATH`, else the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let holds = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    if let Some(folder) = std::env::split_paths(&path).find(|folder| holds(folder)) {
        return Some(folder);
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| holds(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// PostgreSQL refuses to run as root; then it runs as the user its package made.
fn server_user() -> Result<Option<(u32, u32)>, String> {
    let own = fs::metadata("/proc/self").map_err(|e| e.to_string())?;
    if std::os::unix::fs::MetadataExt::uid(&own) != 0 {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").map_err(|e| e.to_string())?;
    let line = passwd
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .ok_or("running as root and there is no user `postgres` to run the server as")?;
    let mut fields = line.split(':').skip(2).map(str::parse);
    match (fields.next(), fields.next()) {
        (Some(Ok(uid)), Some(Ok(gid))) => Ok(Some((uid, gid))),
        _ => Err("/etc/passwd: the line of `postgres` cannot be read".to_owned()),
    }
}

fn new_folder(user: Option<(u32, u32)>) -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "px-postgres-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    if let Some((uid, gid)) = user {
        chown(&folder, Some(uid), Some(gid))?;
    }
    Ok(folder)
}

/// A shell in its own process group (so that Ctrl-C does not reach it) that waits for its input to
/// end, which happens when this process does, and then stops the server and removes the folder.
fn spawn_cleaner(programs: &Path, folder: &Path, user: Option<(u32, u32)>) -> io::Result<Child> {
    let script = r#"trap '' HUP INT TERM
        read -r _
        "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
        rm -rf "$2""#;
    let mut command = Command::new("/bin/sh");
    as_user(&mut command, user);
    command
        .args(["-c", script, "px-postgres-cleaner"])
        .args([programs, folder])
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) {
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
