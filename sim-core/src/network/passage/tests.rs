//! What each weather does to messages, as often as it says, and to no others.

use super::super::{Front, Network};
use super::*;
use crate::id::{Cluster, NodeId, NodeSet};
use crate::message::Kinds;
use crate::rng::{Ratio, Stream, Streams};
use crate::setup::{LinkSpec, NetworkSpec};
use crate::time::{DurationRange, Time};

const N0: NodeId = NodeId(0);
const N1: NodeId = NodeId(1);
const COUNT: u64 = 100_000;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn percent(percent: u64) -> Ratio {
    Ratio::new(percent, 100)
}

fn network(spec: &NetworkSpec) -> Network {
    let key = Streams::new(3).key(Stream::Weather);
    Network::new(spec, &["ping", "pong"], Cluster { n: 5 }, 5, key)
}

fn spread() -> NetworkSpec {
    NetworkSpec {
        latency: Latency::Uniform(DurationRange::from_millis(10, 20)),
        ..NetworkSpec::default()
    }
}

fn front(weather: Weather, strike: usize) -> Front {
    Front { weather, senders: None, receivers: None, kinds: Kinds::ALL, strike }
}

fn parcel(from: NodeId, to: NodeId, micros: u64) -> Parcel {
    Parcel { from, to, kind: 0, bytes: 100, now: Time::from_nanos(micros * 1_000) }
}

/// The passages of messages from n0 to n1, one every microsecond.
fn passages(network: &mut Network) -> impl Iterator<Item = Passage> {
    (0..COUNT).map(|micros| network.pass(&parcel(N0, N1, micros)))
}

/// A share of all messages, within 5 standard deviations.
fn is_share(count: usize, share: f64) -> bool {
    let all = COUNT as f64;
    (count as f64 - share * all).abs() <= 5.0 * (share * (1.0 - share) * all).sqrt()
}

#[test]
fn each_weather_changes_as_many_messages_as_it_says_and_answers_for_them() {
    let tenth = percent(10);
    let changed = |weather: Weather, spec: &NetworkSpec, seen: fn(&Passage) -> bool| {
        let mut network = network(spec);
        network.set_in(front(weather.clone(), 7));
        let all: Vec<Passage> = passages(&mut network).collect();
        for passage in &all {
            assert_eq!(passage.strikes, if seen(passage) { vec![7] } else { vec![] }, "{weather}");
        }
        let count = all.iter().filter(|passage| seen(passage)).count();
        assert!(is_share(count, 0.1), "{weather}: {count}");
    };
    let spec = spread();
    let bad = NetworkSpec { checksums: false, ..spread() };
    changed(Weather::Loss { probability: tenth }, &spec, |p| p.dropped == Some(Dropped::Lost));
    changed(Weather::Corrupt { probability: tenth }, &spec, |p| {
        p.dropped == Some(Dropped::Damaged)
    });
    changed(Weather::Corrupt { probability: tenth }, &bad, |p| p.damage.is_some());
    changed(Weather::Duplicate { probability: tenth, copies: 3 }, &spec, |p| p.copies.len() == 3);
    changed(Weather::Reorder { probability: tenth, by: ms(50) }, &spec, |p| p.reordered);
}

#[test]
fn a_probability_of_zero_changes_nothing() {
    let spec = NetworkSpec { loss: percent(5), duplicate: percent(5), ..spread() };
    let (mut calm, mut idle) = (network(&spec), network(&spec));
    for weather in [
        Weather::Loss { probability: Ratio::NEVER },
        Weather::Corrupt { probability: Ratio::NEVER },
        Weather::Duplicate { probability: Ratio::NEVER, copies: 2 },
        Weather::Reorder { probability: Ratio::NEVER, by: ms(50) },
        Weather::SlowDown { factor: 1.0 },
        Weather::Delay { add: Latency::ZERO },
    ] {
        idle.set_in(front(weather, 0));
    }
    assert!(calm.is_calm() && !idle.is_calm());
    for micros in 0..COUNT {
        let fate = calm.fate(N0, N1, Time::from_nanos(micros * 1_000));
        let passage = idle.pass(&parcel(N0, N1, micros));
        let delay = passage.dropped.is_none().then_some(passage.delay);
        assert_eq!((delay, passage.copies.first().copied()), (fate.delay, fate.copy));
        assert!(passage.strikes.is_empty() && !passage.delayed && !passage.reordered);
    }
}

