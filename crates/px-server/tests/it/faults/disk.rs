//! A small file system that can be filled.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use px_testkit::Engine;
use reqwest::Method;
use serde_json::json;

use super::bundles::{Author, Bundle};
use super::client::{Ask, Client, Reply, Side};
use super::site::Site;

/// A mounted file system; gone when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one over a folder; `None`, with a word on the terminal, where that is not allowed.
    pub fn mount(folder: &Path, bytes: u64) -> Option<Self> {
        match try_mount(folder, bytes) {
            Ok(()) => Some(Self(folder.to_owned())),
            Err(why) => {
                super::left_out(&format!("no file system can be mounted here: {why}"));
                None
            }
        }
    }

    /// Mounts one in memory where that is allowed, because what a disk needs to write for good is
    /// the longest part of these tests and not what they are about.
    pub fn in_memory(folder: &Path) -> Option<Self> {
        let done = try_mount(folder, 2 << 30);
        done.is_ok().then(|| Self(folder.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all the room there is.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.ballast()).unwrap();
        for size in [1 << 20, 4096, 1] {
            let block = vec![7_u8; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

fn try_mount(folder: &Path, bytes: u64) -> Result<(), String> {
    let options = format!("size={bytes}");
    let args = ["-t", "tmpfs", "-o", &options, "powerx-test"];
    let done = Command::new("mount").args(args).arg(folder).output();
    let out = done.map_err(|e| e.to_string())?;
    if out.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process of the test may still hold a file for a moment.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What an engine says on a full disk is something to try again, and it works when there is room.
#[tokio::test]
async fn statements_work_again_after_the_disk_was_full() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), 4 << 20) else {
        return;
    };
    let address = format!("sqlite:{}/test.db", folder.path().display());
    let db = px_store::Db::open(&address, px_store::Env::system())
        .await
        .unwrap();
    db.migrate(&[px_store::MIGRATIONS]).await.unwrap();
    let tell = async || -> px_store::Result<()> {
        let mut tx = db.begin().await?;
        for _ in 0..20 {
            tx.emit(px_store::NewEvent {
                kind: px_model::event_type::RECEIVED,
                source: "/marketplace".to_owned(),
                subject: "test".to_owned(),
                data: "x".repeat(4000).into(),
            })
            .await?;
        }
        tx.commit().await
    };
    tell().await.unwrap();
    disk.fill();
    let mut refused = 0;
    for _ in 0..20 {
        if let Err(error) = tell().await {
            assert!(error.is_transient(), "{error:?}");
            refused += 1;
        }
    }
    assert!(refused > 0, "the disk was not full");
    disk.free();
    tell().await.unwrap();
    let head = px_store::feed_head(&db).await.unwrap();
    assert_eq!(
        head,
        20 * (22 - refused),
        "a transaction was written in part"
    );
}

/// A request to the core that writes.
async fn tenant(site: &Site, client: &Client, number: u32) -> Reply {
    let ops = site.token("ops");
    let body = json!({ "name": format!("Tenant {number}") });
    let ask = Ask::new(Side::Core, Method::POST, "/api/v1/admin/tenants", &ops);
    client.once(&ask.json(&body)).await.expect("an answer")
}

/// A request to the Marketplace that writes.
async fn version(site: &Site, client: &Client, bundle: &Bundle) -> Reply {
    let publisher = site.token("publisher");
    let path = "/api/marketplace/plugins/publish";
    let ask = Ask::new(Side::Market, Method::POST, path, &publisher);
    let reply = client.once(&ask.json(&bundle.registration(1))).await;
    reply.expect("an answer")
}

/// A bundle on its way.
struct Upload<'a> {
    client: &'a Client,
    bytes: &'a [u8],
    token: String,
    version: String,
    path: String,
}

impl<'a> Upload<'a> {
    fn of(site: &Site, client: &'a Client, bundle: &'a Bundle, registered: &Reply) -> Self {
        let registered = registered.json();
        let text = |field: &str| registered[field].as_str().unwrap().to_owned();
        Self {
            client,
            bytes: &bundle.bytes,
            token: site.token("publisher"),
            version: format!("/api/marketplace/plugins/{}/review", text("versionId")),
            path: text("uploadUrl"),
        }
    }

    /// How many bytes the Marketplace says it has.
    async fn received(&self) -> u64 {
        let ask = Ask::new(Side::Market, Method::GET, &self.version, &self.token);
        let view = self.client.good(&ask).await;
        view["receivedBytes"].as_u64().unwrap()
    }

    /// Sends what is missing up to a place; the answer when it was refused.
    async fn send(
        &self,
        to: impl std::slice::SliceIndex<[u8], Output = [u8]>,
    ) -> Result<(), Reply> {
        let have = self.received().await;
        let rest = &self.bytes[to][usize::try_from(have).unwrap()..];
        let ask = Ask::new(Side::Market, Method::PATCH, &self.path, &self.token);
        let reply = self.client.once(&ask.chunk(have, rest)).await;
        let reply = reply.expect("an answer");
        if reply.is_ok() { Ok(()) } else { Err(reply) }
    }
}

fn refused(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 503, "{why}: {}", reply.text);
    assert_eq!(reply.json()["code"], "PX-0002", "{why}: {}", reply.text);
}

