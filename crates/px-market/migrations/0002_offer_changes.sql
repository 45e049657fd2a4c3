CREATE TABLE offer_revision (
    one BIGINT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO offer_revision (one, value) VALUES (1, 1);

CREATE TABLE offer_changes (
    seq BIGINT PRIMARY KEY,
    plugin TEXT NOT NULL
);
