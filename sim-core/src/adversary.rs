//! The adversary: the one liar, speaking through every node that it has corrupted.
//!
//! A corrupted node goes on running the honest protocol; the adversary stands between it and the
//! network. Strategies are generic: what a protocol adds is [`Message::forge`], a well-formed lie
//! of the same kind. So there are N protocols and M strategies, not N × M attacks. A message to
//! oneself never passes the adversary.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{Cluster, NodeId, NodeSet};
use crate::message::{Forger, Lie, Message};
use crate::notation::vocabulary;
use crate::protocol::Protocol;
use crate::rng::{Key, Random as _, Ratio};
use crate::target::Targets;
use crate::time::{Duration, Time};

vocabulary! {
    /// What the adversary does through a node.
    pub enum Strategy {
        /// Says nothing.
        Mute "mute" "says nothing";
        /// Says nothing to some, and the truth to the others.
        Selective "selective" "says nothing to those in `against`";
        /// Says everything late, by default just before the longest timer of the run would run out.
        Delay "delay" "says everything late, by `by` or just before timers run out";
        /// Says, beside the truth, what it said before.
        Replay "replay" "says, beside the truth, what it said before";
        /// Tells some a lie and the others the truth; all mouths tell each the same.
        Equivocate "equivocate" "tells those in `against` a lie, the others the truth";
        /// Tells everybody the same lie.
        Forge "forge" "tells everybody the same lie";
        /// Tells everybody both the truth and a lie.
        DoubleVote "double-vote" "tells everybody both the truth and a lie";
        /// Says everything twice.
        Repeat "repeat" "says everything twice";
        /// Says everything many times.
        Flood "flood" "says everything `copies` times more (10)";
        /// Speaks of terms, views or rounds that are far ahead.
        Inflate "inflate" "speaks of terms, views or rounds that are far ahead";
        /// Gives wrong times.
        LieAboutTime "lie-about-time" "gives wrong times";
        /// Says that others failed or lied.
        Accuse "accuse" "says that others failed or lied";
        /// Lies in the name of others; needs a network that does not stamp the sender.
        Spoof "spoof" "lies in the name of others (authentication = \"none\")";
        /// Begins anew with an empty disk, each time that it is struck: forgets its votes and
        /// locks.
        Amnesia "amnesia" "begins anew with an empty disk each time that it is struck";
        /// Has two honest bodies, and every other node hears one of them and is heard by it (Bano
        /// and others, "Twins: BFT Systems Made Robust", OPODIS 2021).
        Twins "twins" "has two honest bodies, of which each node hears one";
        /// The same, and nothing passes between those who hear the one and those who hear the
        /// other: each side is told what it wants to hear.
        Split "split" "twins, and each body has its side of the network to itself";
        /// Runs the protocol's own hostile program, if it has one: [`Protocol::on_corrupted`].
        Program "program" "runs the protocol's own hostile program, if it has one";
    }
}

/// How the adversary behaves through a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conduct {
    /// What it does.
    pub strategy: Strategy,
    /// The kinds of message that it bothers with; empty for all.
    pub messages: Vec<String>,
    /// The probability that it bothers with a message; drawn for each.
    pub probability: Ratio,
    /// Whom it treats otherwise than the rest; `None` for the nodes with odd numbers.
    pub against: Option<Targets>,
    /// How late it speaks, if it delays; `None` for nine tenths of the longest timer so far.
    pub by: Option<Duration>,
    /// How many times more it says everything, if it floods; `None` for 10.
    pub copies: Option<u32>,
}

impl Conduct {
    /// A strategy, always and with all messages.
    pub const fn of(strategy: Strategy) -> Self {
        Self {
            strategy,
            messages: Vec::new(),
            probability: Ratio::ALWAYS,
            against: None,
            by: None,
            copies: None,
        }
    }
}

/// The `[adversary]` of a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdversarySpec {
    /// What it does, where a fault does not say otherwise.
    pub strategy: Strategy,
    /// The kinds of message that it bothers with; empty for all.
    pub messages: Vec<String>,
    /// The probability that it bothers with a message; drawn for each.
    pub probability: Ratio,
    /// Whom it treats otherwise than the rest; by default the nodes with odd numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Targets>,
    /// How late it speaks, if it delays; without it nine tenths of the longest timer so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Duration>,
    /// How many times more it says everything, if it floods; without it 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<u32>,
    /// Whether it is faster than the network: what is said to its nodes and by them takes a
    /// microsecond, so that it has heard the honest messages of a round before its own arrive.
    pub rushing: bool,
    /// Whether receivers know who speaks.
    pub authentication: Authentication,
}

