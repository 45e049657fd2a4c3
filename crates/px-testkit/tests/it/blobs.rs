//! Blobs in a folder and in a bucket of a real S3-compatible server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::TryStreamExt;
use px_model::Digest;
use px_store::{BlobError, Blobs, TroubleKind};
use px_testkit::{S3Server, eventually};
use sha2::Digest as _;

/// A store, and where it has a blob.
type Kind<'a> = (Blobs, Box<dyn Fn(&Digest) -> PathBuf + 'a>);

struct Stores {
    folder: tempfile::TempDir,
    server: S3Server,
}

impl Stores {
    async fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: S3Server::start().await.unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bucket(&self) -> Blobs {
        Blobs::in_s3(&self.server.settings(), &self.path("bucket")).unwrap()
    }

    /// Both kinds, with the file a blob has in each.
    fn both(&self) -> [Kind<'_>; 2] {
        let blobs = self.path("blobs");
        let folder = Blobs::in_folder(&blobs).unwrap();
        [
            (
                folder,
                Box::new(move |digest| {
                    let text = digest.to_string();
                    blobs.join("sha256").join(&text[..2]).join(text)
                }),
            ),
            (
                self.bucket(),
                Box::new(|digest| self.server.file(&digest.to_string())),
            ),
        ]
    }

    fn upload(&self, bytes: &[u8]) -> (Digest, PathBuf) {
        let path = self.path("upload");
        std::fs::write(&path, bytes).unwrap();
        (Digest::from_bytes(sha2::Sha256::digest(bytes).into()), path)
    }
}

/// More than one part of a multipart upload.
fn large() -> Vec<u8> {
    (0_u32..20 << 20)
        .map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[2])
        .collect()
}

