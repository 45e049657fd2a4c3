-- Grows with every change of accounts, roles, sessions and tokens, in the same transaction: what a process
-- remembers about who somebody is holds only while the number is the one it was read at.
CREATE TABLE identity_changes (
    id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO identity_changes (id, number) VALUES (1, 0);
