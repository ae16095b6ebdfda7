//! Oral messages at the table, step by step.

use expect_test::expect;
use serde::Deserialize as _;
use serde::de::value::{Error, MapDeserializer};
use sim_core::id::ClientId;
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Stream, Streams};
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::*;
use crate::problem::decision::Conclusion;

// x, y and z of the paper's figure 4, or attack and retreat and something else.
const X: Choice = Choice::new(0, 3);
const Y: Choice = Choice::new(1, 3);
const Z: Choice = Choice::new(2, 3);

type Table = Tabletop<OralMessages>;

const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

fn message(path: &[u32], choice: Choice) -> Message {
    Message { path: path.iter().copied().map(NodeId).collect(), choice }
}

fn order(table: &mut Table, choice: Choice) {
    table.request(0, op(0), Propose::from(choice));
}

/// Delivers what flies among these, and ends the round for them.
fn round(table: &mut Table, generals: &[u32]) {
    table.settle(generals);
    generals.iter().for_each(|general| table.fire(*general, Timer::RoundEnds));
}

fn outcome(table: &Table, general: u32) -> Option<Conclusion> {
    table.state(general).general.outcome()
}

#[track_caller]
fn all_decide(table: &Table, generals: &[u32], choice: Choice) {
    for general in generals {
        assert_eq!(outcome(table, *general), Some(Conclusion::Decided(choice)), "n{general}");
    }
    assert_eq!(table.violations(), []);
}

fn with_depth(m: u32) -> Config {
    Config { m: Some(m), ..Config::default() }
}

fn interactive() -> Config {
    Config { form: Form::Interactive, ..Config::default() }
}

/// The paper's figure 3: OM(1) among four, the commander and two lieutenants are loyal.
#[test]
fn figure_3_one_lieutenant_is_a_traitor_and_the_others_obey() {
    for lie in [Y, Z] {
        let mut table = Table::new(4, Config::default());
        order(&mut table, X);
        round(&mut table, &[0, 1, 2]);
        (1..3).for_each(|to| table.inject(3, to, message(&[0, 3], lie)));
        round(&mut table, &[0, 1, 2]);
        all_decide(&table, &[0, 1, 2], X);
    }
}