/// What "the database is away" means on SQLite: another program holds the file's lock, or the file
/// system takes nothing. Who wants to write is told so within a bounded time; who reads is answered.
/// A file system that is gone altogether cannot be tried: it cannot be taken from a program that has
/// files open on it.
#[tokio::test(flavor = "multi_thread")]
async fn who_writes_to_a_locked_or_full_sqlite_is_refused_clearly() {
    let Some(site) = Site::start(Engine::Sqlite, Some(96 << 20)).await else {
        return;
    };
    let client = Client::new(site.urls());
    let author = Author::register(&client, &site.token("publisher")).await;
    let bundle = author.bundle("com.example.notes", "1.0.0");
    let reads = async |why: &str| {
        for (side, path, login) in [
            (Side::Market, "/api/marketplace/plugins", "publisher"),
            (Side::Core, "/api/v1/admin/plugins/installed", "ops"),
        ] {
            let token = site.token(login);
            let ask = Ask::new(side, Method::GET, path, &token);
            let reply = client.once(&ask).await.expect("an answer");
            assert_eq!(reply.status, 200, "{why}: {path}: {}", reply.text);
        }
    };
    let locks = (
        site.market_db.begin().await.unwrap(),
        site.core_db.begin().await.unwrap(),
    );
    reads("locked").await;
    let (core, market) = tokio::join!(tenant(&site, &client, 0), version(&site, &client, &bundle));
    refused(&core, "locked");
    refused(&market, "locked");
    drop(locks);
    assert!(tenant(&site, &client, 0).await.is_ok(), "unlocked");
    let registered = version(&site, &client, &bundle).await;
    assert!(registered.is_ok(), "unlocked");
    let upload = Upload::of(&site, &client, &bundle, &registered);
    upload.send(..100).await.expect("there is room");
    let disk = site.disk.as_ref().unwrap();
    disk.fill();
    // The log has room left from what was written before.
    let mut number = 0;
    let full = loop {
        number += 1;
        assert!(number < 2000, "the disk was never full");
        let reply = tenant(&site, &client, number).await;
        if !reply.is_ok() {
            break reply;
        }
    };
    refused(&full, "full");
    reads("full").await;
    let no_room = upload.send(..).await.expect_err("there is no room");
    refused(&no_room, "full");
    disk.free();
    upload.send(..).await.expect("room again");
    assert_eq!(upload.received().await, bundle.bytes.len() as u64);
    let again = tenant(&site, &client, number).await;
    assert!(again.is_ok(), "room again: {}", again.text);
}
