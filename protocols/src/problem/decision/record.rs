//! The record of a decision: who proposed what, how it ended, who wanted something else, and who was
//! not to be relied on.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::history::Event;
use sim_core::id::{NodeId, NodeSet};
use sim_core::problem::Material;
use sim_core::record::Section;

use super::{Choice, Conclusion, Conduct, Decision, Load, Opinion};

/// What a run left, by node.
struct Story<'a> {
    load: &'a Load,
    /// What each node was asked to propose.
    proposed: BTreeMap<NodeId, Opinion>,
    ended: BTreeMap<NodeId, Conclusion>,
    corrupt: NodeSet,
    crashes: BTreeMap<NodeId, u32>,
}

/// The record of one run.
pub(super) fn record(run: Material<'_, Decision>) -> Vec<Section> {
    let mut story = Story {
        load: run.load,
        proposed: BTreeMap::new(),
        ended: BTreeMap::new(),
        corrupt: NodeSet::EMPTY,
        crashes: BTreeMap::new(),
    };
    for entry in run.history {
        match entry.event {
            Event::Requested { request, .. } => {
                story.proposed.entry(entry.node).or_insert(request.opinion);
            }
            Event::Indicated { indication, .. } => {
                story.ended.insert(entry.node, indication);
            }
            Event::Corrupted => _ = story.corrupt.insert(entry.node),
            Event::Crashed => *story.crashes.entry(entry.node).or_default() += 1,
            Event::Abandoned { .. } | Event::Booted => {}
        }
    }
    let mut sections = vec![story.outcome(run.cluster.nodes()), story.proposals()];
    sections.extend(run.minutes);
    sections.extend([story.dissent(), story.faulty()]);
    sections
}

/// Nodes as a sentence lists them.
fn list(nodes: impl IntoIterator<Item = NodeId>) -> String {
    let nodes: Vec<String> = nodes.into_iter().map(|node| node.to_string()).collect();
    if nodes.is_empty() { "nobody".into() } else { nodes.join(", ") }
}

