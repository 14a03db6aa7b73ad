//! The one task of a process that keeps its members alive, shares partitions and wakes readers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use platform_core::{Clock as _, Lifecycle, SystemClock};
use platform_db::{Db, DbError, Tx};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::alive::Sign;
use super::member::{Heads, Member};
use super::share::{self, Local, Plan, Tables};
use super::{Settings, group, log};

/// How often old messages are deleted.
const TRIM_EVERY: Duration = Duration::from_hours(1);

/// What the members of a process share.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) db: Db,
    pub(super) heads: watch::Sender<Heads>,
    settings: Settings,
    process: String,
    sign: Sign,
    members: Mutex<BTreeMap<String, Arc<Member>>>,
    nudge: Notify,
    /// Whoever changes members or claims holds it, so that memory and tables change in one order.
    desk: tokio::sync::Mutex<Desk>,
}

#[derive(Debug, Clone, Default)]
struct Desk {
    /// The epoch that the holdings in memory are of.
    epoch: i64,
    /// Each process's beat, and since when it has stood there. Beats are counted, not timed, so
    /// that a clock that jumps evicts nobody.
    beats: BTreeMap<String, (i64, Instant)>,
    last_look: Option<Instant>,
}

impl Hub {
    pub(super) fn new(db: Db, settings: Settings, process: String, sign: Sign) -> Self {
        Self {
            db,
            heads: watch::Sender::default(),
            settings,
            process,
            sign,
            members: Mutex::default(),
            nudge: Notify::new(),
            desk: tokio::sync::Mutex::default(),
        }
    }

