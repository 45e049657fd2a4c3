//! Why something was refused or taken back, in Chinese. Faults are recorded as one plain English
//! sentence, which logs and the API keep as it is; this table says the known ones anew.

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Known words, a name or a number: Chinese as it stands.
    Chinese(String),
    /// Words of a plugin, a system or a person, as they were recorded.
    Recorded(String),
}

/// The sentence as it is recorded, without its full stop, and as it is said. `{}` stands for what
/// differs from time to time, in the same order in both; in the Chinese, `{w}` for words that may be
/// a known sentence again, or somebody else's.
const SENTENCES: &[(&str, &str)] = &[
    ("Its health checks failed: {}", "健康检查未通过：{w}"),
    ("Health checks failed: {}", "健康检查未通过：{w}"),
    ("It trapped or died {} times", "插件异常中止 {} 次"),
    (
        "{} % of its requests failed; before it was {} %",
        "{} % 的请求失败，此前为 {} %",
    ),
    (
        "Its median answer takes {} ms; before it was {} ms",
        "响应时间中位数为 {} 毫秒，此前为 {} 毫秒",
    ),
    (
        "The process that watched the new version is gone, so the version that was there before serves",
        "负责观察新版本的进程已中断，因此恢复为上一版本",
    ),
    ("It stayed in {} past its limit", "步骤 {} 超过时限"),
    (
        "It changed its state {} times, which is a loop. An operator has to look",
        "状态已变更 {} 次，疑似陷入循环，需要管理员处理",
    ),
    (
        "It was cancelled before anything was put in place",
        "在切换之前已取消",
    ),
    (
        "It did not answer its health and smoke requests in time",
        "未在时限内应答健康检查与试运行请求",
    ),
    (
        "The version before does not come back: {}",
        "上一版本无法恢复服务：{w}",
    ),
    ("It needs {}, which is not installed", "依赖的 {} 尚未安装"),
    ("It needs {}; {} is installed", "依赖 {}，当前安装的是 {}"),
    (
        "It runs on cores {}; this one is {}",
        "支持的 PowerX 核心版本为 {}，当前为 {}",
    ),
    ("It cannot be installed beside {}", "不能与 {} 同时安装"),
    ("Nobody has granted {}", "尚未授予权限 {}"),
    (
        "{} of batch {} failed, and there are too few outcomes to go on",
        "{} 个租户失败（第 {} 批），结果过少，暂不继续",
    ),
    (
        "Too many tenants could not keep the release",
        "未能保留该版本的租户过多",
    ),
    (
        "{} tenants of the first batch failed alike: {}",
        "首批中有 {} 个租户因同一原因失败：{}",
    ),
    (
        "The bundle has another SHA-256",
        "安装包的 SHA-256 摘要不符",
    ),
    (
        "The {} bytes that came have another SHA-256",
        "下载的 {} 字节内容 SHA-256 摘要不符",
    ),
    (
        "The bundle has {} bytes, not the ones promised",
        "安装包大小为 {} 字节，与声明不符",
    ),
    (
        "The bundle is longer than the {} bytes promised or allowed",
        "安装包超过声明或允许的 {} 字节",
    ),
    (
        "The bundle asks for other permissions than were reviewed",
        "安装包请求的权限与审核时不一致",
    ),
    (
        "The origin sends too slowly or not at all",
        "下载源传输过慢或没有响应",
    ),
    (
        "The origin sent {} of {} bytes",
        "下载源只发送了 {} 字节（共 {} 字节）",
    ),
    ("The origin answered {}", "下载源返回 {}"),
    ("The origin cannot be reached: {}", "无法连接下载源：{w}"),
    (
        "the plugin stopped with a trap: {}",
        "插件运行时异常中止：{w}",
    ),
    ("wasm trap: {}", "wasm 运行异常：{w}"),
    ("wasm {} instruction executed", "执行到 wasm 指令 {}"),
    (
        "the plugin did not answer within {} ms",
        "插件在 {} 毫秒内没有应答",
    ),
    (
        "the plugin needed more than its {} bytes of memory",
        "插件内存用量超过上限 {} 字节",
    ),
    (
        "the plugin gave no usable answer: {}",
        "插件的应答无法使用：{w}",
    ),
    ("the plugin is not running: {}", "插件没有运行：{w}"),
    ("the health path answered {}", "健康检查地址返回 {}"),
    ("the plugin host failed: {}", "插件宿主出错：{w}"),
    ("{} cannot be read: {}", "无法读取 {}：{w}"),
    (
        "not a component this host can run: {}",
        "组件无法在此环境中运行：{w}",
    ),
    ("the program could not be started: {}", "程序无法启动：{w}"),
    ("the sandbox cannot be built: {}", "无法建立沙箱：{w}"),
    (
        "not healthy after {} ms: {}; last log line: {}",
        "{} 毫秒后仍未就绪：{w}；最后一行日志：{w}",
    ),
    (
        "the migration did not end within {} s",
        "数据迁移未在 {} 秒内完成",
    ),
    ("the migration failed ({})", "数据迁移失败（{w}）"),
];

/// `recorded` in Chinese, without a full stop; what is not known stays as it was recorded.
#[must_use]
pub fn chinese(recorded: &str) -> Vec<Piece> {
    let text = recorded.trim().trim_end_matches('.');
    let found = SENTENCES.iter().find_map(|(english, said)| {
        let holes = fit(english, text)?;
        Some((said, holes))
    });
    let Some((said, holes)) = found else {
        return vec![Piece::Recorded(recorded.trim().to_owned())];
    };
    let mut holes = holes.into_iter();
    let mut pieces = Vec::new();
    for (n, part) in said.split('{').enumerate() {
        let (kind, words) = part.split_once('}').unwrap_or(("", part));
        match (n > 0).then(|| holes.next()).flatten() {
            Some(hole) if kind == "w" => pieces.extend(chinese(hole)),
            Some(hole) => pieces.push(Piece::Chinese(hole.to_owned())),
            None => {}
        }
        pieces.push(Piece::Chinese(words.to_owned()));
    }
    joined(pieces)
}

/// `recorded` in Chinese as one text without a full stop, for where languages are not marked.
#[must_use]
pub fn chinese_text(recorded: &str) -> String {
    let pieces = chinese(recorded.trim().trim_end_matches('.')).into_iter();
    pieces
        .map(|(Piece::Chinese(text) | Piece::Recorded(text))| text)
        .collect()
}

/// Neighbours of the same language as one piece.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (out.last_mut(), piece) {
            (_, Piece::Chinese(text) | Piece::Recorded(text)) if text.is_empty() => {}
            (Some(Piece::Chinese(before)), Piece::Chinese(text)) => before.push_str(&text),
            (_, piece) => out.push(piece),
        }
    }
    out
}

/// What stands in the gaps of `pattern` in `text`; `None` when it is another sentence.
fn fit<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut words = pattern.split("{}");
    let mut rest = text.strip_prefix(words.next()?)?;
    let mut holes = Vec::new();
    let mut words = words.peekable();
    while let Some(next) = words.next() {
        let end = match words.peek() {
            None if !rest.ends_with(next) => return None,
            None => rest.len() - next.len(),
            Some(_) => rest.find(next)?,
        };
        holes.push(rest.get(..end)?);
        rest = rest.get(end + next.len()..)?;
    }
    rest.is_empty().then_some(holes)
}
