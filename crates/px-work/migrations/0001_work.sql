CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    unique_key TEXT,
    run_at BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    lease_until BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key) WHERE state IN ('ready', 'running');
CREATE INDEX jobs_due ON jobs (state, run_at);

CREATE TABLE consumers (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);

CREATE TABLE periodics (
    name TEXT PRIMARY KEY,
    next_at BIGINT NOT NULL
);
