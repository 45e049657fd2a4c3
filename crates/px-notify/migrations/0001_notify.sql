CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    language TEXT,
    secret TEXT,
    old_secret TEXT,
    old_until BIGINT,
    state TEXT NOT NULL,
    reason TEXT,
    failures BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_ok_at BIGINT,
    last_failed_at BIGINT
);
CREATE INDEX endpoints_owner ON endpoints (owner, state);

CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL REFERENCES endpoints (id),
    channel TEXT NOT NULL,
    receiver TEXT NOT NULL,
    topic TEXT NOT NULL,
    dedup TEXT,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    base_at BIGINT NOT NULL,
    next_at BIGINT,
    ended_at BIGINT,
    last_status BIGINT,
    last_error TEXT
);
CREATE UNIQUE INDEX notices_once ON notices (endpoint, dedup);
CREATE INDEX notices_topic ON notices (topic, receiver);
CREATE INDEX notices_state ON notices (state, ended_at);

CREATE TABLE inbox (
    id TEXT PRIMARY KEY,
    audience TEXT NOT NULL,
    level TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    body_en TEXT NOT NULL,
    body_zh TEXT NOT NULL,
    subject TEXT,
    dedup TEXT,
    at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE UNIQUE INDEX inbox_once ON inbox (audience, dedup);
CREATE INDEX inbox_audience ON inbox (audience, at);
CREATE INDEX inbox_subject ON inbox (subject);

CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    audience TEXT NOT NULL,
    severity TEXT NOT NULL,
    kind TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    body_en TEXT NOT NULL,
    body_zh TEXT NOT NULL,
    tenant TEXT,
    subject TEXT,
    dedup TEXT,
    state TEXT NOT NULL,
    times BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    resolved_at BIGINT
);
CREATE UNIQUE INDEX alerts_open ON alerts (audience, dedup) WHERE state = 'open';
CREATE INDEX alerts_audience ON alerts (audience, state, last_at);