/// The paper's figure 4: OM(1) among four, the commander says x, y and z.
#[test]
fn figure_4_the_commander_is_a_traitor_and_all_lieutenants_retreat() {
    let mut table = Table::new(4, Config::default());
    for (to, lie) in [(1, X), (2, Y), (3, Z)] {
        table.inject(0, to, message(&[0], lie));
    }
    round(&mut table, &[1, 2, 3]);
    round(&mut table, &[1, 2, 3]);
    // No majority among x, y and z, so all take the default, which is the second option.
    all_decide(&table, &[1, 2, 3], Y);
    expect![[r#"
        n0 boots
          n0 Announce(Round { round: 1 })
          n0 RepeatTimer { timer: RoundEnds, every: 100ms }
        n1 boots
          n1 Announce(Round { round: 1 })
          n1 RepeatTimer { timer: RoundEnds, every: 100ms }
        n2 boots
          n2 Announce(Round { round: 1 })
          n2 RepeatTimer { timer: RoundEnds, every: 100ms }
        n3 boots
          n3 Announce(Round { round: 1 })
          n3 RepeatTimer { timer: RoundEnds, every: 100ms }
        n0 → n1 Message { path: [n0], choice: A }
        n0 → n2 Message { path: [n0], choice: B }
        n0 → n3 Message { path: [n0], choice: C }
        n1 timer RoundEnds
          n1 Send { to: n2, message: Message { path: [n0, n1], choice: A } }
          n1 Send { to: n3, message: Message { path: [n0, n1], choice: A } }
          n1 Announce(Round { round: 2 })
        n2 timer RoundEnds
          n2 Send { to: n1, message: Message { path: [n0, n2], choice: B } }
          n2 Send { to: n3, message: Message { path: [n0, n2], choice: B } }
          n2 Announce(Round { round: 2 })
        n3 timer RoundEnds
          n3 Send { to: n1, message: Message { path: [n0, n3], choice: C } }
          n3 Send { to: n2, message: Message { path: [n0, n3], choice: C } }
          n3 Announce(Round { round: 2 })
        n1 → n2 Message { path: [n0, n1], choice: A }
        n1 → n3 Message { path: [n0, n1], choice: A }
        n2 → n1 Message { path: [n0, n2], choice: B }
        n2 → n3 Message { path: [n0, n2], choice: B }
        n3 → n1 Message { path: [n0, n3], choice: C }
        n3 → n2 Message { path: [n0, n3], choice: C }
        n1 timer RoundEnds
          n1 CancelTimer { timer: RoundEnds }
          n1 Announce(Decided)
          n1 Indicate { answers: None, indication: Decided(B) }
        n2 timer RoundEnds
          n2 CancelTimer { timer: RoundEnds }
          n2 Announce(Decided)
          n2 Indicate { answers: None, indication: Decided(B) }
        n3 timer RoundEnds
          n3 CancelTimer { timer: RoundEnds }
          n3 Announce(Decided)
          n3 Indicate { answers: None, indication: Decided(B) }
    "#]]
    .assert_eq(table.transcript());
}

#[test]
fn a_commander_that_says_nothing_is_obeyed_by_retreating() {
    for default in [0, 2, 9] {
        let mut table = Table::new(4, Config { default, ..Config::default() });
        // They know the options from their own applications, whose opinions do not count.
        (1..4).for_each(|general| table.request(general, op(general), Propose::from(Y)));
        (0..2).for_each(|_| round(&mut table, &[1, 2, 3]));
        all_decide(&table, &[1, 2, 3], Choice::new(default.min(2), 3));
    }
}

#[test]
fn who_never_hears_of_any_option_ends_undecided() {
    let mut table = Table::new(4, Config::default());
    (0..2).for_each(|_| round(&mut table, &[0, 1]));
    assert_eq!(outcome(&table, 0), Some(Conclusion::Undecided));
    assert_eq!(outcome(&table, 1), Some(Conclusion::Undecided));
}

#[test]
fn a_general_that_nobody_asked_still_passes_orders_on() {
    let mut table = Table::new(4, Config::default());
    order(&mut table, X);
    round(&mut table, &[0, 1, 2, 3]);
    assert_eq!(table.flying().len(), 6, "three lieutenants tell two others each");
    round(&mut table, &[0, 1, 2, 3]);
    all_decide(&table, &[0, 1, 2, 3], X);
    assert!((0..4).all(|general| table.timers(general).is_empty()));
}

#[test]
fn what_cannot_have_been_sent_in_time_by_its_sender_is_not_kept() {
    let mut table = Table::new(7, with_depth(2));
    for (from, path) in [
        (1, &[][..]),
        (1, &[1]),          // not from the commander
        (1, &[0]),          // not the commander's own words
        (3, &[0, 1]),       // in another's name
        (2, &[0, 2]),       // through the receiver
        (1, &[0, 2, 1]),    // through the receiver and on
        (1, &[0, 1, 1]),    // in circles
        (0, &[0, 1, 0]),    // back again
        (1, &[0, 3, 4, 1]), // longer than there are rounds
        (1, &[0, 9, 1]),    // through a stranger
    ] {
        table.inject(from, 2, message(path, X));
        assert_eq!(table.state(2).tree.all().count(), 0, "{path:?} from n{from}");
    }
    // What is early by the receiver's clock is kept, and what is late is not.
    table.inject(1, 2, message(&[0, 3, 1], X));
    table.fire(2, Timer::RoundEnds);
    table.inject(0, 2, message(&[0], X));
    table.inject(3, 2, message(&[0, 3], X));
    table.fire(2, Timer::RoundEnds);
    table.inject(4, 2, message(&[0, 4], X));
    table.inject(4, 2, message(&[0, 3, 4], X));
    table.fire(2, Timer::RoundEnds);
    table.inject(5, 2, message(&[0, 3, 5], X));
    let kept: Vec<_> = table.state(2).tree.all().map(|(path, _)| path.clone()).collect();
    let paths = [&[0, 3][..], &[0, 3, 1], &[0, 3, 4]].map(|path| message(path, X).path);
    assert_eq!(kept, paths);
}

#[test]
fn a_choice_among_other_options_is_not_kept() {
    let mut table = Table::new(4, Config::default());
    table.request(1, op(1), Propose::from(X));
    table.inject(0, 1, message(&[0], Choice::new(0, 2)));
    assert_eq!(table.state(1).tree.all().count(), 0);
}

#[test]
fn an_order_is_given_once_and_only_in_the_first_round() {
    let mut table = Table::new(4, Config::default());
    order(&mut table, X);
    order(&mut table, X);
    table.request(0, op(7), Propose::from(Z));
    assert_eq!(table.flying().len(), 3);
    (0..2).for_each(|_| round(&mut table, &[0, 1, 2, 3]));
    all_decide(&table, &[0, 1, 2, 3], X);
    let answers = table.transcript().matches("Indicate { answers: Some").count();
    assert_eq!(answers, 2, "each of the two requests has its answer");
    order(&mut table, X);
    assert_eq!(table.transcript().matches("Indicate { answers: Some").count(), 3);

    let mut table = Table::new(4, Config::default());
    round(&mut table, &[0, 1, 2, 3]);
    order(&mut table, X);
    assert_eq!(table.flying().len(), 0, "too late");
}

#[test]
fn who_comes_up_after_the_start_stays_out_and_ends_undecided() {
    let mut table = Table::new(4, Config::default());
    order(&mut table, X);
    table.request(3, op(3), Propose::from(X));
    table.pass(Duration::from_millis(1));
    table.restart(3);
    assert_eq!(outcome(&table, 3), Some(Conclusion::Undecided));
    assert_eq!(table.timers(3), []);
    for _ in 0..2 {
        table.settle(&[0, 1, 2, 3]);
        (0..3).for_each(|general| table.fire(general, Timer::RoundEnds));
    }
    all_decide(&table, &[0, 1, 2], X);
    table.request(3, op(3), Propose::from(X));
    assert!(table.transcript().contains("Indicate { answers: Some(c3.0), indication: Undecided }"));
    assert_eq!(table.violations(), []);
}

#[test]
fn two_traitors_among_seven_are_outvoted_level_by_level() {
    // The commander and n6 are traitors: the commander divides the lieutenants by halves, and n6
    // says of everybody the opposite of what it was told.
    let loyal = [1, 2, 3, 4, 5];
    let mut table = Table::new(7, Config::default());
    for to in loyal {
        table.inject(0, to, message(&[0], if to % 2 == 0 { X } else { Z }));
    }
    round(&mut table, &loyal);
    for to in loyal {
        table.inject(6, to, message(&[0, 6], if to < 3 { X } else { Z }));
    }
    round(&mut table, &loyal);
    for to in loyal {
        for of in loyal.iter().filter(|of| **of != to) {
            let lie = if of % 2 == 0 { Z } else { X };
            table.inject(6, to, message(&[0, *of, 6], lie));
        }
    }
    round(&mut table, &loyal);
    let decided = outcome(&table, 1);
    assert!(matches!(decided, Some(Conclusion::Decided(_))));
    assert!(loyal.iter().all(|general| outcome(&table, *general) == decided));
    assert_eq!(table.violations(), []);
}

#[test]
fn in_the_interactive_form_the_majority_of_all_orders_is_decided() {
    for (opinions, decided) in [([X, X, Z, X], X), ([Z, X, Z, Z], Z), ([X, X, Z, Z], Y)] {
        let mut table = Table::new(4, interactive());
        for (general, opinion) in (0..).zip(opinions) {
            table.request(general, op(general), Propose::from(opinion));
        }
        assert_eq!(table.flying().len(), 12);
        (0..2).for_each(|_| round(&mut table, &[0, 1, 2, 3]));
        all_decide(&table, &[0, 1, 2, 3], decided);
    }
}

#[test]
fn a_lie_names_another_choice_on_the_same_path() {
    let draws = Streams::new(1).key(Stream::Adversary);
    let truth = message(&[0, 2], X);
    for member in 0..20 {
        let forge =
            |lie, said: &Message| said.forge(lie, &mut Forger::without_keys(draws.member(member)));
        let lie = forge(Lie::Content, &truth).expect("there are other choices");
        assert!([message(&[0, 2], Y), message(&[0, 2], Z)].contains(&lie));
        assert_eq!(forge(Lie::Content, &truth), Some(lie));
        assert_eq!(forge(Lie::Round, &truth), None);
        assert_eq!(forge(Lie::Content, &message(&[0], Choice::new(0, 1))), None);
    }
    assert_eq!([message(&[0], X).kind(), truth.kind()], [0, 1]);
}

#[test]
fn keys_are_read_and_unknown_ones_refused() {
    let read = |keys: &[(&'static str, &'static str)]| {
        Config::deserialize(MapDeserializer::<_, Error>::new(keys.iter().copied()))
    };
    let keys = [("form", "interactive"), ("round", "2s")];
    let expected = Config { round: Duration::from_secs(2), ..interactive() };
    assert_eq!(read(&keys), Ok(expected));
    assert_eq!(read(&[("form", "general")]), Ok(Config::default()));
    assert!(read(&[("depth", "3")]).is_err());
}

#[test]
fn what_cannot_run_is_objected_to_and_what_is_unsafe_is_marked() {
    let objections = |n, config: Config| {
        let found = OralMessages::objections(&config, Cluster { n });
        found.into_iter().map(|objection| (objection.key, objection.runnable)).collect::<Vec<_>>()
    };
    for n in 1..=13 {
        assert_eq!(objections(n, Config::default()), [], "the default depth suits {n}");
    }
    assert_eq!(objections(3, with_depth(1)), [("m", true)]);
    assert_eq!(objections(6, with_depth(2)), [("m", true)]);
    assert_eq!(objections(3, with_depth(3)), [("m", false)]);
    assert_eq!(objections(1, with_depth(u32::MAX)), [("m", false)]);
    // OM(5) among sixteen sends 3,999,675 messages.
    assert_eq!(objections(16, Config::default()), [("m", false)]);
    assert_eq!(objections(10_000_000, Config::default()), [("m", false)]);
    assert_eq!(objections(13, interactive()), [("m", false)], "thirteen times as many");
    let no_time = Config { round: Duration::ZERO, ..Config::default() };
    assert_eq!(objections(4, no_time), [("round", false)]);
}

#[test]
fn each_form_promises_what_it_can() {
    let promise = |config: &Config| OralMessages::contract(config, Cluster { n: 4 }).promise;
    for (config, obedience) in [(Config::default(), COMMANDER_VALIDITY), (interactive(), UNANIMITY)]
    {
        assert_eq!(promise(&config).0, [AGREEMENT, obedience, INTEGRITY, TERMINATION]);
    }
}

#[test]
fn fewer_traitors_are_survived_where_the_generals_are_too_few_for_m() {
    let survived = |n, m| with_depth(m).traitors_survived(Cluster { n });
    assert_eq!([survived(4, 1), survived(7, 2), survived(10, 3)], [1, 2, 3]);
    assert_eq!([survived(3, 1), survived(6, 2), survived(9, 3)], [0, 1, 2]);
    assert_eq!([survived(4, 0), survived(7, 1), survived(1, 0), survived(2, 1)], [0, 1, 0, 0]);
}

#[test]
fn an_objection_to_a_depth_names_the_traitors_that_are_survived() {
    let found = OralMessages::objections(&with_depth(2), Cluster { n: 6 });
    assert!(found[0].reason.contains("2 need 7 generals, and 6 survive 1"), "{}", found[0].reason);
}