#[test]
fn slower_weather_makes_every_message_as_much_slower_as_it_says() {
    let mut calm = network(&spread());
    let mut slow = network(&spread());
    slow.set_in(front(Weather::SlowDown { factor: 4.0 }, 1));
    slow.set_in(front(Weather::Delay { add: Latency::Constant(ms(3)) }, 2));
    for micros in 0..1_000 {
        let fate = calm.fate(N0, N1, Time::from_nanos(micros * 1_000));
        let passage = slow.pass(&parcel(N0, N1, micros));
        let nanos = fate.delay.expect("no loss").as_nanos();
        assert_eq!(passage.delay, Duration::from_nanos(nanos * 4) + ms(3));
        assert!(passage.delayed);
        assert_eq!(passage.strikes, [1, 2]);
    }
}

#[test]
fn a_reordered_message_is_overtaken_and_by_no_more_than_was_said() {
    let spec = NetworkSpec { latency: Latency::Constant(ms(10)), ..NetworkSpec::default() };
    let mut network = network(&spec);
    network.set_in(front(Weather::Reorder { probability: percent(20), by: ms(5) }, 0));
    let (mut latest, mut overtaken, mut longest) = (Time::ZERO, 0, Duration::ZERO);
    for (micros, passage) in (0..COUNT).zip(passages(&mut network).collect::<Vec<_>>()) {
        assert_eq!(passage.reordered, passage.delay > ms(10));
        assert!(passage.delay <= ms(15));
        longest = longest.max(passage.delay);
        let at = Time::from_nanos(micros * 1_000) + passage.delay;
        overtaken += u32::from(at < latest);
        latest = latest.max(at);
    }
    assert!(longest > Duration::from_micros(14_900), "{longest}");
    assert!(overtaken > 50_000, "only {overtaken} arrived after later ones");
}

#[test]
fn first_in_first_out_lets_nobody_overtake_whatever_the_weather() {
    let spec = NetworkSpec { fifo: true, duplicate: percent(10), ..spread() };
    let mut network = network(&spec);
    network.set_in(front(Weather::Reorder { probability: percent(20), by: ms(5) }, 0));
    let (mut latest, mut waited) = (Time::ZERO, 0);
    for micros in 0..COUNT {
        let now = Time::from_nanos(micros * 1_000);
        let passage = network.pass(&parcel(N0, N1, micros));
        for delay in [passage.delay].iter().chain(&passage.copies) {
            assert!(now + *delay >= latest, "overtaken at {now:?}");
            waited += u32::from(now + *delay == latest);
            latest = now + *delay;
        }
        // The other direction is another link: it stands where it stood.
        assert!(network.pass(&parcel(N1, N0, micros)).delay <= ms(25));
    }
    assert!(waited > 10_000, "{waited} waited: nothing would have been overtaken");
}

#[test]
fn a_message_elsewhere_changes_nobodys_weather() {
    let spec = NetworkSpec {
        burst_loss: Some(crate::setup::Bursts { share: percent(20), mean: ms(1) }),
        detour: Latency::Uniform(DurationRange::from_millis(0, 9)),
        ..spread()
    };
    let storms = [
        Weather::Loss { probability: percent(10) },
        Weather::Delay { add: Latency::Uniform(DurationRange::from_millis(0, 9)) },
        Weather::Duplicate { probability: percent(30), copies: 2 },
        Weather::Corrupt { probability: percent(10) },
        Weather::Reorder { probability: percent(20), by: ms(5) },
        Weather::Bandwidth { bytes_per_second: 50_000_000, queue: 10_000 },
    ];
    let stormy = || {
        let mut network = network(&spec);
        storms.iter().for_each(|storm| network.set_in(front(storm.clone(), 0)));
        network
    };
    let (mut alone, mut busy) = (stormy(), stormy());
    for micros in 0..10_000 {
        let expected = alone.pass(&parcel(N0, N1, micros));
        for node in 2..5 {
            busy.pass(&parcel(N1, NodeId(node), micros));
            busy.pass(&parcel(NodeId(node), N0, micros));
        }
        assert_eq!(format!("{expected:?}"), format!("{:?}", busy.pass(&parcel(N0, N1, micros))));
    }
}

