//! What the weather does to messages on their way: the path that calm weather spares.

use super::{Caused, Occurrence, World};
use crate::id::{InstanceId, NodeId, NodeSet};
use crate::message::{Forger, Lie, Message};
use crate::network::{Dropped, Parcel};
use crate::protocol::Protocol;
use crate::rng::Draw;
use crate::time::{Duration, Time};
use crate::trace::StepKind;

/// A message that a clog holds.
pub(super) struct Held<P: Protocol> {
    /// The strike that brought the clog.
    strike: usize,
    from: NodeId,
    to: NodeId,
    message: P::Message,
    /// The event in which it was sent.
    sent: u64,
    /// When it would arrive without the clog.
    due: Option<Time>,
}

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// Sends a message out into weather that is not calm; `takes` says what its sender and its
    /// adversary make of the network's delay.
    // Apart, so that the path in calm weather stays short.
    #[inline(never)]
    pub(super) fn send_through_weather(
        &mut self,
        from: NodeId,
        to: NodeId,
        message: P::Message,
        takes: impl Fn(Duration) -> Duration,
    ) {
        let parcel =
            Parcel { from, to, kind: message.kind(), bytes: message.bytes(), now: self.now };
        let passage = self.network.pass(&parcel);
        for strike in &passage.strikes {
            self.nemesis.wakes[*strike].record.changed += 1;
        }
        let counts = &mut self.ledger.counts;
        if let Some(drop) = passage.dropped {
            let (count, why) = match drop {
                Dropped::Lost => (&mut counts.lost, "lost"),
                Dropped::Overflowed => (&mut counts.overflowed, "finds the link's queue full"),
                Dropped::Damaged => {
                    counts.corrupted += 1;
                    (&mut counts.rejected, "damaged, and dropped")
                }
            };
            *count += 1;
            self.count_late(from, to);
            self.tell(StepKind::Lose, None, self.leaving(from, to), || why.to_owned());
            return;
        }
        counts.delayed += u64::from(passage.delayed);
        counts.reordered += u64::from(passage.reordered);
        let message = match passage.damage {
            None => message,
            Some(draw) => match self.damage(from, to, &message, draw) {
                Some(damaged) => damaged,
                None => return,
            },
        };
        for delay in passage.copies {
            self.ledger.counts.duplicated += 1;
            self.carry(passage.clog, takes(delay), from, to, message.clone());
        }
        self.ledger.counts.clogged += u64::from(passage.clog.is_some());
        let delay = takes(passage.delay);
        // Nobody knows when a clog ends.
        if delay > self.prompt || passage.clog.is_some() {
            self.count_late(from, to);
        }
        self.carry(passage.clog, delay, from, to, message);
    }

    /// What a message becomes that was damaged where nobody notices; dropped if nothing of its kind
    /// could have become of it.
    fn damage(
        &mut self,
        from: NodeId,
        to: NodeId,
        message: &P::Message,
        draw: Draw,
    ) -> Option<P::Message> {
        self.ledger.counts.corrupted += 1;
        let damaged = message.forge(Lie::Content, &mut Forger::without_keys(draw));
        if damaged.is_none() {
            self.ledger.counts.rejected += 1;
            self.count_late(from, to);
            let what = || "damaged, and dropped".to_owned();
            self.tell(StepKind::Lose, None, self.leaving(from, to), what);
            return None;
        }
        let what = || "damaged on the way".to_owned();
        self.tell(StepKind::Alter, None, self.leaving(from, to), what);
        self.mistrust(from);
        damaged
    }

    /// To its receivers, one whose messages are damaged unnoticed is a liar.
    fn mistrust(&mut self, from: NodeId) {
        self.garbled.insert(from);
        let liars: NodeSet = self.corrupt.iter().chain(self.garbled.iter()).collect();
        self.safety_exceeded |= liars.len() > self.contract.safety.byzantine;
    }

    /// Lets a message go its way, or lines it up behind a clog.
    fn carry(
        &mut self,
        clog: Option<usize>,
        delay: Duration,
        from: NodeId,
        to: NodeId,
        message: P::Message,
    ) {
        match clog {
            None => self.dispatch(delay, from, self.hearer(from, to), message),
            Some(strike) => {
                let due = self.now.checked_add(delay);
                self.held.push(Held { strike, from, to, message, sent: self.event, due });
            }
        }
    }

    /// A message is on its way. What would arrive past the horizon stays in flight for ever.
    #[inline]
    pub(super) fn dispatch(
        &mut self,
        delay: Duration,
        from: NodeId,
        to: InstanceId,
        message: P::Message,
    ) {
        let occurrence = Occurrence::Arrive { from, to, message };
        self.dispatch_at(self.now.checked_add(delay), Caused { cause: self.event, occurrence });
    }

    #[inline]
    fn dispatch_at(&mut self, at: Option<Time>, arrival: Caused<P>) {
        match at {
            Some(at) if at <= self.horizon => {
                self.queue.deliver(at, arrival);
            }
            _ => self.ledger.counts.beyond += 1,
        }
    }

    /// Ends all weather of a strike, and lets go what its clogs held: in the order of sending, and
    /// nothing before it would have arrived anyway. Says whether there was any.
    pub(super) fn lift(&mut self, strike: usize) -> bool {
        let lifted = self.network.lift(strike);
        let held = std::mem::take(&mut self.held);
        for mut held in held {
            if held.strike != strike {
                self.held.push(held);
                continue;
            }
            let Held { from, to, ref message, sent, due, .. } = held;
            let parcel =
                Parcel { from, to, kind: message.kind(), bytes: message.bytes(), now: self.now };
            if let Some(next) = self.network.clogged_by(&parcel) {
                self.nemesis.wakes[next].record.changed += 1;
                held.strike = next;
                self.held.push(held);
            } else {
                let at = due.map(|due| due.max(self.now));
                let to = self.hearer(from, to);
                let occurrence = Occurrence::Arrive { from, to, message: held.message };
                // Of a message the send is the cause, whatever held it in between.
                self.dispatch_at(at, Caused { cause: sent, occurrence });
            }
        }
        lifted
    }

    /// How many messages are on their way.
    pub(super) fn in_flight(&self) -> u64 {
        let arriving = self.queue.deliveries().filter(|Caused { occurrence, .. }| {
            matches!(occurrence, Occurrence::Arrive { from, to, .. }
                if *from != self.nodes[to.index()].identity)
        });
        self.ledger.counts.beyond + self.held.len() as u64 + arriving.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Echo, Note, toy};
    use super::*;
    use crate::experiment::Experiment;
    use crate::fault::{Fault, FaultSpec};
    use crate::id::OpId;
    use crate::latency::Latency;
    use crate::message::Kinds;
    use crate::nemesis::Nemesis;
    use crate::network::{Cut, Front, Parts};
    use crate::outcome::Measure;
    use crate::protocol::Contract;
    use crate::rng::{Ratio, Streams};
    use crate::setup::InFlight;
    use crate::trace::Ends;
    use crate::weather::Weather;

    const MESSAGES: u32 = 10;

    /// A toy whose clients ask nothing, with one strike that does nothing.
    fn quiet() -> (Experiment<Echo>, Contract) {
        let mut toy = toy();
        toy.workload.requests = Some(0);
        let late = Duration::from_millis(1_900);
        toy.setup.faults = vec![FaultSpec::at(late, Fault::Heal)];
        let contract = toy.contract();
        (toy, contract)
    }

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    /// A world in which so many strikes have struck.
    fn struck<'a>(
        (toy, contract): &'a (Experiment<Echo>, Contract),
        strikes: u32,
    ) -> World<'a, Echo, true> {
        let mut world = World::new(toy, contract, 1);
        let (_, planned) = Nemesis::new(&toy.setup, &Streams::new(1));
        for _ in 0..strikes {
            world.nemesis.struck(planned[0].strike, Time::ZERO, None);
        }
        world
    }

    /// Sends a numbered message from n0 to n1 in each of the first milliseconds.
    fn send_some(world: &mut World<'_, Echo, true>) {
        for number in 0..MESSAGES {
            world.now = at(u64::from(number));
            let message = Note::Back { op: OpId::default(), number };
            world.send(InstanceId(0), NodeId(1), message);
        }
    }

    /// When which message arrived at n1.
    fn arrivals(world: &World<'_, Echo, true>) -> Vec<(Time, String)> {
        let steps = world.recording.trace.steps.iter();
        let arrived =
            steps.filter(|step| step.kind == StepKind::Deliver && step.node == Some(NodeId(1)));
        arrived
            .map(|step| {
                (step.at, step.what.rsplit("number: ").next().unwrap_or("").replace(" }", ""))
            })
            .collect()
    }

    fn clog(strike: usize, kinds: Kinds) -> Front {
        Front { weather: Weather::Clog, senders: None, receivers: None, kinds, strike }
    }

    fn numbers(from: u32, to: u32, arrived: Time) -> Vec<(Time, String)> {
        (from..to).map(|number| (arrived, number.to_string())).collect()
    }

    #[test]
    fn a_clog_holds_all_that_is_sent_and_lets_it_go_at_once_and_in_order() {
        let quiet = quiet();
        let mut world = struck(&quiet, 1);
        world.network.set_in(clog(0, Kinds::ALL));
        send_some(&mut world);
        assert_eq!((world.held.len(), world.in_flight()), (10, 10));
        world.now = at(20);
        assert!(world.lift(0) && world.held.is_empty());
        assert!(!world.lift(0), "it was lifted twice");
        world.play();
        assert_eq!(arrivals(&world), numbers(0, MESSAGES, at(20)));
        assert_eq!(world.nemesis.wakes[0].record.changed, 10);
        assert_eq!(world.ledger.counts.clogged, 10);
    }

    #[test]
    fn a_clog_that_ends_early_brings_nothing_before_its_time() {
        let quiet = quiet();
        let mut world = struck(&quiet, 1);
        world.network.set_in(clog(0, Kinds::ALL));
        send_some(&mut world);
        // The last was sent at 9 ms and takes 1 ms.
        assert!(world.lift(0));
        world.play();
        let (last, others) = (at(10), numbers(0, 9, at(9)));
        assert_eq!(arrivals(&world), [others, numbers(9, 10, last)].concat());
    }

    #[test]
    fn the_cause_of_a_delivery_is_its_send_whatever_clog_held_the_message() {
        let quiet = quiet();
        let mut world = struck(&quiet, 1);
        world.network.set_in(clog(0, Kinds::ALL));
        world.event = 7;
        send_some(&mut world);
        (world.now, world.event) = (at(20), 9);
        assert!(world.lift(0));
        world.play();
        let steps = world.recording.trace.steps.iter();
        let heard: Vec<_> = steps.filter(|step| step.kind == StepKind::Deliver).collect();
        assert_eq!(heard.len(), 10);
        let ends = Ends { from: NodeId(0), to: NodeId(1), sent: 7 };
        assert!(heard.iter().all(|step| (step.cause, step.ends) == (7, Some(ends))), "{heard:?}");
    }

    #[test]
    fn what_two_clogs_hold_goes_when_both_have_ended() {
        let quiet = quiet();
        let mut world = struck(&quiet, 2);
        world.network.set_in(clog(0, Kinds::ALL));
        world.network.set_in(clog(1, Kinds(0b10)));
        send_some(&mut world);
        world.now = at(20);
        assert!(world.lift(0));
        assert_eq!(world.held.len(), 10, "the second clog holds messages of this kind");
        world.now = at(30);
        assert!(world.lift(1));
        world.play();
        assert_eq!(arrivals(&world), numbers(0, MESSAGES, at(30)));
        let changed = |wake: usize| world.nemesis.wakes[wake].record.changed;
        assert_eq!((changed(0), changed(1)), (10, 10));
    }

    #[test]
    fn what_is_held_at_the_end_is_in_flight() {
        let quiet = quiet();
        let mut world = struck(&quiet, 1);
        world.network.set_in(clog(0, Kinds::ALL));
        send_some(&mut world);
        world.now = Time::ZERO;
        world.play();
        assert_eq!(arrivals(&world), []);
        let (run, _) = world.conclude(None);
        assert_eq!(run.metrics.msgs_in_flight_count, Measure::Value(10.0));
        assert_eq!(run.metrics.msgs_clogged_count, Measure::Value(10.0));
    }

    #[test]
    fn what_clogs_hold_counts_for_the_memory_of_a_run() {
        let mut quiet = quiet();
        quiet.0.setup.limits.queue = 9;
        let mut world = struck(&quiet, 1);
        world.network.set_in(clog(0, Kinds::ALL));
        send_some(&mut world);
        assert!(world.hits_a_limit());
        assert_eq!(world.limit_hit, Some("memory"));
    }

    #[test]
    fn a_strike_answers_for_what_its_weather_drops_and_damages() {
        let quiet = quiet();
        let always = Ratio::new(1, 1);
        let front = |weather| Front { weather, ..clog(0, Kinds::ALL) };
        let mut world = struck(&quiet, 1);
        world.network.set_in(front(Weather::Loss { probability: always }));
        send_some(&mut world);
        assert_eq!((world.ledger.counts.lost, world.nemesis.wakes[0].record.changed), (10, 10));
        let mut world = struck(&quiet, 1);
        world.network.set_in(front(Weather::Corrupt { probability: always }));
        send_some(&mut world);
        let counts = world.ledger.counts;
        assert_eq!((counts.corrupted, counts.rejected, counts.missing()), (10, 10, 0));
        assert!(!world.safety_exceeded, "damage that is noticed is no lie");
    }

    #[test]
    fn damage_that_nobody_notices_is_a_lie_and_goes_beyond_what_safety_assumes() {
        let mut quiet = quiet();
        quiet.0.setup.network.checksums = false;
        let mut world = struck(&quiet, 1);
        let weather = Weather::Corrupt { probability: Ratio::new(1, 1) };
        world.network.set_in(Front { weather, ..clog(0, Kinds::ALL) });
        send_some(&mut world);
        // The toy has no lie for this kind.
        world.send(InstanceId(0), NodeId(1), Note::Echo { op: OpId::default(), number: 1 });
        let counts = world.ledger.counts;
        assert_eq!((counts.corrupted, counts.rejected, counts.messages), (11, 1, 11));
        assert!(world.safety_exceeded);
        world.lift(0);
        world.play();
        let heard = arrivals(&world);
        assert_eq!(heard.len(), 10);
        let lie = |number: &String| number.parse::<u32>().is_ok_and(|number| number >= 1_000_000);
        assert!(heard.iter().all(|(_, number)| lie(number)), "{heard:?}");
    }

    #[test]
    fn a_cut_takes_what_is_on_its_way_or_lets_it_arrive() {
        for (in_flight, arrive) in [(InFlight::Lost, 0), (InFlight::Arrives, 10)] {
            let mut quiet = quiet();
            quiet.0.setup.network.in_flight = in_flight;
            quiet.0.setup.network.latency = Latency::Constant(Duration::from_millis(50));
            let mut world = struck(&quiet, 1);
            send_some(&mut world);
            world.network.cut(Cut { strike: 0, parts: Parts::Groups(vec![0, 1, 1]) });
            world.send(InstanceId(0), NodeId(1), Note::Back { op: OpId::default(), number: 99 });
            world.now = Time::ZERO;
            world.play();
            assert_eq!(arrivals(&world).len(), arrive, "{in_flight:?}");
            let counts = world.ledger.counts;
            assert_eq!(counts.cut, 11 - arrive as u64, "what is sent into a cut is lost");
            assert_eq!(world.nemesis.wakes[0].record.changed, counts.cut);
        }
    }
}
