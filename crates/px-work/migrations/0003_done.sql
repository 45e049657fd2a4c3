CREATE INDEX jobs_done ON jobs (finished_at) WHERE state = 'done';