/// What receivers know of a message's sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// The network stamps every message with its true sender.
    Channels,
    /// The sender is what the message says it is.
    None,
}

impl Default for AdversarySpec {
    fn default() -> Self {
        Self {
            strategy: Strategy::Forge,
            messages: Vec::new(),
            probability: Ratio::ALWAYS,
            against: None,
            by: None,
            copies: None,
            rushing: false,
            authentication: Authentication::Channels,
        }
    }
}

impl AdversarySpec {
    /// How it behaves where a fault does not say otherwise.
    pub fn conduct(&self) -> Conduct {
        Conduct {
            strategy: self.strategy,
            messages: self.messages.clone(),
            probability: self.probability,
            against: self.against.clone(),
            by: self.by,
            copies: self.copies,
        }
    }
}

/// What the adversary knows of the world when one of its nodes is about to speak.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The time.
    pub now: Time,
    /// The electorate.
    pub cluster: Cluster,
    /// All nodes that it has taken over.
    pub mouths: &'a NodeSet,
    /// The longest timer that anybody set so far.
    pub longest_timer: Duration,
}

/// One message that goes out in the place of one that was about to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Speech<M> {
    /// In whose name.
    pub from: NodeId,
    /// What is said.
    pub message: M,
    /// How much later than now.
    pub after: Duration,
}

/// The one who speaks through all corrupted nodes of a run.
pub trait Adversary<P: Protocol>: Send {
    /// A node is taken over; `against` is whom its conduct treats otherwise.
    fn take(&mut self, mouth: NodeId, conduct: &Conduct, against: NodeSet);

    /// What a corrupted node was about to say to `to`: pushes what goes out instead, and says
    /// whether that is anything but the truth in time.
    fn tamper(
        &mut self,
        scene: &Scene<'_>,
        mouth: NodeId,
        to: NodeId,
        message: P::Message,
        out: &mut Vec<Speech<P::Message>>,
    ) -> bool;
}

/// The adversary of the strategies that need no knowledge of the protocol.
pub struct Generic<M> {
    key: Key,
    mouths: Vec<(NodeId, Mouth<M>)>,
}

/// One node that it took over.
struct Mouth<M> {
    strategy: Strategy,
    kinds: Vec<bool>,
    probability: Ratio,
    against: NodeSet,
    by: Option<Duration>,
    copies: u32,
    /// What it said, the last few; kept only for replay.
    said: Vec<M>,
}

/// How many of its words a mouth remembers.
const MEMORY: usize = 32;
/// How often a flood repeats each message, if the scenario does not say.
const FLOOD: u32 = 10;

impl<M: Message> Generic<M> {
    /// An adversary that has nobody yet.
    pub const fn new(key: Key) -> Self {
        Self { key, mouths: Vec::new() }
    }

    /// A function of what is said, where and when, so that a message more changes no other choice.
    fn draw(&self, now: Time, mouth: NodeId, to: NodeId, said: &M) -> u64 {
        let place = u64::from(mouth.0) << 32 | u64::from(to.0);
        self.key.at(place, now.as_nanos(), Digest::of(said))
    }
}

/// Equal messages get equal lies, whichever mouth tells them: the mouths collude.
fn lie<M: Message>(
    key: Key,
    about: Lie,
    mouth: NodeId,
    mouths: &NodeSet,
    message: &M,
) -> Option<M> {
    let draw = key.member(Digest::of(message));
    message.forge(about, &mut Forger::new(Some(mouth), mouths, draw))
}

impl<P: Protocol> Adversary<P> for Generic<P::Message> {
    fn take(&mut self, node: NodeId, conduct: &Conduct, against: NodeSet) {
        let bothers =
            |kind: &&str| conduct.messages.is_empty() || conduct.messages.iter().any(|k| k == kind);
        let mouth = Mouth {
            strategy: conduct.strategy,
            kinds: P::Message::KINDS.iter().map(bothers).collect(),
            probability: conduct.probability,
            against,
            by: conduct.by,
            copies: conduct.copies.unwrap_or(FLOOD),
            said: Vec::new(),
        };
        self.mouths.retain(|(known, _)| *known != node);
        self.mouths.push((node, mouth));
    }