impl Story<'_> {
    /// An option by its letter and its name.
    fn name(&self, choice: Choice) -> String {
        let name = self.load.options.get(choice.index());
        name.map_or_else(|| choice.to_string(), |name| format!("{choice} ({name})"))
    }

    /// What the correct nodes decided.
    fn decided(&self) -> BTreeSet<Choice> {
        let correct = self.ended.iter().filter(|(node, _)| !self.corrupt.contains(**node));
        let decided = correct.filter_map(|(_, conclusion)| match conclusion {
            Conclusion::Decided(choice) => Some(*choice),
            Conclusion::Undecided => None,
        });
        decided.collect()
    }

    fn outcome(&self, nodes: impl Iterator<Item = NodeId>) -> Section {
        let who = |wanted: Conclusion| {
            let ended = self.ended.iter().filter(move |(_, conclusion)| **conclusion == wanted);
            list(ended.map(|(node, _)| *node))
        };
        let decided: Vec<Choice> = self.decided().into_iter().collect();
        let mut section = match &decided[..] {
            [] => Section::new("Outcome").text("**No decision.**"),
            [choice] => Section::new("Outcome").text(format!("**{}**", self.name(*choice))),
            _ => Section::new("Outcome").text("**Not everybody decided the same.**"),
        };
        for choice in decided {
            let name = self.name(choice);
            section =
                section.text(format!("Decided {name}: {}.", who(Conclusion::Decided(choice))));
        }
        let silent: Vec<NodeId> = nodes.filter(|node| !self.ended.contains_key(node)).collect();
        if self.ended.values().any(|conclusion| *conclusion == Conclusion::Undecided) {
            section = section.text(format!("Ended undecided: {}.", who(Conclusion::Undecided)));
        }
        if !silent.is_empty() {
            section = section.text(format!("Never heard of again: {}.", list(silent)));
        }
        match self.load.case.as_ref().and_then(|case| case.truth) {
            Some(truth) => section.text(format!("Right would have been {}.", self.name(truth))),
            None => section,
        }
    }

    fn proposals(&self) -> Section {
        let agents = self.load.case.as_ref().map(|case| &case.agents);
        let worth = |opinion: &Opinion| {
            let each =
                opinion.ranking().map(|choice| format!("{choice} {}", opinion.worth(choice)));
            each.collect::<Vec<_>>().join(", ")
        };
        let rows = self.proposed.iter().map(|(node, says)| {
            let agent = agents.and_then(|agents| agents.get(node.index()));
            let thinks = agent.map_or("the same".into(), |agent| match agent.thinks == *says {
                true => "the same".to_owned(),
                false => agent.thinks.to_string(),
            });
            let proposes = match says.abstains() {
                true => "nothing".to_owned(),
                false => self.name(says.favourite()),
            };
            vec![
                node.to_string(),
                proposes,
                worth(says),
                format!("{} %", says.confidence()),
                thinks,
            ]
        });
        Section::new("Proposals")
            .table(["agent", "proposes", "says it is worth", "sure", "thinks"], rows.collect())
    }

    fn dissent(&self) -> Section {
        let section = Section::new("Dissent");
        let decided = self.decided();
        let Some(choice) = decided.first().filter(|_| decided.len() == 1) else {
            return section.text("There is no one decision to dissent from.");
        };
        let rows: Vec<Vec<String>> = self
            .proposed
            .iter()
            .filter(|(_, says)| !says.abstains() && says.favourite() != *choice)
            .map(|(node, says)| {
                let (wanted, got) = (says.favourite(), says.worth(*choice));
                let preferred = format!("{} at {}", self.name(wanted), says.worth(wanted));
                vec![node.to_string(), preferred, got.to_string()]
            })
            .collect();
        if rows.is_empty() {
            return section.text("Nobody said to prefer anything else.");
        }
        section.table(["agent", "said to prefer", "worth of the decision"], rows)
    }

    fn faulty(&self) -> Section {
        let agents = self.load.case.iter().flat_map(|case| (0..).map(NodeId).zip(&case.agents));
        let conduct = agents
            .filter(|(_, agent)| agent.conduct != Conduct::Honest)
            .map(|(node, agent)| vec![node.to_string(), String::from(agent.conduct)]);
        let corrupt =
            self.corrupt.iter().map(|node| vec![node.to_string(), "taken by the adversary".into()]);
        let crashed = self.crashes.iter().map(|(node, times)| {
            let times = if *times == 1 { "once".into() } else { format!("{times} times") };
            vec![node.to_string(), format!("went down {times}")]
        });
        let mut rows: Vec<Vec<String>> = conduct.chain(corrupt).chain(crashed).collect();
        rows.sort_by_key(|row| row[0].trim_start_matches('n').parse::<u32>().unwrap_or(u32::MAX));
        let section = Section::new("Who was faulty");
        if rows.is_empty() {
            return section.text("Nobody: all agents were honest and stayed up.");
        }
        section.table(["agent", "how"], rows)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::history::Entry;
    use sim_core::id::{ClientId, Cluster, OpId};
    use sim_core::record::Block;
    use sim_core::time::Time;

    use super::super::Propose;
    use super::*;

    #[test]
    fn nodes_are_listed_and_nobody_is_named_as_such() {
        assert_eq!(list([]), "nobody");
        assert_eq!(list([0, 2].map(NodeId)), "n0, n2");
    }

    #[test]
    fn who_kept_its_opinion_to_itself_did_not_dissent() {
        let [a, b] = [0, 1].map(|index| Choice::new(index, 2));
        let asked = |node: u32, opinion: Opinion| {
            let op = OpId { client: ClientId(node), sequence: 0 };
            let request = Propose { choice: opinion.favourite(), opinion };
            (node, Event::Requested { op, request, reached: true })
        };
        let decided = Event::Indicated { answers: None, indication: Conclusion::Decided(a) };
        let dissent = |opinion: Opinion| {
            let history = [asked(0, Opinion::plain(a)), asked(1, opinion), (0, decided.clone())];
            let history = history.map(|(node, event)| Entry {
                at: Time::ZERO,
                node: NodeId(node),
                incarnation: 0,
                event,
            });
            let (load, cluster) = (&Load::default(), Cluster { n: 2 });
            let run = Material { load, cluster, history: &history, minutes: Vec::new() };
            let sections = record(run);
            let dissent = sections.into_iter().find(|section| section.title == "Dissent");
            matches!(dissent.expect("a section").blocks[..], [Block::Table { .. }])
        };
        assert!(dissent(Opinion::plain(b)));
        assert!(!dissent(Opinion::plain(b).withheld()));
    }
}
