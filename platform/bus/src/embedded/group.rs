//! Groups, members and claims: the statements.

use std::collections::BTreeSet;

use platform_db::{Db, DbError, Tx};
use sqlx::{AnyConnection, Row as _};

use super::member::{Heads, Member};
use super::share::{Claim, Tables};
use super::{PARTITIONS, Position};

/// Members and claims of all groups.
pub(super) async fn load(conn: &mut AnyConnection) -> Result<Tables, DbError> {
    let mut tables = Tables::default();
    for row in sqlx::query("SELECT grp, topic, member FROM bus_member ORDER BY member")
        .fetch_all(&mut *conn)
        .await?
    {
        let key = (row.try_get("grp")?, row.try_get("topic")?);
        let members: &mut Vec<String> = tables.members.entry(key).or_default();
        members.push(row.try_get("member")?);
    }
    for row in sqlx::query(
        "SELECT grp, topic, part, member, generation, committed FROM bus_claim
         ORDER BY grp, topic, part",
    )
    .fetch_all(conn)
    .await?
    {
        tables.claims.push(Claim {
            group: row.try_get("grp")?,
            topic: row.try_get("topic")?,
            part: i32::try_from(row.try_get::<i64, _>("part")?).unwrap_or_default(),
            member: row.try_get("member")?,
            generation: row.try_get("generation")?,
            committed: row.try_get("committed")?,
        });
    }
    Ok(tables)
}

