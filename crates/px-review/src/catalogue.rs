//! Every check by name: what it looks at, how bad a finding is, and the words for `explain`.

use crate::report::{Bucket, Severity};
use std::fmt;
use std::str::FromStr;

/// What is written down about one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckInfo {
    /// Stable id, such as `ARC-01`; never reused for something else.
    pub id: CheckId,
    /// One line in English.
    pub title: &'static str,
    /// One line in Simplified Chinese.
    pub title_zh: &'static str,
    /// Severity of a finding unless the finding says otherwise.
    pub severity: Severity,
    /// Where its findings are shown.
    pub bucket: Bucket,
    /// Why the check exists and how to satisfy it.
    pub explain: &'static str,
}

/// Text that names no check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a check; `px-plugin explain` lists them all")]
pub struct UnknownCheck(pub String);

macro_rules! catalogue {
    ($($name:ident $id:literal $severity:ident $bucket:ident $title:literal $zh:literal $explain:literal;)*) => {
        /// The id of a check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum CheckId { $(#[doc = $title] #[serde(rename = $id)] $name,)* }

        /// Every check, in the order in which reports list them.
        pub const CATALOGUE: &[CheckInfo] = &[$(CheckInfo {
            id: CheckId::$name, title: $title, title_zh: $zh, severity: Severity::$severity,
            bucket: Bucket::$bucket, explain: $explain,
        },)*];

        impl CheckId {
            /// The id as people write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $id,)* } }
        }

        impl FromStr for CheckId {
            type Err = UnknownCheck;
            fn from_str(text: &str) -> Result<Self, UnknownCheck> {
                match text.to_ascii_uppercase().as_str() {
                    $($id => Ok(Self::$name),)*
                    _ => Err(UnknownCheck(text.chars().take(32).collect())),
                }
            }
        }
    };
}

