//! Tables of the embedded bus.

use platform_db::Migration;

/// * `bus_log` is the messages; `bus_head` the next position of each partition, which outlives
///   trimmed messages.
/// * `bus_process` beats for all members of a process; `bus_member` says who is in which group.
/// * `bus_claim` says who reads a partition for a group, under which generation, and how far the
///   group has come. `member` is empty when nobody does.
/// * `bus_epoch` changes whenever the members or claims of any group may need another look.
pub(super) const MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "CREATE TABLE bus_log (
        topic TEXT NOT NULL, part BIGINT NOT NULL, pos BIGINT NOT NULL,
        key TEXT NOT NULL, payload BLOB NOT NULL, headers TEXT NOT NULL, at_ms BIGINT NOT NULL,
        PRIMARY KEY (topic, part, pos));
    CREATE TABLE bus_head (
        topic TEXT NOT NULL, part BIGINT NOT NULL, next BIGINT NOT NULL,
        PRIMARY KEY (topic, part));
    CREATE TABLE bus_process (process TEXT PRIMARY KEY NOT NULL, beat BIGINT NOT NULL);
    CREATE TABLE bus_member (
        member TEXT NOT NULL, topic TEXT NOT NULL, grp TEXT NOT NULL, process TEXT NOT NULL,
        PRIMARY KEY (member, topic));
    CREATE TABLE bus_claim (
        grp TEXT NOT NULL, topic TEXT NOT NULL, part BIGINT NOT NULL, member TEXT NOT NULL,
        generation BIGINT NOT NULL, committed BIGINT NOT NULL,
        PRIMARY KEY (grp, topic, part));
    CREATE TABLE bus_epoch (id BIGINT PRIMARY KEY NOT NULL, epoch BIGINT NOT NULL);
    INSERT INTO bus_epoch (id, epoch) VALUES (1, 1)",
)];
