-- What each of the newest blocks speaks of, so that who keeps pages in memory need not read the entries themselves,
-- several times a second in each process.
CREATE TABLE ledger_news (
    block    bigint      NOT NULL,
    kind     text        NOT NULL,
    subjects uuid[]      NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (block, kind)
);
