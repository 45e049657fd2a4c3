//! The real program in a folder of its own, ended, stopped and starved from outside.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use px_server::seed::DemoAccounts;
use px_store::{Db, Env};
use px_testkit::Engine;
use px_testkit::postgres::Postgres;
use tempfile::TempDir;
use url::Url;

use super::disk::SmallDisk;

/// Marketplace, core and console in one process, with everything they keep.
pub struct Site {
    pub engine: Engine,
    pub server: Option<Postgres>,
    pub disk: Option<SmallDisk>,
    pub accounts: DemoAccounts,
    pub market_db: Db,
    pub core_db: Db,
    addresses: [String; 2],
    process: Mutex<Process>,
    folder: TempDir,
}

/// A started program.
pub struct Process {
    child: Child,
    pub market: Url,
    pub core: Url,
    pub control: Control,
}

/// The folder through which a test puts faults into a process.
#[derive(Clone)]
pub struct Control(PathBuf);

impl Control {
    fn at(folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Work that passes a place stays there.
    pub fn hold(&self, place: &str) {
        self.order(place, "hold");
    }

    /// Work that is held at, or passes, a place fails there so many times.
    pub fn fail(&self, place: &str, times: u32) {
        self.order(place, &format!("fail {times}"));
    }

    fn order(&self, place: &str, text: &str) {
        let part = self.0.join("order.part");
        std::fs::write(&part, text).unwrap();
        std::fs::rename(part, self.0.join(place)).unwrap();
    }

    /// Lets go on what is held.
    pub fn release(&self, place: &str) {
        let _ = std::fs::remove_file(self.0.join(place));
    }

    /// Forgets every order.
    pub fn clear(&self) {
        for entry in std::fs::read_dir(&self.0).unwrap().flatten() {
            if entry.file_name() != "clock" {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Ends when work has come to a place.
    pub async fn met(&self, place: &str) {
        let met = self.0.join(format!("{place}.met"));
        for _ in 0..4000 {
            if met.exists() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        panic!("nothing came to {place}");
    }

    /// Makes the process's clock wrong by so many seconds.
    pub fn clock(&self, seconds: i64) {
        let part = self.0.join("clock.new");
        std::fs::write(&part, seconds.to_string()).unwrap();
        std::fs::rename(part, self.0.join("clock")).unwrap();
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Site {
    /// A fresh site, up. `small_disk` gives its folders a file system of that many bytes.
    pub async fn start(engine: Engine, small_disk: Option<u64>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        let disk = match small_disk {
            None => SmallDisk::in_memory(&data),
            Some(bytes) => Some(SmallDisk::mount(&data, bytes)?),
        };
        let server = (engine == Engine::Postgres).then(|| Postgres::start().unwrap());
        let addresses = match &server {
            None => ["market", "core"].map(|side| format!("sqlite:{}/{side}.db", data.display())),
            Some(server) => databases(server).await,
        };
        let process = Process::spawn(&folder, "control", &addresses);
        process.ready().await;
        let accounts = DemoAccounts::read(&data.join("market/demo-accounts.json")).unwrap();
        let open = async |address: &str| Db::open(address, Env::system()).await.unwrap();
        Some(Self {
            engine,
            server,
            disk,
            accounts,
            market_db: open(&addresses[0]).await,
            core_db: open(&addresses[1]).await,
            addresses,
            process: Mutex::new(process),
            folder,
        })
    }

    /// Folder of the data of one side, `market` or `core`.
    pub fn data(&self, side: &str) -> PathBuf {
        self.folder.path().join("data").join(side)
    }

    pub fn control(&self) -> Control {
        self.process.lock().unwrap().control.clone()
    }

    /// Addresses of Marketplace and core.
    pub fn urls(&self) -> (Url, Url) {
        let process = self.process.lock().unwrap();
        (process.market.clone(), process.core.clone())
    }

    pub fn token(&self, login: &str) -> String {
        self.accounts.get(login).unwrap().token.clone()
    }

    /// Ends the process as a power cut does, and starts another one.
    pub async fn kill_and_restart(&self) {
        let ready = {
            let mut process = self.process.lock().unwrap();
            process.child.kill().unwrap();
            process.child.wait().unwrap();
            process.control.clear();
            process.start_again(&self.folder, &self.addresses);
            process.readiness()
        };
        ready.await;
    }

    /// Freezes the process; every socket stays open and nobody answers.
    pub fn freeze(&self) {
        signal(&self.process.lock().unwrap().child, "STOP");
    }

    /// Lets the frozen process go on.
    pub fn thaw(&self) {
        signal(&self.process.lock().unwrap().child, "CONT");
    }

    /// A second process on the same data and databases.
    pub async fn second(&self) -> Process {
        let process = Process::spawn(&self.folder, "control-b", &self.addresses);
        process.ready().await;
        process
    }

    /// What the programs wrote, for messages.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let done = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(done.unwrap().success());
}

async fn databases(server: &Postgres) -> [String; 2] {
    let admin = Db::open(&server.url(), Env::system()).await.unwrap();
    admin.rows("CREATE DATABASE market", vec![]).await.unwrap();
    admin.rows("CREATE DATABASE core", vec![]).await.unwrap();
    admin.close().await;
    ["market", "core"].map(|name| {
        let mut url: Url = server.url().parse().unwrap();
        url.set_path(name);
        url.to_string()
    })
}

impl Process {
    fn spawn(folder: &TempDir, control: &str, addresses: &[String; 2]) -> Self {
        let url = |port: u16| format!("http://127.0.0.1:{port}/").parse::<Url>().unwrap();
        let (market, core) = (url(free_port()), url(free_port()));
        let control = Control::at(folder.path().join(control));
        let child = run(folder.path(), [&market, &core], &control, addresses);
        Self {
            child,
            market,
            core,
            control,
        }
    }

    fn start_again(&mut self, folder: &TempDir, addresses: &[String; 2]) {
        let urls = [&self.market, &self.core];
        self.child = run(folder.path(), urls, &self.control, addresses);
    }

    fn readiness(&self) -> impl Future<Output = ()> + use<> {
        let urls = [&self.market, &self.core].map(|u| u.join("readyz").unwrap());
        async move {
            for url in urls {
                ready(url).await;
            }
        }
    }

    pub async fn ready(&self) {
        self.readiness().await;
    }
}

async fn ready(url: Url) {
    for _ in 0..1200 {
        if let Ok(answer) = reqwest::get(url.clone()).await
            && answer.status().is_success()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{url} did not become ready");
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &Path, urls: [&Url; 2], control: &Control, addresses: &[String; 2]) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let [market, core] = urls.map(|u| format!("127.0.0.1:{}", u.port().unwrap()));
    let data = |side: &str| folder.join("data").join(side);
    Command::new(env!("CARGO_BIN_EXE_powerx"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("MKP_LISTEN", market)
        .env("POWERX_LISTEN", core)
        .env("MKP_DATA_DIR", data("market"))
        .env("POWERX_DATA_DIR", data("core"))
        .env("MKP_DATABASE_URL", &addresses[0])
        .env("POWERX_DATABASE_URL", &addresses[1])
        .env("PX_PROBATION_SECONDS", "1")
        .env("PX_PROBE_SECONDS", "0.5")
        // On a busy machine it takes a while until everybody is held.
        .env("PX_STATE_GRACE_SECONDS", "240")
        .env("PX_JOB_LEASE_SECONDS", "8")
        // One account asks for every tenant at once; how much a caller may ask is tested elsewhere.
        .env("PX_CALLER_REQUESTS_PER_MINUTE", "10000000")
        .env("PX_ADDRESS_REQUESTS_PER_MINUTE", "10000000")
        .env("PX_LOG", "warn")
        .env("PX_FAULT_FOLDER", &control.0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}
