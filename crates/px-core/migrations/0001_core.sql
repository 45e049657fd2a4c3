CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    ring TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE catalog (
    version_id TEXT PRIMARY KEY,
    plugin TEXT NOT NULL,
    version TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    digest TEXT NOT NULL,
    doc TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    synced_at BIGINT NOT NULL
);
CREATE INDEX catalog_plugin ON catalog (plugin, listed_at);
CREATE INDEX catalog_digest ON catalog (digest);

CREATE TABLE sync (
    source TEXT PRIMARY KEY,
    cursor_at BIGINT NOT NULL,
    head BIGINT NOT NULL,
    polled_at BIGINT NOT NULL,
    event_at BIGINT NOT NULL,
    gaps BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    error TEXT
);


CREATE TABLE trust (
    source TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    pinned_at BIGINT NOT NULL
);

CREATE TABLE subscriptions (
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    channel TEXT NOT NULL,
    remote TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, plugin)
);
CREATE INDEX subscriptions_plugin ON subscriptions (plugin);

CREATE TABLE installed (
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    risk TEXT NOT NULL,
    committed TEXT,
    candidate TEXT,
    candidate_install TEXT,
    previous TEXT,
    pinned_until BIGINT,
    commit_install TEXT,
    permissions TEXT NOT NULL,
    policy TEXT NOT NULL,
    channel TEXT NOT NULL,
    secret TEXT NOT NULL,
    health TEXT NOT NULL,
    held BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, plugin)
);
CREATE INDEX installed_plugin ON installed (plugin);
CREATE INDEX installed_changed ON installed (changed_at);

CREATE TABLE installs (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    version_id TEXT,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    source TEXT NOT NULL,
    started_by TEXT NOT NULL,
    rollout TEXT,
    listed TEXT,
    granted TEXT NOT NULL,
    secret TEXT NOT NULL,
    actor TEXT NOT NULL,
    previous TEXT,
    facts TEXT,
    state TEXT NOT NULL,
    state_since BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    transitions BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    active BIGINT NOT NULL,
    ask TEXT,
    not_before BIGINT,
    confirm_by BIGINT,
    migrated BIGINT NOT NULL,
    was_committed BIGINT NOT NULL,
    problem TEXT,
    cause TEXT,
    blame TEXT,
    rollback_at BIGINT,
    rollback_micros BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX installs_one_active ON installs (tenant, plugin) WHERE active = 1;
CREATE INDEX installs_due ON installs (active, due_at);
CREATE INDEX installs_tenant ON installs (tenant, created_at);
CREATE INDEX installs_finished ON installs (finished_at);

CREATE TABLE install_steps (
    install TEXT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (install, seq)
);

CREATE TABLE install_logs (
    install TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (install, seq)
);

CREATE TABLE downloads (
    digest TEXT PRIMARY KEY,
    bytes_done BIGINT NOT NULL,
    bytes_total BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE rollouts (
    id TEXT PRIMARY KEY,
    plugin TEXT NOT NULL,
    version TEXT NOT NULL,
    version_id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX rollouts_open ON rollouts (state, created_at);

CREATE TABLE rollout_batches (
    rollout TEXT NOT NULL,
    batch BIGINT NOT NULL,
    percentage BIGINT NOT NULL,
    wait_seconds BIGINT NOT NULL,
    start_at BIGINT,
    started_at BIGINT,
    settled_at BIGINT,
    PRIMARY KEY (rollout, batch)
);

CREATE TABLE rollout_members (
    rollout TEXT NOT NULL,
    tenant TEXT NOT NULL,
    batch BIGINT NOT NULL,
    install TEXT,
    state TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (rollout, tenant)
);
CREATE INDEX rollout_members_install ON rollout_members (install);
