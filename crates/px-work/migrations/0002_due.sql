DROP INDEX jobs_due;
CREATE INDEX jobs_ready ON jobs (kind, run_at) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (kind, lease_until) WHERE state = 'running';
CREATE INDEX jobs_counted ON jobs (kind, state);
