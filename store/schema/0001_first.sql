-- What was asked of the server, by whom, and what came of it. Rows are only ever added: numbers rise, a missing
-- number is a row that could not be kept, and each hash covers its row and the hash before it (audit.h).
CREATE TABLE audit (
    number          INTEGER PRIMARY KEY,
    time_us         INTEGER NOT NULL,
    channel         TEXT    NOT NULL,
    uid             INTEGER NOT NULL,
    user            TEXT    NOT NULL,
    gid             INTEGER NOT NULL,
    pid             INTEGER NOT NULL,
    command         TEXT    NOT NULL,
    login           TEXT    NOT NULL,
    tty             TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    method          TEXT    NOT NULL,
    resource        TEXT    NOT NULL,
    request_digest  BLOB    NOT NULL CHECK (length(request_digest) = 32),
    request         TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    decision        TEXT    NOT NULL CHECK (decision IN ('allowed', 'denied')),
    code            INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,
    revision_before INTEGER NOT NULL,
    revision_after  INTEGER NOT NULL,
    operation       INTEGER NOT NULL,
    hash            BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_time ON audit (time_us);
CREATE TRIGGER audit_rows_stay BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
CREATE TRIGGER audit_rows_do_not_change BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;

-- Operations as the supervisor showed them in the scoreboard; the newest picture of each.
CREATE TABLE operations (
    number         INTEGER PRIMARY KEY,
    update_number  INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    uid            INTEGER NOT NULL,
    total          INTEGER NOT NULL,
    done           INTEGER NOT NULL,
    draining       INTEGER NOT NULL,
    create_time_us INTEGER NOT NULL,
    end_time_us    INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    generation     INTEGER NOT NULL,
    result         TEXT    NOT NULL,
    reason         TEXT    NOT NULL
) STRICT;

CREATE TABLE operation_steps (
    operation     INTEGER NOT NULL REFERENCES operations (number) ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    slot          INTEGER NOT NULL,
    old_uid       INTEGER NOT NULL,
    old_pid       INTEGER NOT NULL,
    new_uid       INTEGER NOT NULL,
    new_pid       INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    start_time_us INTEGER NOT NULL,
    end_time_us   INTEGER NOT NULL,
    PRIMARY KEY (operation, position)
) STRICT, WITHOUT ROWID;
