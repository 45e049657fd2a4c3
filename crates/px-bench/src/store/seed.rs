//! A Marketplace with many plugins.

use px_store::{Db, Dialect, Env, vals};

/// Makes a database of its own on a PostgreSQL server; answers its address.
///
/// # Errors
/// When the server refuses.
pub async fn fresh(server: &str, name: &'static str) -> anyhow::Result<String> {
    let db = Db::open(server, Env::system()).await?;
    let sql = match name {
        "raw" => "CREATE DATABASE raw",
        "market" => "CREATE DATABASE market",
        "search" => "CREATE DATABASE search",
        other => anyhow::bail!("no database is called {other}"),
    };
    db.rows(sql, vals![]).await?;
    db.close().await;
    let (start, _) = server.rsplit_once('/').unwrap_or((server, ""));
    Ok(format!("{start}/{name}"))
}

/// Offers `count` plugins besides what there is: copies of the one version that is listed, each
/// with a name and words of its own.
///
/// # Errors
/// When the database refuses or nothing is listed.
pub async fn offer_many(address: &str, count: u32) -> anyhow::Result<()> {
    let db = Db::open(address, Env::system()).await?;
    let mut tx = db.begin().await?;
    if db.dialect() == Dialect::Sqlite {
        // Room for all of it, KiB: otherwise pages go to the disk, and come back, many times.
        tx.exec("PRAGMA cache_size = -1000000", vals![]).await?;
    }
    tx.exec(
        "INSERT INTO plugins (id, publisher, created_at, listings)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         SELECT 'com.example.plugin' || n.i, (SELECT publisher FROM plugins ORDER BY id LIMIT 1), n.i, 1 FROM n",
        vals![count],
    )
    .await?;
    tx.exec(
        "INSERT INTO versions (id, review, publish, plugin, publisher, version, version_key, channel, state,
             revision, round, sha256, size, upload, upload_expires, permissions, dependencies, signatures,
             notes, rollout, facts, risk, risk_rank, submitted_at, clock_from, clock_used, deadline, warned,
             verdict, findings, claim_token, claimed_by, claimed_name, claimed_until, decision_notes,
             approval_micros, listing, created_at, changed_at, listed_at)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         SELECT 'ver_' || CAST(1000000000 + n.i AS TEXT) || '0000000000000000000000',
             'rev_' || CAST(1000000000 + n.i AS TEXT) || '0000000000000000000000',
             'pub_' || CAST(1000000000 + n.i AS TEXT) || '0000000000000000000000',
             'com.example.plugin' || n.i, v.publisher, v.version,
             v.version_key, v.channel, v.state, v.revision, v.round, v.sha256, v.size, NULL, v.upload_expires,
             v.permissions, v.dependencies, v.signatures, v.notes, v.rollout, v.facts, v.risk, v.risk_rank,
             v.submitted_at, v.clock_from, v.clock_used, v.deadline, v.warned, v.verdict, v.findings,
             v.claim_token, v.claimed_by, v.claimed_name, v.claimed_until, v.decision_notes,
             v.approval_micros, v.listing, v.created_at, v.changed_at, v.listed_at - n.i
         FROM n, (SELECT * FROM versions WHERE listed_at IS NOT NULL ORDER BY listed_at LIMIT 1) AS v",
        vals![count],
    )
    .await?;
    for channel in ["stable", "any"] {
        // What the versions above say, without reading all of them again.
        tx.exec(
            "INSERT INTO offers (plugin, channel, version, listed_at, category, search)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2),
             w(k, word) AS (VALUES (0, 'invoice'), (1, 'calendar'), (2, 'report'), (3, 'chat'),
                 (4, 'storage'), (5, 'search'), (6, 'editor'), (7, 'monitor'), (8, 'payment'), (9, 'gallery'),
                 (10, 'survey'), (11, 'ticket'), (12, 'backup'), (13, 'mail'), (14, 'map'), (15, 'workflow'))
             SELECT 'com.example.plugin' || n.i, $1,
                 'ver_' || CAST(1000000000 + n.i AS TEXT) || '0000000000000000000000', first.listed_at - n.i, 'samples',
                 'com.example.plugin' || n.i || ' ' || w.word || ' for teams, number ' || n.i
                     || ' made by example publishers'
             FROM (SELECT listed_at FROM versions WHERE listed_at IS NOT NULL AND plugin NOT LIKE 'com.example.plugin%'
                 ORDER BY listed_at LIMIT 1) AS first, n JOIN w ON w.k = n.i % 16",
            vals![channel, count],
        )
        .await?;
    }
    tx.commit().await?;
    db.close().await;
    Ok(())
}
