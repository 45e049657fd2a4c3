CREATE INDEX versions_approved ON versions (listed_at, approval_micros) WHERE approval_micros IS NOT NULL;
