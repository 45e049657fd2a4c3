CREATE TABLE addresses (
    tenant TEXT PRIMARY KEY,
    webhook_url TEXT,
    webhook_secret TEXT,
    secret_at BIGINT,
    email TEXT,
    language TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- `wish` changes with everything the Marketplace should know; `told` is the wish it knows.
ALTER TABLE subscriptions ADD COLUMN wish TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN told TEXT;
ALTER TABLE subscriptions ADD COLUMN refused TEXT;
UPDATE subscriptions SET told = wish WHERE remote IS NOT NULL;
