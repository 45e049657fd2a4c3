//! Names of the tus 1.0 resumable upload protocol (core, creation, checksum, expiration, termination).

/// Protocol version spoken.
pub const VERSION: &str = "1.0.0";
/// Extensions offered.
pub const EXTENSIONS: &str = "creation,checksum,expiration,termination";
/// Checksum algorithms offered.
pub const CHECKSUMS: &str = "sha256,sha1";
/// Content type of a chunk.
pub const OFFSET_STREAM: &str = "application/offset+octet-stream";
/// Request and answer header naming the protocol version.
pub const RESUMABLE: &str = "tus-resumable";
/// Header with the position of the next byte.
pub const OFFSET: &str = "upload-offset";
/// Header with the total size in bytes.
pub const LENGTH: &str = "upload-length";
/// Header with the time after which an unfinished upload is gone (RFC 9110 date).
pub const EXPIRES: &str = "upload-expires";
/// Header with algorithm and base64 digest of a chunk.
pub const CHECKSUM: &str = "upload-checksum";
