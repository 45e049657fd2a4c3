-- Requests a tenant's plugin answered, by the hour: `hour` is when it began. Kept for a month.
CREATE TABLE usage (
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    hour BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    PRIMARY KEY (tenant, plugin, hour)
);
CREATE INDEX usage_hour ON usage (hour);
