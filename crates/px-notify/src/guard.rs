//! No request leaves for a place inside (server-side request forgery).
//!
//! Names are checked after they are resolved and just before connecting, so that a name that
//! points elsewhere the second time is of no use. Literal addresses never reach a resolver and are
//! checked in the URL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// An address that must not be connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{host}` leads to {address}, {kind}, which is not allowed; set allow_private_addresses to allow it"
)]
pub struct AddressRefused {
    /// Host as given.
    pub host: String,
    /// Address it leads to.
    pub address: IpAddr,
    /// Which kind of address that is.
    pub kind: &'static str,
}

/// Tells why an address is not a public unicast one; `Ok` when it is.
///
/// # Errors
/// The kind of address (IANA special-purpose registries, RFC 6890).
pub fn check_address(address: IpAddr) -> Result<(), &'static str> {
    match address {
        IpAddr::V4(v4) => check_v4(v4),
        IpAddr::V6(v6) => check_v6(v6),
    }
}

fn check_v4(a: Ipv4Addr) -> Result<(), &'static str> {
    let [b0, b1, b2, _] = a.octets();
    match (b0, b1, b2) {
        (0, ..) => Err("an address of this network"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Err("a private address"),
        (100, 64..=127, _) => Err("a carrier-grade NAT address"),
        (127, ..) => Err("a loopback address"),
        (169, 254, _) => Err("a link-local or metadata address"),
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) => Err("a reserved address"),
        (192, 88, 99) => Err("a relay address"),
        (198, 18 | 19, _) => Err("a benchmarking address"),
        (224..=239, ..) => Err("a multicast address"),
        (240..=255, ..) => Err("a reserved or broadcast address"),
        _ => Ok(()),
    }
}

fn check_v6(a: Ipv6Addr) -> Result<(), &'static str> {
    let s = a.segments();
    let tail = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        check_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        _ if a.is_unspecified() => Err("the unspecified address"),
        _ if a.is_loopback() => Err("a loopback address"),
        // IPv4 inside IPv6: mapped, compatible, NAT64 and 6to4 are judged by the address inside.
        [0, 0, 0, 0, 0, 0xffff | 0, h, l] | [0x64, 0xff9b, 0, 0, 0, 0, h, l] => tail(h, l),
        [0x2002, h, l, ..] => tail(h, l),
        [0x64, 0xff9b, 1, ..] => Err("a local translation address"),
        [0xfc00..=0xfdff, ..] => Err("a private address"),
        [0xfe80..=0xfebf, ..] => Err("a link-local address"),
        [0xfec0..=0xfeff, ..] => Err("a site-local address"),
        [0xff00..=0xffff, ..] => Err("a multicast address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] | [0x100, 0, 0, 0, ..] => {
            Err("a reserved address")
        }
        [0x2001, 0..=0x1ff, ..] => Err("a protocol assignment or tunnel address"),
        _ => Ok(()),
    }
}

/// Checks the literal address of a URL; names pass, the resolver checks them when connecting.
///
/// # Errors
/// When the host is a literal address that is not public.
pub fn check_url(url: &Url) -> Result<(), AddressRefused> {
    let address = match url.host() {
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
        _ => return Ok(()),
    };
    check(&address.to_string(), address)
}

fn check(host: &str, address: IpAddr) -> Result<(), AddressRefused> {
    check_address(address).map_err(|kind| AddressRefused {
        host: host.to_owned(),
        address,
        kind,
    })
}

/// A resolver for `reqwest` that refuses names which lead inside. One bad address among several
/// refuses the name: a receiver has no reason to mix them.
#[derive(Debug, Clone, Copy)]
pub struct GuardedResolver {
    allow_private: bool,
}

impl GuardedResolver {
    /// `allow_private` turns the check off.
    #[must_use]
    pub const fn new(allow_private: bool) -> Self {
        Self { allow_private }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let host = name.as_str();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            if !allow_private {
                for address in &found {
                    check(host, address.ip())?;
                }
            }
            let addrs: Addrs = Box::new(found.into_iter());
            Ok(addrs)
        })
    }
}

/// A client whose every connection passes the guard (check the URL itself with [`check_url`]),
/// that follows no redirects, uses no proxy and ends each request within `total`.
///
/// # Errors
/// When the TLS library finds no trust roots.
pub fn guarded_client(
    allow_private: bool,
    connect: Duration,
    total: Duration,
) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .dns_resolver(Arc::new(GuardedResolver::new(allow_private)))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(connect)
        .timeout(total)
        .pool_max_idle_per_host(4)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("PowerX-Notify/", env!("CARGO_PKG_VERSION")))
        .build()
}