impl CheckId {
    /// What is written down about it.
    #[must_use]
    pub const fn info(self) -> &'static CheckInfo {
        &CATALOGUE[self as usize]
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

catalogue! {
    Arc01 "ARC-01" Block Security "Paths stay inside the bundle" "路径不得逃出插件包"
        "A path with `..`, a leading slash, a drive letter, a backslash or a reserved device name can be written outside the folder it is unpacked to. Pack from the plugin's own folder and use relative paths with forward slashes.";
    Arc02 "ARC-02" Block Security "Only plain files and folders" "只允许普通文件和目录"
        "Symbolic links, hard links, devices and pipes make an archive mean something else on another machine. Put a copy of the file where the link was.";
    Arc03 "ARC-03" Block Security "Within the size, count and expansion limits" "大小、条目数与展开比例在限制之内"
        "Limits are counted while the archive is read, whatever it declares, so that a small upload cannot fill a disk. Leave out build caches, dependencies that are not needed at run time and generated data.";
    Arc04 "ARC-04" Block Security "One unambiguous archive structure" "归档结构无歧义"
        "The central directory and the local headers must say the same, entries must not overlap, and nothing may stand before or after the archive; otherwise two programs unpack two different plugins. Use `px-plugin pack`.";
    Arc05 "ARC-05" Block Security "No two entries with the same name" "不得有同名条目"
        "Names that differ only by letter case or Unicode form overwrite one another on some file systems. Rename one of them.";
    Arc06 "ARC-06" Block Security "One kind of archive only" "只能是一种归档格式"
        "Bytes that are valid as two formats are read differently by two programs. Use `px-plugin pack`.";
    Arc07 "ARC-07" Block Security "Extended sizes agree" "扩展头中的大小一致"
        "A tar entry whose extended header gives another size than its header is read differently by two programs. Use `px-plugin pack`.";
    Arc08 "ARC-08" Error Security "No archives inside the archive" "包内不得再含归档"
        "Nested archives hide their content from every check. Unpack them into the plugin, or build what they hold.";
    Arc09 "ARC-09" Warning Documentation "No litter" "不含杂物"
        "Version-control folders, editor and operating-system files make the bundle larger and can leak history. Leave them out with `.pxpignore`.";
    Arc10 "ARC-10" Block Security "No encryption, usual compression only" "不加密，仅用常用压缩"
        "An encrypted entry cannot be reviewed, and unusual compression methods are not understood by every installation. Use stored or deflated entries.";
    Arc11 "ARC-11" Block Security "Readable names" "名称可读"
        "Control and bidirectional characters make a name look like another one. Use visible characters in one direction.";
    Arc12 "ARC-12" Block Security "Files are those of integrity.txt" "文件与 integrity.txt 一致"
        "Every file is listed in `integrity.txt` with its SHA-256, and every listed file is present with that digest. Pack and sign again after the last change.";
    Man01 "MAN-01" Block Manifest "The manifest is valid" "清单有效"
        "`plugin.yaml` is present, its fields have the types and values the PowerX core expects, and the files it names exist.";
    Man02 "MAN-02" Block Manifest "No duplicate keys or expanding aliases" "无重复键与膨胀的别名"
        "Two values for one key, or aliases that expand without bound, are understood differently by different programs. Keep one value and write repeated parts out.";
    Man03 "MAN-03" Block Manifest "plugin.yaml, manifest.json and the request agree" "plugin.yaml、manifest.json 与请求一致"
        "The plugin, version, permissions and dependencies that were registered are those that the bundle declares. Pack again after changing `plugin.yaml`, and publish what you packed.";
    Man04 "MAN-04" Block Manifest "A new version, newer on its channel" "版本号为新，且在其通道上更新"
        "A version is listed once: its bytes never change, not even after it was withdrawn, and each version on a channel is newer than the one before. Raise `version` in `plugin.yaml`.";
    Man05 "MAN-05" Hold Manifest "The name is free to use" "名称可用"
        "Names that hold reserved words or lie below another publisher's prefix need a person's agreement. Use your own domain, reversed.";
    Man06 "MAN-06" Hold Manifest "The name does not look like another plugin's" "名称不与其他插件相似"
        "A name that differs from a listed one by a letter, a look-alike character or the order of its words is how people are tricked into installing the wrong plugin. Choose a clearly different name.";
    Man07 "MAN-07" Error Manifest "The licence is an SPDX expression" "许可证为 SPDX 表达式"
        "`metadata.license` is an SPDX expression such as `Apache-2.0` or `MIT OR Apache-2.0`, so that programs can tell what a tenant may do. `LicenseRef-…` names your own terms, whose text must then be in the bundle.";
    Man08 "MAN-08" Hold Security "Permissions that the last version did not have" "相较上一版本新增的权限"
        "A new permission is what an update by a stolen account would ask for, so a person looks at it. Say in the changelog why it is needed.";
    Dep01 "DEP-01" Block Dependencies "Dependencies resolve" "依赖可解析"
        "For every supported core some set of listed versions satisfies `dependencies.requires` and does not include anything of `dependencies.conflicts`. Widen a range, or publish what is missing first.";
    Dep02 "DEP-02" Block Dependencies "No dependency cycles" "无循环依赖"
        "Plugins that need one another cannot be installed in any order. Remove one edge.";
    Dep03 "DEP-03" Hold Dependencies "Dependencies that the last version did not have" "相较上一版本新增的依赖"
        "A new dependency brings another publisher's code along, so a person looks at it.";
    Dep05 "DEP-05" Block Security "Nothing from the blocklist" "不含黑名单中的权限或依赖"
        "The operator of this Marketplace never lists plugins with this permission or dependency (`MKP_SECURITY_BLOCKLIST`). Do without it, or ask the operator.";
    Cmp01 "CMP-01" Warning Compatibility "The range of cores is sensible" "核心版本范围合理"
        "`corex_version` says on which cores the plugin runs. A range without an upper bound promises cores that do not exist yet; a single release excludes everybody else. `>=0.1.0, <1.0.0` is a good form.";
    Cmp02 "CMP-02" Block Compatibility "Supported cores offer what is imported" "受支持的核心提供所需的导入"
        "The component imports an interface that a core in its `corex_version` range does not offer. Narrow the range, or build against an older interface.";
    Cmp04 "CMP-04" Block Compatibility "Starts, answers and stops" "可启动、可应答、可停止"
        "The plugin is started in the sandbox as an installation would start it: it must become healthy, answer its declared smoke requests and stop when asked.";
    Wsm01 "WSM-01" Block Compatibility "Valid component" "组件有效"
        "The WebAssembly file is a valid component (not a core module) and uses only features that the runtime supports. Build for `wasm32-wasip2` with a current toolchain.";
    Wsm02 "WSM-02" Block Security "Imports are covered by permissions" "导入均有权限支持"
        "A component may import only what its declared permissions allow: outgoing HTTP needs `http:outbound:HOST`, sockets need a `net:…` permission. Declare the permission, or remove the import.";
    Wsm03 "WSM-03" Error Compatibility "Modest memory and tables" "内存与表的声明适度"
        "The memories and tables that a component asks for at the start must fit into the runtime's limits. Lower the initial memory in the linker's settings.";
    Bin01 "BIN-01" Block Compatibility "Executables match the declared platform" "可执行文件与声明的平台一致"
        "The entry and the migration programs have the format and the architecture of the platform that the manifest declares (Linux on x86-64, or what the reviewing machine runs, unless it says otherwise).";
    Bin02 "BIN-02" Block Security "No executables that nobody declared" "不含未声明的可执行文件"
        "Native programs, libraries and WebAssembly files are recognised by their content, whatever they are called. Name each in the manifest (`runtime.entry`, `migrations.entry`, `runtime.executables`), or leave it out.";
    Bin03 "BIN-03" Error Security "Hardened executables" "可执行文件已加固"
        "Set-user-id bits and memory that is writable and executable make every mistake worse. Clear the bits and link with the toolchain's defaults.";
    Js01 "JS-01" Error Security "No eval in scripts" "脚本不使用 eval"
        "`eval`, `new Function` and `document.write` run text as code. Admin pages are served with a policy that forbids them.";
    Js02 "JS-02" Block Security "No scripts from elsewhere" "不加载外部脚本"
        "A script loaded from another host can change after the review. Put it into the bundle.";
    Js05 "JS-05" Block Security "No invisible or direction-changing characters in code" "代码中无不可见或改变方向的字符"
        "Such characters make code read differently from what it does. Write them as escapes where they are really needed.";
    Sec01 "SEC-01" Block Security "No secrets" "不含密钥"
        "A key, token or password in a bundle is public as soon as the bundle is. Remove it, revoke it where it is valid, and take it from the plugin's settings at run time.";
    Sec02 "SEC-02" Block Security "No known malware" "不含已知恶意内容"
        "The content matches a rule for malicious code, or its digest is on the list of blocked files.";
    Prv01 "PRV-01" Block Security "Signed by a registered, unrevoked key" "由已注册且未吊销的密钥签名"
        "The publisher's signature is over exactly these bytes, by a key that the Marketplace certified for this publisher. Sign with `px-plugin sign` after packing.";
    Doc01 "DOC-01" Warning Documentation "Documentation is there" "文档齐备"
        "`CHANGELOG.md` has an entry for this version, `README.md` is not the template, and the images and files they point to exist.";
    Tst01 "TST-01" Error Documentation "Tests were run and cover enough" "已运行测试且覆盖率达标"
        "`reports/` holds a test report without failures and a coverage report above the threshold (80 % unless the policy says otherwise).";
}
