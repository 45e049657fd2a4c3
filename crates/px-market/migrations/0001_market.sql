CREATE TABLE publishers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    verified BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE plugins (
    id TEXT PRIMARY KEY,
    publisher TEXT NOT NULL REFERENCES publishers (id),
    created_at BIGINT NOT NULL,
    listings BIGINT NOT NULL
);

CREATE TABLE versions (
    id TEXT PRIMARY KEY,
    review TEXT NOT NULL UNIQUE,
    publish TEXT NOT NULL UNIQUE,
    plugin TEXT NOT NULL REFERENCES plugins (id),
    publisher TEXT NOT NULL REFERENCES publishers (id),
    version TEXT NOT NULL,
    version_key TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    round BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    upload TEXT UNIQUE,
    upload_expires BIGINT NOT NULL,
    permissions TEXT NOT NULL,
    dependencies TEXT NOT NULL,
    signatures TEXT NOT NULL,
    notes TEXT,
    rollout TEXT,
    facts TEXT,
    risk TEXT NOT NULL,
    risk_rank BIGINT NOT NULL,
    submitted_at BIGINT,
    clock_from BIGINT,
    clock_used BIGINT NOT NULL,
    deadline BIGINT,
    warned BIGINT NOT NULL,
    verdict TEXT,
    findings BIGINT NOT NULL,
    claim_token BIGINT NOT NULL,
    claimed_by TEXT,
    claimed_name TEXT,
    claimed_until BIGINT,
    decision_notes TEXT,
    approval_micros BIGINT,
    listing TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    listed_at BIGINT,
    UNIQUE (plugin, version_key)
);
CREATE INDEX versions_queue ON versions (state, deadline);
CREATE INDEX versions_publisher ON versions (publisher, state);
CREATE INDEX versions_sha256 ON versions (sha256);

CREATE TABLE timeline (
    version TEXT NOT NULL REFERENCES versions (id),
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (version, seq)
);

CREATE TABLE reports (
    version TEXT NOT NULL REFERENCES versions (id),
    round BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    verdict TEXT NOT NULL,
    body TEXT NOT NULL,
    envelope TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (version, round)
);

CREATE TABLE approvals (
    version TEXT NOT NULL REFERENCES versions (id),
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    bound_to TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (version, account, bound_to)
);

CREATE TABLE offers (
    plugin TEXT NOT NULL REFERENCES plugins (id),
    channel TEXT NOT NULL,
    version TEXT NOT NULL REFERENCES versions (id),
    listed_at BIGINT NOT NULL,
    category TEXT,
    search TEXT NOT NULL,
    PRIMARY KEY (plugin, channel)
);
CREATE INDEX offers_order ON offers (channel, listed_at, plugin);

CREATE TABLE publisher_keys (
    id TEXT PRIMARY KEY,
    publisher TEXT NOT NULL REFERENCES publishers (id),
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL,
    chain TEXT NOT NULL,
    serial TEXT NOT NULL UNIQUE,
    not_after BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_reason TEXT
);

CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY,
    installation TEXT NOT NULL,
    tenant_ref TEXT NOT NULL,
    tenant_name TEXT NOT NULL,
    plugin TEXT NOT NULL,
    channel TEXT NOT NULL,
    policy TEXT NOT NULL,
    language TEXT NOT NULL,
    webhook_url TEXT,
    webhook TEXT,
    email TEXT,
    mail TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (installation, tenant_ref, plugin)
);
CREATE INDEX subscriptions_plugin ON subscriptions (plugin, channel);

CREATE TABLE outcomes (
    installation TEXT NOT NULL,
    report_id TEXT NOT NULL,
    tenant_ref TEXT NOT NULL,
    plugin TEXT NOT NULL,
    version TEXT NOT NULL,
    install TEXT,
    outcome TEXT NOT NULL,
    reason TEXT,
    code TEXT,
    at BIGINT NOT NULL,
    millis BIGINT,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (installation, report_id)
);
CREATE INDEX outcomes_version ON outcomes (version, outcome);

CREATE TABLE plugin_installs (
    plugin TEXT NOT NULL,
    installation TEXT NOT NULL,
    tenant_ref TEXT NOT NULL,
    version TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (plugin, installation, tenant_ref)
);
