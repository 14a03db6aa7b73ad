//! The tables.

use platform_db::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE accounts_user (
        user_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        email TEXT,
        email_key TEXT,
        display_name TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        role TEXT NOT NULL,
        suspended BIGINT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        deleted_at_ms BIGINT
    );
    CREATE INDEX accounts_user_email ON accounts_user (email_key, created_at_ms)
        WHERE email_key IS NOT NULL;
    CREATE INDEX accounts_user_admin ON accounts_user (user_id) WHERE role = 'admin';
    CREATE TABLE accounts_session (
        session_id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        seen_at_ms BIGINT NOT NULL,
        user_agent TEXT NOT NULL,
        address TEXT NOT NULL,
        refresh_hash TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        salt TEXT NOT NULL,
        rotated_at_ms BIGINT NOT NULL,
        generation BIGINT NOT NULL,
        expires_at_ms BIGINT NOT NULL,
        revoked_at_ms BIGINT
    );
    CREATE INDEX accounts_session_user ON accounts_session (user_id);
    CREATE INDEX accounts_session_expiry ON accounts_session (expires_at_ms);
    CREATE TABLE accounts_key (
        key_id TEXT PRIMARY KEY,
        seed BLOB NOT NULL,
        created_at_ms BIGINT NOT NULL
    );
    CREATE TABLE accounts_token (
        token_id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        created_at_ms BIGINT NOT NULL,
        used_at_ms BIGINT,
        expires_at_ms BIGINT,
        revoked_at_ms BIGINT
    );
    CREATE INDEX accounts_token_user ON accounts_token (user_id);
    CREATE TABLE accounts_link (
        hash TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        user_id TEXT,
        role TEXT,
        created_at_ms BIGINT NOT NULL,
        expires_at_ms BIGINT NOT NULL,
        used_at_ms BIGINT
    );
    CREATE INDEX accounts_link_user ON accounts_link (user_id) WHERE user_id IS NOT NULL;
    CREATE TABLE accounts_revocation (
        credential TEXT PRIMARY KEY,
        revoked_at_ms BIGINT NOT NULL
    );
    CREATE INDEX accounts_revocation_time ON accounts_revocation (revoked_at_ms);
    CREATE TABLE accounts_attempt (
        attempt_id TEXT NOT NULL,
        bucket TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        failed BIGINT NOT NULL,
        PRIMARY KEY (attempt_id, bucket)
    );
    CREATE INDEX accounts_attempt_bucket ON accounts_attempt (bucket, at_ms);
    CREATE INDEX accounts_attempt_time ON accounts_attempt (at_ms);
    CREATE TABLE accounts_known_address (
        user_id TEXT NOT NULL,
        address TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        PRIMARY KEY (user_id, address)
    );
    CREATE TABLE accounts_audit (
        entry_id TEXT PRIMARY KEY,
        at_ms BIGINT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        address TEXT NOT NULL
    );
    CREATE INDEX accounts_audit_time ON accounts_audit (at_ms)",
    ),
    Migration::new(
        2,
        "CREATE TABLE accounts_identity (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        user_id TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        PRIMARY KEY (issuer, subject)
    );
    CREATE INDEX accounts_identity_user ON accounts_identity (user_id);
    CREATE INDEX accounts_audit_actor ON accounts_audit (actor, at_ms);
    CREATE INDEX accounts_audit_subject ON accounts_audit (subject, at_ms)",
    ),
];