    fn members(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a member, to be joined with the group by [`Hub::reconcile`].
    pub(super) fn add(&self, member: &Arc<Member>) {
        self.members().insert(member.id.clone(), Arc::clone(member));
        self.nudge.notify_one();
    }

    /// Removes a member, soon from its group too. Returns whether it was there.
    pub(super) fn remove(&self, member: &Member) -> bool {
        let removed = self.members().remove(&member.id).is_some();
        self.nudge.notify_one();
        removed
    }

    /// Asks for another look at members and claims.
    pub(super) fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Runs until the life drains and all members have left, or it stops.
    pub(super) async fn run(self: Arc<Self>, lifecycle: Lifecycle) {
        let mut changes = self.db.changes();
        let mut beat = interval(self.settings.lease / 3);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trim = interval(TRIM_EVERY);
        loop {
            let deserted = self.members().is_empty();
            let outcome = tokio::select! {
                () = lifecycle.stopping() => break,
                () = lifecycle.draining(), if deserted => break,
                _ = changes.changed(), if !deserted => self.refresh().await,
                () = self.nudge.notified() => self.reconcile().await,
                _ = beat.tick(), if !deserted => self.beat().await,
                _ = trim.tick() => self.trim().await,
            };
            if let Err(error) = outcome {
                report(&error, "the event bus could not look after its groups");
                tokio::time::sleep(self.settings.lease / 10).await;
                self.nudge.notify_one();
            }
        }
        self.members().clear();
        if let Err(error) = self.leave().await {
            report(
                &error,
                "others notice late that this process left its groups",
            );
        }
        self.sign.remove();
    }

    /// Reads what has changed and wakes readers; shares anew when members came or went.
    pub(super) async fn refresh(&self) -> Result<(), DbError> {
        let (heads, epoch) = group::heads(&self.db).await?;
        self.heads.send_if_modified(|known| {
            let changed = *known != heads;
            *known = heads;
            changed
        });
        if self.desk.lock().await.epoch == epoch {
            return Ok(());
        }
        self.reconcile().await
    }

    /// Brings the tables in line with the members of this process, and its members' holdings in
    /// line with the tables.
    pub(super) async fn reconcile(&self) -> Result<(), DbError> {
        let mut desk = self.desk.lock().await;
        let members: Vec<_> = self.members().values().cloned().collect();
        let (members, before) = (&members, &*desk);
        let (tables, plan, after) = self
            .db
            .write(|tx| self.share_anew(tx, members, before.clone()))
            .await?;
        *desk = after;
        for member in members {
            let revoked = revoked(&tables, &plan, member);
            member.adopt(&tables.claims, &revoked);
        }
        Ok(())
    }

    async fn share_anew(
        &self,
        mut tx: Tx,
        members: &[Arc<Member>],
        mut desk: Desk,
    ) -> Result<(Tables, Plan, Desk), DbError> {
        let mut changed = self.enrol(&mut tx, members, &mut desk).await?;
        let mut tables = group::load(tx.conn()).await?;
        let locals: Vec<_> = members
            .iter()
            .map(|member| member.local(self.settings.handover))
            .collect();
        let plan = share::plan(&tables, &locals);
        let released = release(&mut tx, &mut tables, &plan, members, &locals).await?;
        changed |= released || !plan.take.is_empty();
        for (index, member) in &plan.take {
            if let Some(claim) = tables.claims.get_mut(*index) {
                group::assign(&mut tx, claim, member).await?;
            }
        }
        if released {
            group::bump(&mut tx).await?;
        }
        desk.epoch = group::epoch(&mut tx).await?;
        if changed {
            tx.commit().await?;
        }
        Ok((tables, plan, desk))
    }

    /// Registers members that the tables do not know (they are new, or were thought dead) and
    /// removes those that left. Returns whether anything changed.
    async fn enrol(
        &self,
        tx: &mut Tx,
        members: &[Arc<Member>],
        desk: &mut Desk,
    ) -> Result<bool, DbError> {
        let known: BTreeSet<String> =
            sqlx::query_scalar("SELECT DISTINCT member FROM bus_member WHERE process = $1")
                .bind(&self.process)
                .fetch_all(tx.conn())
                .await?
                .into_iter()
                .collect();
        let living: BTreeSet<String> = members.iter().map(|m| m.id.clone()).collect();
        if known == living {
            return Ok(false);
        }
        if known.is_empty() {
            group::beat(tx, &self.process).await?;
            self.evict_dead(tx, desk).await?;
        }
        for member in members.iter().filter(|m| !known.contains(&m.id)) {
            group::register(tx, &self.process, member).await?;
        }
        group::remove_members(tx, &self.process, &living).await?;
        group::bump(tx).await?;
        Ok(true)
    }

    /// Shows that this process lives, and looks whether others do.
    async fn beat(&self) -> Result<(), DbError> {
        let giving = self.members().values().any(|member| member.is_giving());
        if giving {
            self.nudge.notify_one();
        }
        let mut desk = self.desk.lock().await;
        let before = &*desk;
        let after = self
            .db
            .write(|mut tx| async move {
                let mut desk = before.clone();
                group::beat(&mut tx, &self.process).await?;
                self.evict_dead(&mut tx, &mut desk).await?;
                tx.commit().await?;
                Ok::<_, DbError>(desk)
            })
            .await?;
        *desk = after;
        Ok(())
    }

    /// Evicts processes that are known to be dead, or have not moved for a lease.
    async fn evict_dead(&self, tx: &mut Tx, desk: &mut Desk) -> Result<(), DbError> {
        let (now, lease) = (Instant::now(), self.settings.lease);
        if desk.last_look.is_some_and(|last| now - last > lease) {
            // This process stood still itself: it cannot tell for how long the others have.
            desk.beats.clear();
        }
        desk.last_look = Some(now);
        let mut beats = BTreeMap::new();
        for (process, beat) in group::processes(tx).await? {
            if process == self.process {
                continue;
            }
            let since = match desk.beats.get(&process) {
                Some((known, since)) if *known == beat => *since,
                _ => now,
            };
            if now - since > lease || self.sign.is_gone(&process) {
                info!(process, "a process has died: its partitions are free");
                group::evict(tx, &process).await?;
            } else {
                beats.insert(process, (beat, since));
            }
        }
        desk.beats = beats;
        Ok(())
    }

    async fn leave(&self) -> Result<(), DbError> {
        if self.desk.lock().await.epoch == 0 {
            return Ok(());
        }
        self.db
            .write(|mut tx| async move {
                group::evict(&mut tx, &self.process).await?;
                tx.commit().await
            })
            .await
    }

    async fn trim(&self) -> Result<(), DbError> {
        let retention = i64::try_from(self.settings.retention.as_millis()).unwrap_or(i64::MAX);
        let before = SystemClock.now_ms().saturating_sub(retention);
        while log::trim(&self.db, before).await? {}
        Ok(())
    }
}

fn report(error: &DbError, what: &'static str) {
    let reason: &dyn std::error::Error = error;
    warn!(error = reason, "{what}");
}

/// Gives up what `plan` says, unless messages were delivered meanwhile.
async fn release(
    tx: &mut Tx,
    tables: &mut Tables,
    plan: &Plan,
    members: &[Arc<Member>],
    locals: &[Local],
) -> Result<bool, DbError> {
    let mut released = false;
    for index in &plan.release {
        let Some(claim) = tables.claims.get_mut(*index) else {
            continue;
        };
        let partition = (claim.topic.clone(), claim.part);
        let owner = members
            .iter()
            .zip(locals)
            .find(|(m, _)| m.id == claim.member);
        if owner.is_some_and(|(member, local)| member.freeze(&partition, local)) {
            group::assign(tx, claim, "").await?;
            released = true;
        }
    }
    Ok(released)
}

/// Partitions that `member` is to give up when it can.
fn revoked(tables: &Tables, plan: &Plan, member: &Member) -> BTreeSet<share::Partition> {
    let promised = plan.revoke.iter().map(|(index, _)| index);
    promised
        .chain(&plan.release)
        .filter_map(|index| tables.claims.get(*index))
        .filter(|claim| claim.member == member.id)
        .map(|claim| (claim.topic.clone(), claim.part))
        .collect()
}
