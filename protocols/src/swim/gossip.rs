//! News on its way: what is passed on, the least told first, and not for ever.

use sim_core::id::NodeId;

use super::message::{UPDATE_BYTES, Update};

/// A piece of news, and how often it was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Rumour {
    update: Update,
    told: u32,
}

/// What one member has to tell; at most one thing about each other (section 4.1).
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Gossip(Vec<Rumour>);

impl Gossip {
    /// Takes up news; it replaces what was told of that member before.
    pub(super) fn add(&mut self, update: Update) {
        self.0.retain(|rumour| rumour.update.member != update.member);
        self.0.push(Rumour { update, told: 0 });
    }

    /// Fills `updates`, which may hold some already, with the least told news, as much of it as
    /// `bytes` have room for; each is dropped when it was told `limit` times.
    pub(super) fn tell(&mut self, updates: &mut Vec<Update>, bytes: u32, limit: u32) {
        let room = (bytes / UPDATE_BYTES) as usize;
        if self.0.is_empty() || room <= updates.len() {
            return;
        }
        // Of what was told equally often the oldest goes first.
        self.0.sort_by_key(|rumour| rumour.told);
        let is_new = |known: &[Update], member: NodeId| known.iter().all(|u| u.member != member);
        for rumour in &mut self.0 {
            if updates.len() == room {
                break;
            }
            if is_new(updates, rumour.update.member) {
                rumour.told += 1;
                updates.push(rumour.update);
            }
        }
        self.0.retain(|rumour| rumour.told < limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::membership::Belief;

    fn update(member: u32, incarnation: u64) -> Update {
        Update { member: NodeId(member), belief: Belief::alive(incarnation) }
    }

    fn told(gossip: &mut Gossip, bytes: u32, limit: u32) -> Vec<u32> {
        let mut updates = Vec::new();
        gossip.tell(&mut updates, bytes, limit);
        updates.iter().map(|update| update.member.0).collect()
    }

    #[test]
    fn the_least_told_goes_first_and_each_goes_as_often_as_the_limit() {
        let mut gossip = Gossip::default();
        (0..3).for_each(|member| gossip.add(update(member, 0)));
        let seen: Vec<_> = (0..4).map(|_| told(&mut gossip, 2 * UPDATE_BYTES, 2)).collect();
        assert_eq!(seen, [vec![0, 1], vec![2, 0], vec![2, 1], vec![]]);
    }

    #[test]
    fn no_more_is_told_than_there_is_room_for() {
        let mut gossip = Gossip::default();
        (0..9).for_each(|member| gossip.add(update(member, 0)));
        for bytes in [0, UPDATE_BYTES - 1, UPDATE_BYTES, 5 * UPDATE_BYTES + 3, 1000] {
            let count = told(&mut gossip, bytes, 100).len() as u32;
            assert_eq!(count, (bytes / UPDATE_BYTES).min(9), "{bytes}");
        }
    }

    #[test]
    fn later_news_of_a_member_takes_the_place_of_earlier() {
        let mut gossip = Gossip::default();
        gossip.add(update(1, 0));
        assert_eq!(told(&mut gossip, 100, 2), [1]);
        gossip.add(update(1, 7));
        let mut updates = Vec::new();
        gossip.tell(&mut updates, 100, 2);
        assert_eq!(updates, [update(1, 7)]);
        assert_eq!(told(&mut gossip, 100, 2), [1], "it counts from the beginning");
        assert!(told(&mut gossip, 100, 2).is_empty());
    }
}