async fn read(
    blobs: &Blobs,
    digest: &Digest,
    range: Option<std::ops::Range<u64>>,
) -> Result<Vec<u8>, BlobError> {
    let pieces: Vec<_> = blobs.read(digest, range).await?.try_collect().await?;
    Ok(pieces.concat())
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn a_blob_is_put_once_read_whole_and_in_part_listed_and_removed() {
    let stores = Stores::new().await;
    let small = b"at once".to_vec();
    for bytes in [large(), small] {
        let (digest, path) = stores.upload(&bytes);
        for (blobs, _) in stores.both() {
            blobs.check().await.unwrap();
            assert_eq!(blobs.len(&digest).await.unwrap(), None);
            blobs.put_file(&digest, &path).await.unwrap();
            blobs.put_file(&digest, &path).await.unwrap();
            assert_eq!(blobs.len(&digest).await.unwrap(), Some(bytes.len() as u64));
            assert!(read(&blobs, &digest, None).await.unwrap() == bytes);
            let middle = bytes.len() / 2;
            let range = middle as u64 - 3..middle as u64 + 3;
            let part = read(&blobs, &digest, Some(range)).await.unwrap();
            assert_eq!(part, &bytes[middle - 3..middle + 3]);
            assert_eq!(blobs.list(later()).await.unwrap(), [digest]);
            let local = blobs.local_file(&digest).await.unwrap();
            assert!(std::fs::read(local.path()).unwrap() == bytes);
            drop(local);
            assert_eq!(entries(&stores.path("bucket/copies")), 0, "a copy stayed");
            blobs.remove(&digest).await.unwrap();
            blobs.remove(&digest).await.unwrap();
            assert_eq!(blobs.list(later()).await.unwrap(), []);
        }
        assert_eq!(entries(&stores.path("bucket/puts")), 0, "a note stayed");
        assert_eq!(stores.server.files(), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let stores = Stores::new().await;
    let (digest, _) = stores.upload(b"never put");
    for (blobs, _) in stores.both() {
        let missing = |e: BlobError| matches!(e, BlobError::Missing(d) if d == digest);
        assert!(blobs.read(&digest, None).await.err().is_some_and(missing));
        assert!(blobs.local_file(&digest).await.err().is_some_and(missing));
    }
}

#[tokio::test]
async fn bytes_that_somebody_changed_are_not_passed_off_as_the_blob() {
    let stores = Stores::new().await;
    for bytes in [large(), b"one piece".to_vec()] {
        let (digest, path) = stores.upload(&bytes);
        for (blobs, file) in stores.both() {
            blobs.put_file(&digest, &path).await.unwrap();
            let mut other = bytes.clone();
            *other.last_mut().unwrap() ^= 1;
            std::fs::write(file(&digest), &other).unwrap();
            let altered = |e: BlobError| matches!(e, BlobError::Altered(d) if d == digest);
            let mut stream = blobs.read(&digest, None).await.unwrap();
            let mut came = 0;
            let end = loop {
                match stream.try_next().await {
                    Ok(Some(chunk)) => came += chunk.len(),
                    end => break end,
                }
            };
            assert!(end.err().is_some_and(altered));
            assert!(came < bytes.len(), "all of it was passed on");
            // One of another length is put again.
            std::fs::write(file(&digest), b"short").unwrap();
            blobs.put_file(&digest, &path).await.unwrap();
            assert!(read(&blobs, &digest, None).await.unwrap() == bytes);
        }
        // A copy for reading is checked as well.
        std::fs::write(stores.server.file(&digest.to_string()), b"other").unwrap();
        let copy = stores.bucket().local_file(&digest).await;
        assert!(matches!(copy, Err(BlobError::Altered(_))));
        assert_eq!(entries(&stores.path("bucket/copies")), 0, "a copy stayed");
    }
}

#[tokio::test]
async fn a_store_that_goes_away_during_a_put_leaves_nothing_visible_and_nothing_for_ever() {
    let stores = Stores::new().await;
    let (digest, path) = stores.upload(&large());
    let blobs = stores.bucket();
    // After the question whether it is there, the beginning, and one of three parts.
    stores.server.away_after(3);
    let error = blobs.put_file(&digest, &path).await.unwrap_err();
    assert!(
        matches!(&error, BlobError::Store(t) if t.kind() == TroubleKind::Away),
        "{error}"
    );
    assert!(blobs.check().await.is_err());
    stores.server.back();
    blobs.check().await.unwrap();
    assert_eq!(blobs.len(&digest).await.unwrap(), None);
    assert_eq!(blobs.list(later()).await.unwrap(), []);
    assert!(
        !stores.server.files().is_empty(),
        "no part came to the store"
    );
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    assert_eq!(blobs.remove_unfinished(long_ago).await.unwrap(), 0);
    // Another process finds the note.
    assert_eq!(stores.bucket().remove_unfinished(later()).await.unwrap(), 1);
    assert_eq!(stores.server.files(), Vec::<PathBuf>::new());
    blobs.put_file(&digest, &path).await.unwrap();
    assert!(read(&blobs, &digest, None).await.unwrap() == large());
}

#[tokio::test]
async fn what_is_wrong_with_a_store_is_told_without_its_secrets() {
    let stores = Stores::new().await;
    let settings = stores.server.settings();
    let mut other_key = settings.clone();
    other_key.credentials = Some(("access-of-nobody".to_owned(), "x".to_owned()));
    let mut other_secret = settings.clone();
    other_secret.credentials = Some((S3Server::KEY.to_owned(), "secret-gone-wrong".to_owned()));
    let mut other_bucket = settings.clone();
    other_bucket.bucket = "nothing".to_owned();
    let mut nobody = settings.clone();
    nobody.endpoint = "http://127.0.0.1:1".parse().ok();
    let (digest, path) = stores.upload(b"bytes");
    for (settings, kind) in [
        (other_key, TroubleKind::Refused),
        (other_secret, TroubleKind::Refused),
        (other_bucket, TroubleKind::NoBucket),
        (nobody, TroubleKind::Away),
    ] {
        let blobs = Blobs::in_s3(&settings, &stores.path("bucket")).unwrap();
        let check = blobs.check().await.unwrap_err();
        assert!(
            matches!(&check, BlobError::Store(t) if t.kind() == kind),
            "{kind:?}: {check}"
        );
        let mut told = format!("{check} {check:?} {blobs:?} {settings:?}");
        // This server makes the bucket that a put names; others do not.
        if kind != TroubleKind::NoBucket {
            let put = blobs.put_file(&digest, &path).await.unwrap_err();
            told.push_str(&format!("{put} {put:?}"));
        }
        for secret in ["access-of", "secret-", "Signature="] {
            assert!(!told.contains(secret), "{secret} in {told}");
        }
    }
    assert_eq!(stores.server.files(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_signed_address_is_for_one_blob_one_method_and_a_while() {
    let stores = Stores::new().await;
    let (digest, path) = stores.upload(b"0123456789");
    let [(folder, _), (blobs, _)] = stores.both();
    let long = Duration::from_secs(300);
    let none = folder.signed_url(&digest, http::Method::GET, long).await;
    assert!(none.unwrap().is_none());
    blobs.put_file(&digest, &path).await.unwrap();
    let sign = async |method, lifetime| {
        let url = blobs.signed_url(&digest, method, lifetime).await;
        url.unwrap().unwrap()
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let status =
        async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    let url = sign(http::Method::GET, long).await;
    assert!(!url.as_str().contains(S3Server::SECRET), "{url}");
    let whole = http.get(url.clone()).send().await.unwrap();
    let name = whole.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(
        name,
        format!("attachment; filename=\"{}.pxp\"", digest.short())
    );
    assert_eq!(whole.text().await.unwrap(), "0123456789");
    let part = http.get(url.clone()).header("range", "bytes=3-5");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.text().await.unwrap(), "345");
    let head = http.head(sign(http::Method::HEAD, long).await);
    assert_eq!(head.send().await.unwrap().headers()["content-length"], "10");

    let other = url.as_str().replace(&digest.to_string(), &"0".repeat(64));
    let mut bare = url.clone();
    bare.set_query(None);
    assert_eq!(status(http.get(other)).await, 403);
    assert_eq!(status(http.get(bare)).await, 403);
    assert_eq!(status(http.put(url.clone()).body("other")).await, 403);
    assert_eq!(status(http.delete(url.clone())).await, 403);
    assert_eq!(status(http.head(url)).await, 403);
    let short = sign(http::Method::GET, Duration::from_secs(1)).await;
    let (http, status) = (&http, &status);
    eventually("the end of the address", || {
        let ask = http.get(short.clone());
        async move { (status(ask).await == 403).then_some(()) }
    })
    .await;
}

/// After everything this test did.
fn later() -> std::time::SystemTime {
    std::time::SystemTime::now() + Duration::from_secs(3600)
}

/// Stores that know a bucket by its own host name: its name is signed, and the path is without it.
#[tokio::test]
async fn an_address_with_the_bucket_in_its_host_is_answered() {
    let stores = Stores::new().await;
    let text = "in a bucket with a name of its own";
    let (digest, file) = stores.upload(text.as_bytes());
    stores.bucket().put_file(&digest, &file).await.unwrap();
    let mut settings = stores.server.settings();
    settings.bucket_in_host = true;
    let (domain, address) = (S3Server::DOMAIN, stores.server.address());
    settings.endpoint = format!("http://{domain}:{}", address.port()).parse().ok();
    let blobs = Blobs::in_s3(&settings, &stores.path("by-host")).unwrap();
    let lifetime = Duration::from_secs(60);
    let url = blobs.signed_url(&digest, http::Method::GET, lifetime).await;
    let url = url.unwrap().unwrap();
    let host = format!("{}.{domain}", settings.bucket);
    assert_eq!(url.host_str(), Some(host.as_str()));
    assert!(
        url.path()
            .starts_with(&format!("/{}/sha256/", settings.prefix)),
        "{url}"
    );
    let client = reqwest::Client::builder()
        .no_proxy()
        .resolve(&host, address);
    let client = client.build().unwrap();
    let answer = client.get(url.clone()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), text);
    // The name is part of what is signed.
    let mut other = url;
    other.set_host(Some("127.0.0.1")).unwrap();
    let answer = client.get(other).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}