/// Heads of all partitions, and the epoch, in one statement: it runs after every commit.
pub(super) async fn heads(db: &Db) -> Result<(Heads, i64), DbError> {
    let rows = sqlx::query(
        "SELECT topic, part, next FROM bus_head
         UNION ALL SELECT '', 0, epoch FROM bus_epoch",
    )
    .fetch_all(db.reader())
    .await?;
    let (mut heads, mut epoch) = (Heads::new(), 0);
    for row in rows {
        let (topic, part, next): (String, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if topic.is_empty() {
            epoch = next;
        } else {
            let parts = heads.entry(topic).or_default();
            parts.insert(i32::try_from(part).unwrap_or_default(), next);
        }
    }
    Ok((heads, epoch))
}

/// Adds `member` of `process`, and its group's claims on partitions that it has none on yet: a new
/// group begins with the oldest message there is.
pub(super) async fn register(tx: &mut Tx, process: &str, member: &Member) -> Result<(), DbError> {
    for topic in &member.topics {
        sqlx::query(
            "INSERT INTO bus_member (member, topic, grp, process) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
        )
        .bind(&member.id)
        .bind(topic)
        .bind(&member.group)
        .bind(process)
        .execute(tx.conn())
        .await?;
        for part in 0..PARTITIONS {
            sqlx::query(
                "INSERT INTO bus_claim (grp, topic, part, member, generation, committed)
                 VALUES ($1, $2, $3, '', 0, coalesce(
                    (SELECT min(pos) FROM bus_log WHERE topic = $2 AND part = $3),
                    (SELECT next FROM bus_head WHERE topic = $2 AND part = $3), 0))
                 ON CONFLICT DO NOTHING",
            )
            .bind(&member.group)
            .bind(topic)
            .bind(i64::from(part))
            .execute(tx.conn())
            .await?;
        }
    }
    Ok(())
}

/// Removes members of `process` that are not in `living`. Their claims are free with that.
pub(super) async fn remove_members(
    tx: &mut Tx,
    process: &str,
    living: &BTreeSet<String>,
) -> Result<bool, DbError> {
    let known: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT member FROM bus_member WHERE process = $1")
            .bind(process)
            .fetch_all(tx.conn())
            .await?;
    let mut removed = false;
    for member in known.iter().filter(|member| !living.contains(*member)) {
        sqlx::query("DELETE FROM bus_member WHERE member = $1")
            .bind(member)
            .execute(tx.conn())
            .await?;
        removed = true;
    }
    Ok(removed)
}

/// Gives `claim` to `member`, or to nobody when that is empty, unless it has changed since it was
/// read. Its generation moves when it is taken, which fences the previous owner's commits.
pub(super) async fn assign(tx: &mut Tx, claim: &mut Claim, member: &str) -> Result<(), DbError> {
    let generation = claim.generation + i64::from(!member.is_empty());
    let changed = sqlx::query(
        "UPDATE bus_claim SET member = $1, generation = $2
         WHERE grp = $3 AND topic = $4 AND part = $5 AND member = $6 AND generation = $7",
    )
    .bind(member)
    .bind(generation)
    .bind(&claim.group)
    .bind(&claim.topic)
    .bind(i64::from(claim.part))
    .bind(&claim.member)
    .bind(claim.generation)
    .execute(tx.conn())
    .await?
    .rows_affected();
    if changed == 1 {
        member.clone_into(&mut claim.member);
        claim.generation = generation;
    }
    Ok(())
}

/// Tells every process to look at members and claims again.
pub(super) async fn bump(tx: &mut Tx) -> Result<(), DbError> {
    sqlx::query("UPDATE bus_epoch SET epoch = epoch + 1 WHERE id = 1")
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn epoch(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(
        sqlx::query_scalar("SELECT epoch FROM bus_epoch WHERE id = 1")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Shows that `process` lives: adds its row or lets it beat.
pub(super) async fn beat(tx: &mut Tx, process: &str) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO bus_process (process, beat) VALUES ($1, 1)
         ON CONFLICT (process) DO UPDATE SET beat = bus_process.beat + 1",
    )
    .bind(process)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All processes and their beats.
pub(super) async fn processes(tx: &mut Tx) -> Result<Vec<(String, i64)>, DbError> {
    let rows = sqlx::query("SELECT process, beat FROM bus_process")
        .fetch_all(tx.conn())
        .await?;
    let pairs = rows
        .iter()
        .map(|row| Ok((row.try_get("process")?, row.try_get("beat")?)));
    Ok(pairs.collect::<Result<_, sqlx::Error>>()?)
}

/// Removes a dead process with its members.
pub(super) async fn evict(tx: &mut Tx, process: &str) -> Result<(), DbError> {
    for sql in [
        "DELETE FROM bus_member WHERE process = $1",
        "DELETE FROM bus_process WHERE process = $1",
    ] {
        sqlx::query(sql).bind(process).execute(tx.conn()).await?;
    }
    bump(tx).await
}

/// Moves the committed position of a claim to `to`, never back. False when the claim is not the
/// member's under `generation` any more.
pub(super) async fn commit(
    db: &Db,
    member: &Member,
    generation: i64,
    to: &Position,
) -> Result<bool, DbError> {
    db.write(|mut tx| async move {
        let changed = sqlx::query(
            "UPDATE bus_claim SET committed = CASE WHEN committed < $1 THEN $1 ELSE committed END
             WHERE grp = $2 AND topic = $3 AND part = $4 AND member = $5 AND generation = $6",
        )
        .bind(to.pos)
        .bind(&member.group)
        .bind(&to.topic)
        .bind(i64::from(to.part))
        .bind(&member.id)
        .bind(generation)
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(changed == 1)
    })
    .await
}

/// Messages of `topic` that `group` has not committed; all there are for a group that is unknown.
pub(super) async fn lag(db: &Db, group: &str, topic: &str) -> Result<u64, DbError> {
    let behind: i64 = sqlx::query_scalar(
        "SELECT CAST(coalesce(sum(h.next - coalesce(
            (SELECT c.committed FROM bus_claim c
             WHERE c.grp = $1 AND c.topic = h.topic AND c.part = h.part),
            (SELECT min(l.pos) FROM bus_log l WHERE l.topic = h.topic AND l.part = h.part),
            h.next)), 0) AS BIGINT)
         FROM bus_head h WHERE h.topic = $2",
    )
    .bind(group)
    .bind(topic)
    .fetch_one(db.reader())
    .await?;
    Ok(u64::try_from(behind).unwrap_or_default())
}