    fn tamper(
        &mut self,
        scene: &Scene<'_>,
        from: NodeId,
        to: NodeId,
        message: P::Message,
        out: &mut Vec<Speech<P::Message>>,
    ) -> bool {
        let bits = self.draw(scene.now, from, to, &message);
        let key = self.key;
        let mouth = self.mouths.iter_mut().find(|(node, _)| *node == from);
        let Some((_, mouth)) = mouth.filter(|(_, mouth)| {
            mouth.kinds[message.kind()]
                && (mouth.probability.is_always() || mouth.probability.holds(bits))
        }) else {
            out.push(Speech { from, message, after: Duration::ZERO });
            return false;
        };
        mouth.speak(scene, key, from, to, message, out)
    }
}

impl<M: Message> Mouth<M> {
    fn speak(
        &mut self,
        scene: &Scene<'_>,
        key: Key,
        from: NodeId,
        to: NodeId,
        message: M,
        out: &mut Vec<Speech<M>>,
    ) -> bool {
        let at_once = |message| Speech { from, message, after: Duration::ZERO };
        let about = match self.strategy {
            Strategy::Inflate => Lie::Round,
            Strategy::LieAboutTime => Lie::Time,
            Strategy::Accuse => Lie::Accusation,
            _ => Lie::Content,
        };
        match self.strategy {
            Strategy::Mute => true,
            Strategy::Selective => {
                let silent = self.against.contains(to);
                out.extend((!silent).then(|| at_once(message)));
                silent
            }
            Strategy::Delay => {
                let longest = Duration::from_nanos(scene.longest_timer.as_nanos() / 10 * 9);
                out.push(Speech { from, message, after: self.by.unwrap_or(longest) });
                true
            }
            Strategy::Replay => {
                let mut draw = key.member(Digest::of(&(from, to, scene.now)));
                let old = match self.said.len() {
                    0 => None,
                    count => Some(self.said[draw.below(count as u64) as usize].clone()),
                };
                match self.said.len() {
                    MEMORY => self.said[draw.below(MEMORY as u64) as usize] = message.clone(),
                    _ => self.said.push(message.clone()),
                }
                out.push(at_once(message));
                out.extend(old.map(at_once));
                out.len() > 1
            }
            Strategy::Equivocate if !self.against.contains(to) => {
                out.push(at_once(message));
                false
            }
            Strategy::Equivocate
            | Strategy::Forge
            | Strategy::Inflate
            | Strategy::LieAboutTime
            | Strategy::Accuse => {
                let told = lie(key, about, from, scene.mouths, &message);
                let lies = told.is_some();
                out.push(at_once(told.unwrap_or(message)));
                lies
            }
            Strategy::DoubleVote => {
                let told = lie(key, about, from, scene.mouths, &message);
                out.push(at_once(message));
                out.extend(told.map(at_once));
                out.len() > 1
            }
            Strategy::Repeat | Strategy::Flood => {
                let copies = if self.strategy == Strategy::Repeat { 1 } else { self.copies };
                (0..copies).for_each(|_| out.push(at_once(message.clone())));
                out.push(at_once(message));
                true
            }
            Strategy::Spoof => {
                let told = lie(key, about, from, scene.mouths, &message)
                    .unwrap_or_else(|| message.clone());
                let others: Vec<NodeId> =
                    scene.cluster.others(from).filter(|node| *node != to).collect();
                let mut draw = key.member(Digest::of(&(from, to, scene.now, 1)));
                out.push(at_once(message));
                let name = others.get(draw.below(others.len() as u64) as usize);
                out.extend(name.map(|name| Speech {
                    from: *name,
                    message: told,
                    after: Duration::ZERO,
                }));
                out.len() > 1
            }
            // What these do is not done to single messages.
            Strategy::Amnesia | Strategy::Twins | Strategy::Split | Strategy::Program => {
                out.push(at_once(message));
                false
            }
        }
    }
}
