//! Who reads which partition: pure planning.
//!
//! Every member computes the same quota from the same tables, gives away what is above it and
//! takes what is free below it. The quotas of a topic add up to its partitions, so when everyone
//! has done so every partition is read.

use std::collections::{BTreeMap, BTreeSet};

/// A partition of a topic.
pub(super) type Partition = (String, i32);

/// One row of `bus_claim`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) group: String,
    pub(super) topic: String,
    pub(super) part: i32,
    /// Empty: nobody.
    pub(super) member: String,
    pub(super) generation: i64,
    pub(super) committed: i64,
}

/// What the tables say.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Living members by group and topic, sorted.
    pub(super) members: BTreeMap<(String, String), Vec<String>>,
    pub(super) claims: Vec<Claim>,
}

/// A member of this process.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) member: String,
    pub(super) group: String,
    pub(super) topics: Vec<String>,
    /// Partitions with messages that are delivered and not committed.
    pub(super) busy: BTreeSet<Partition>,
}

/// What the members of this process should do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Indices of claims to give up now.
    pub(super) release: Vec<usize>,
    /// Claims to take: index and member.
    pub(super) take: Vec<(usize, String)>,
    /// Claims to give up once what was delivered is committed: index and member.
    pub(super) revoke: Vec<(usize, String)>,
}

/// How many of `partitions` the member at `rank` of `members` reads.
fn quota(partitions: usize, members: usize, rank: usize) -> usize {
    let extra = |each: usize| usize::from(rank < partitions - each * members);
    partitions
        .checked_div(members)
        .map_or(0, |each| each + extra(each))
}

/// Plans for `locals` by what `tables` say.
pub(super) fn plan(tables: &Tables, locals: &[Local]) -> Plan {
    let mut plan = Plan::default();
    for local in locals {
        for topic in &local.topics {
            give(tables, local, topic, &mut plan);
        }
    }
    for local in locals {
        for topic in &local.topics {
            take(tables, local, topic, &mut plan);
        }
    }
    plan
}

/// Indices and claims of `topic` in the group of `local`.
fn claims<'t>(
    tables: &'t Tables,
    local: &'t Local,
    topic: &'t str,
) -> impl Iterator<Item = (usize, &'t Claim)> {
    tables
        .claims
        .iter()
        .enumerate()
        .filter(move |(_, claim)| claim.group == local.group && claim.topic == topic)
}

fn living<'t>(tables: &'t Tables, local: &Local, topic: &str) -> &'t [String] {
    tables
        .members
        .get(&(local.group.clone(), topic.to_owned()))
        .map_or(&[], Vec::as_slice)
}

fn quota_of(tables: &Tables, local: &Local, topic: &str) -> usize {
    let members = living(tables, local, topic);
    let partitions = claims(tables, local, topic).count();
    members
        .iter()
        .position(|member| *member == local.member)
        .map_or(0, |rank| quota(partitions, members.len(), rank))
}

fn give(tables: &Tables, local: &Local, topic: &str, plan: &mut Plan) {
    let mine: Vec<_> = claims(tables, local, topic)
        .filter(|(_, claim)| claim.member == local.member)
        .collect();
    let surplus = mine.len().saturating_sub(quota_of(tables, local, topic));
    let (busy, idle): (Vec<_>, Vec<_>) = mine
        .into_iter()
        .rev()
        .partition(|(_, claim)| local.busy.contains(&(claim.topic.clone(), claim.part)));
    let now = surplus.min(idle.len());
    plan.release
        .extend(idle.into_iter().take(now).map(|(index, _)| index));
    plan.revoke.extend(
        busy.into_iter()
            .take(surplus - now)
            .map(|(index, _)| (index, local.member.clone())),
    );
}

fn take(tables: &Tables, local: &Local, topic: &str, plan: &mut Plan) {
    let members = living(tables, local, topic);
    let (mut have, mut free) = (0_usize, Vec::new());
    for (index, claim) in claims(tables, local, topic) {
        let released = plan.release.contains(&index);
        if released || !members.contains(&claim.member) {
            if !plan.take.iter().any(|(taken, _)| *taken == index) {
                free.push(index);
            }
        } else if claim.member == local.member {
            have += 1;
        }
    }
    let missing = quota_of(tables, local, topic).saturating_sub(have);
    let taken = free.into_iter().take(missing);
    plan.take
        .extend(taken.map(|index| (index, local.member.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(members: &[&str], owners: &[&str]) -> Tables {
        let names = members.iter().map(|&m| m.to_owned()).collect();
        let claim = |(part, owner): (i32, &&str)| Claim {
            group: "g".to_owned(),
            topic: "t".to_owned(),
            part,
            member: (*owner).to_owned(),
            generation: 0,
            committed: 0,
        };
        Tables {
            members: [(("g".to_owned(), "t".to_owned()), names)].into(),
            claims: (0..).zip(owners).map(claim).collect(),
        }
    }

    fn local(member: &str, busy: &[i32]) -> Local {
        Local {
            member: member.to_owned(),
            group: "g".to_owned(),
            topics: vec!["t".to_owned()],
            busy: busy.iter().map(|part| ("t".to_owned(), *part)).collect(),
        }
    }

    #[test]
    fn quotas_add_up_to_the_partitions() {
        for members in 1..12 {
            let sum: usize = (0..members).map(|rank| quota(8, members, rank)).sum();
            assert_eq!(sum, 8, "{members} members");
        }
        assert_eq!(quota(8, 0, 0), 0);
    }

    #[test]
    fn the_first_member_takes_everything() {
        let plan = plan(&tables(&["a"], &["", "", ""]), &[local("a", &[])]);
        assert_eq!(plan.take.len(), 3);
        assert!(plan.release.is_empty());
    }

    #[test]
    fn a_newcomer_gets_half_of_what_is_idle_at_once() {
        let tables = tables(&["a", "b"], &["a", "a", "a", "a"]);
        let both = plan(&tables, &[local("a", &[0]), local("b", &[])]);
        assert_eq!(both.release, [3, 2]);
        assert_eq!(both.take, [(2, "b".to_owned()), (3, "b".to_owned())]);
        assert!(both.revoke.is_empty());
    }

    #[test]
    fn what_is_being_worked_on_is_given_later() {
        let tables = tables(&["a", "b"], &["a", "a", "a", "a"]);
        let plan = plan(&tables, &[local("a", &[0, 1, 3])]);
        assert_eq!(plan.release, [2]);
        assert_eq!(plan.revoke, [(3, "a".to_owned())]);
    }

    #[test]
    fn claims_of_the_dead_are_free() {
        let tables = tables(&["b"], &["dead", "b", "dead"]);
        let plan = plan(&tables, &[local("b", &[])]);
        assert_eq!(plan.take, [(0, "b".to_owned()), (2, "b".to_owned())]);
    }
}
