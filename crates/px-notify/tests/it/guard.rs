//! Addresses inside, in all their spellings.

use px_notify::{check_address, check_url};

#[test]
fn addresses_inside_are_refused_in_every_spelling_and_public_ones_pass() {
    for inside in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
    ] {
        assert!(check_address(inside.parse().unwrap()).is_err(), "{inside}");
    }
    for outside in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.167.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "::ffff:1.1.1.1",
        "2002:101:101::",
        "64:ff9b::101:101",
    ] {
        assert_eq!(check_address(outside.parse().unwrap()), Ok(()), "{outside}");
    }
}

#[test]
fn literal_hosts_are_judged_however_they_are_written() {
    for inside in [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::1]:8080/",
        "https://169.254.169.254/latest",
    ] {
        let error = check_url(&inside.parse().unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("allow_private_addresses"),
            "{inside}"
        );
    }
    check_url(&"https://example.com/".parse().unwrap()).unwrap();
    check_url(&"https://1.1.1.1/".parse().unwrap()).unwrap();
}