#[test]
fn a_front_draws_alike_whatever_else_is_in_force() {
    let loss = || front(Weather::Loss { probability: percent(10) }, 0);
    let lost = |network: &mut Network| -> Vec<bool> {
        passages(network).map(|passage| passage.dropped.is_some()).collect()
    };
    let mut alone = network(&spread());
    alone.set_in(loss());
    let mut crowded = network(&spread());
    let elsewhere: NodeSet = [NodeId(4)].into_iter().collect();
    crowded.set_in(Front { receivers: Some(elsewhere), ..loss() });
    crowded.set_in(front(Weather::Reorder { probability: percent(50), by: ms(1) }, 1));
    crowded.set_in(loss());
    let expected = lost(&mut alone);
    assert_eq!(lost(&mut crowded), expected);
    // Two alike draw each for itself.
    let mut double = network(&spread());
    double.set_in(loss());
    double.set_in(loss());
    let count = lost(&mut double).into_iter().filter(|lost| *lost).count();
    assert!(is_share(count, 0.19), "{count} of two tenths");
}

#[test]
fn more_of_the_same_weather_loses_the_same_messages_and_more() {
    let lost = |share: u64| -> Vec<bool> {
        let mut network = network(&spread());
        network.set_in(front(Weather::Loss { probability: percent(share) }, 0));
        passages(&mut network).map(|passage| passage.dropped.is_some()).collect()
    };
    let (few, many) = (lost(5), lost(20));
    assert!(few.iter().zip(&many).all(|(few, many)| *many || !few));
}

#[test]
fn a_front_concerns_its_senders_receivers_and_kinds_until_it_is_lifted() {
    let always = Weather::Loss { probability: percent(100) };
    let one = |node: NodeId| Some([node].into_iter().collect::<NodeSet>());
    let mut network = network(&spread());
    network.set_in(Front {
        senders: one(N0),
        receivers: one(N1),
        kinds: Kinds(0b10),
        ..front(always.clone(), 3)
    });
    network.set_in(front(Weather::Delay { add: Latency::Constant(ms(1)) }, 4));
    let mut lost = |from, to, kind| {
        let parcel = Parcel { kind, ..parcel(from, to, 0) };
        network.pass(&parcel).dropped.is_some()
    };
    assert!(lost(N0, N1, 1));
    assert!(!lost(N0, N1, 0) && !lost(N1, N0, 1) && !lost(N0, NodeId(2), 1));
    assert!(network.lift(3) && !network.lift(3));
    assert!(!network.is_calm(), "the other strike's front was lifted too");
    assert!(network.pass(&Parcel { kind: 1, ..parcel(N0, N1, 0) }).dropped.is_none());
    assert!(network.lift(4) && network.is_calm());
}

#[test]
fn where_nobody_overtakes_a_clog_holds_every_kind_and_other_weather_its_own() {
    let spec = NetworkSpec { fifo: true, ..spread() };
    let pongs = |weather, strike| Front { kinds: Kinds(0b10), ..front(weather, strike) };
    let mut network = network(&spec);
    network.set_in(pongs(Weather::Loss { probability: percent(100) }, 3));
    let [ping, pong] = [0, 1].map(|kind| Parcel { kind, ..parcel(N0, N1, 0) });
    assert!(network.pass(&ping).dropped.is_none() && network.pass(&pong).dropped.is_some());
    network.set_in(pongs(Weather::Clog, 4));
    assert_eq!([ping, pong].map(|parcel| network.clogged_by(&parcel)), [Some(4); 2]);
    network.fifo = false;
    assert_eq!([ping, pong].map(|parcel| network.clogged_by(&parcel)), [None, Some(4)]);
}

#[test]
fn of_the_links_that_concern_a_message_the_last_wins_for_each_setting_alone() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let add = |millis| Some(Latency::Constant(ms(millis)));
    let spec = NetworkSpec {
        latency: Latency::Constant(ms(1)),
        links: vec![
            LinkSpec { latency: add(100), messages: names(&["pong"]), ..LinkSpec::default() },
            LinkSpec { delay: add(10), ..LinkSpec::default() },
            LinkSpec { from: names(&["n0"]), latency: add(200), ..LinkSpec::default() },
            LinkSpec {
                to: names(&["n2"]),
                messages: names(&["ping"]),
                delay: add(20),
                slow_down: Some(3.0),
                ..LinkSpec::default()
            },
        ],
        ..NetworkSpec::default()
    };
    let mut network = network(&spec);
    let mut delay = |from, to, kind| {
        let parcel = Parcel { kind, ..parcel(NodeId(from), NodeId(to), 0) };
        network.pass(&parcel).delay
    };
    assert_eq!(delay(1, 0, 0), ms(1 + 10));
    assert_eq!(delay(1, 0, 1), ms(100 + 10));
    assert_eq!(delay(0, 1, 0), ms(200 + 10));
    assert_eq!(delay(0, 1, 1), ms(200 + 10), "what n0 says later covers all kinds");
    assert_eq!(delay(0, 2, 0), ms(3 * 200 + 20));
    assert_eq!(delay(1, 2, 0), ms(3 + 20));
    assert_eq!(delay(1, 2, 1), ms(100 + 10));
}

