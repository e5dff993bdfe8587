-- What each of the newest blocks speaks of, so that who keeps pages in memory need not read the entries themselves,
-- several times a second in each process.
CREATE TABLE ledger_news (
    block    bigint      PRIMARY KEY,
    made_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    kinds    text[]      NOT NULL,
    subjects uuid[]      NOT NULL
);
