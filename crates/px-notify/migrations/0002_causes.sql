CREATE INDEX alerts_cause ON alerts (dedup, audience);
CREATE INDEX notices_pending ON notices (topic) WHERE state = 'pending';