#[test]
fn loss_of_one_kind_touches_no_other() {
    let mut spec = NetworkSpec { loss: percent(1), ..spread() };
    spec.links.push(LinkSpec {
        messages: vec!["pong".into()],
        loss: Some(percent(50)),
        ..LinkSpec::default()
    });
    let mut network = network(&spec);
    let mut lost = |kind| {
        let pass = |micros| network.pass(&Parcel { kind, ..parcel(N0, N1, micros) });
        (0..COUNT).map(pass).filter(|passage| passage.dropped.is_some()).count()
    };
    let (ping, pong) = (lost(0), lost(1));
    assert!(is_share(ping, 0.01) && is_share(pong, 0.5), "{ping} pings, {pong} pongs");
}

#[test]
fn bursts_lose_everything_in_their_periods_and_nothing_between_them() {
    let mut network = network(&spread());
    network.set_in(front(Weather::BurstLoss { share: percent(20), mean: ms(1) }, 0));
    // Two messages of each instant share their fate, and so do most neighbours.
    let (mut lost, mut changes, mut before) = (0, 0, false);
    for micros in 0..COUNT {
        let now = network.pass(&parcel(N0, N1, micros)).dropped.is_some();
        assert_eq!(network.pass(&parcel(N0, N1, micros)).dropped.is_some(), now);
        lost += u32::from(now);
        changes += u32::from(now != before);
        before = now;
    }
    // 100 ms hold some 20 bad periods of 1 ms.
    assert!((8_000..36_000).contains(&lost), "{lost} lost");
    assert!((16..80).contains(&changes), "{changes} changes");
}

#[test]
fn after_gst_nothing_takes_longer_than_delta() {
    let mut network = network(&spread());
    network.set_in(front(Weather::SlowDown { factor: 100.0 }, 0));
    network.set_in(front(Weather::Duplicate { probability: percent(100), copies: 1 }, 0));
    network.settle(Some(ms(30)));
    for passage in passages(&mut network).take(1_000) {
        assert_eq!((passage.delay, passage.copies), (ms(30), vec![ms(30)]));
    }
}

#[test]
fn a_detour_is_the_same_for_all_messages_of_a_link_and_differs_between_links() {
    let spec = NetworkSpec {
        latency: Latency::Constant(ms(1)),
        detour: Latency::Uniform(DurationRange::from_millis(0, 1_000)),
        ..NetworkSpec::default()
    };
    let mut network = network(&spec);
    let mut delay = |from, to, micros| network.pass(&parcel(from, to, micros)).delay;
    let (there, back) = (delay(N0, N1, 0), delay(N1, N0, 0));
    assert!((1..100).all(|micros| delay(N0, N1, micros) == there));
    assert_ne!(there, back);
    assert!(there >= ms(1) && there <= ms(1_001));
}

#[test]
fn the_queue_of_a_link_empties_at_its_bandwidth_and_overflows() {
    let spec = NetworkSpec { latency: Latency::Constant(ms(1)), ..NetworkSpec::default() };
    let mut network = network(&spec);
    // 100 bytes take 100 µs; five messages may wait.
    let narrow = Weather::Bandwidth { bytes_per_second: 1_000_000, queue: 500 };
    network.set_in(front(narrow, 2));
    for ahead in 1..=5 {
        let passage = network.pass(&parcel(N0, N1, 0));
        assert_eq!(passage.delay, ms(1) + Duration::from_micros(100 * ahead));
        assert!(passage.delayed && passage.strikes == [2]);
    }
    let full = network.pass(&parcel(N0, N1, 0));
    assert_eq!((full.dropped, full.strikes), (Some(Dropped::Overflowed), vec![2]));
    let other = network.pass(&parcel(N1, N0, 0));
    assert_eq!(other.delay, ms(1) + Duration::from_micros(100));
}
