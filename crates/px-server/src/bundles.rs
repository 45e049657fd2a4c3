//! Where the Marketplace keeps bundles: its data folder, or a bucket.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use px_store::{BlobError, Blobs, S3Settings, TroubleKind};
use url::Url;

use crate::settings::Settings;

const BUCKET: &str = "MKP_S3_BUCKET";
const ENDPOINT: &str = "MKP_S3_ENDPOINT";
const OUTSIDE: &str = "MKP_S3_PUBLIC_ENDPOINT";
const ID: &str = "MKP_S3_ACCESS_KEY_ID";
const SECRET: &str = "MKP_S3_SECRET_ACCESS_KEY";
const LIFETIME: &str = "MKP_S3_REDIRECT_SECONDS";

/// Longest that a signed address may hold: whoever has it needs no other right.
const LONGEST: u64 = 3600;

/// The bundle store that the settings name. One that does not answer is waited for: `/readyz` says
/// so meanwhile. One that answers and refuses ends the start.
///
/// # Errors
/// Naming the setting that is missing or wrong, and what to do.
pub async fn open(settings: &Settings, folder: &Path) -> anyhow::Result<Blobs> {
    let Some(bucket) = s3(settings)? else {
        return Ok(Blobs::in_folder(&folder.join("blobs"))?);
    };
    let blobs = Blobs::in_s3(&bucket, &folder.join("bucket")).context(BUCKET)?;
    match blobs.check().await {
        Ok(()) => tracing::info!(place = blobs.place(), "bundles lie in a bucket"),
        Err(BlobError::Store(trouble)) => match trouble.kind() {
            TroubleKind::Away => tracing::warn!(
                place = blobs.place(),
                "the bundle store does not answer yet; is {ENDPOINT} right? {trouble}"
            ),
            kind => bail!("{}: {trouble}", remedy(kind, &bucket)),
        },
        Err(error) => return Err(error).context(BUCKET),
    }
    Ok(blobs)
}

/// How long a signed address holds; `None` when downloads are not sent on.
#[must_use]
pub fn signed_downloads(settings: &Settings) -> Option<Duration> {
    let seconds = settings.number(LIFETIME);
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn remedy(kind: TroubleKind, bucket: &S3Settings) -> String {
    let name = &bucket.bucket;
    match kind {
        TroubleKind::NoBucket => {
            format!(
                "{BUCKET}: there is no bucket `{name}`; make it, or correct {BUCKET} or {ENDPOINT}"
            )
        }
        TroubleKind::OtherRegion => format!(
            "MKP_S3_REGION: the bucket `{name}` is not in region `{}`; set the bucket's own",
            bucket.region
        ),
        _ => format!(
            "{ID}, {SECRET}: the store does not let this key list `{name}`; correct both, let the key \
             list, read, write and delete there, and set this machine's clock"
        ),
    }
}

/// What the settings say about a bucket; `None` without one.
fn s3(settings: &Settings) -> anyhow::Result<Option<S3Settings>> {
    let Some(place) = settings.optional(BUCKET) else {
        for name in [ENDPOINT, OUTSIDE, ID, SECRET] {
            if settings.optional(name).is_some() {
                bail!("{name} is set and {BUCKET} is not; name the bucket, or remove {name}");
            }
        }
        return Ok(None);
    };
    let (bucket, prefix) = place.split_once('/').unwrap_or((&place, ""));
    if bucket.is_empty() {
        bail!("{BUCKET} is `{place}`; expected BUCKET or BUCKET/FOLDER");
    }
    let endpoint = address(settings, ENDPOINT)?;
    let credentials = match (settings.optional(ID), settings.optional(SECRET)) {
        (Some(id), Some(secret)) => Some((id, secret)),
        (None, None) if endpoint.is_none() => None,
        (None, None) => {
            bail!("{ID} and {SECRET} are missing; set the access key of the store at {ENDPOINT}")
        }
        (Some(_), None) => bail!("{SECRET} is missing; set the secret of {ID}"),
        (None, Some(_)) => bail!("{ID} is missing; set the access key that {SECRET} belongs to"),
    };
    let seconds = settings.number(LIFETIME);
    if seconds > LONGEST {
        bail!("{LIFETIME} is {seconds}; expected 0 to {LONGEST}");
    }
    Ok(Some(S3Settings {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        endpoint,
        public_endpoint: address(settings, OUTSIDE)?,
        bucket_in_host: settings.on("MKP_S3_BUCKET_IN_HOST"),
        region: settings.text("MKP_S3_REGION").to_owned(),
        credentials,
    }))
}

fn address(settings: &Settings, name: &str) -> anyhow::Result<Option<Url>> {
    let Some(text) = settings.optional(name) else {
        return Ok(None);
    };
    let url: Url = text.parse().with_context(|| name.to_owned())?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    // The text is not repeated: a password may be in it.
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !bare {
        bail!(
            "{name}: expected http:// or https:// with a host and nothing else; keys go into {ID} and {SECRET}"
        );
    }
    Ok(Some(url))
}
