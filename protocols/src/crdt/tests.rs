//! The figures of the papers, and what each type and way of exchange does step by step.

use sim_core::id::{ClientId, NodeId, NodeSet, OpId};
use sim_core::message::{Lie, Message as _};
use sim_core::tabletop::Tabletop;

use super::{
    Config, Crdt, Data, DataType, Message, MvRegister, OrMap, OrSet, Origin, Rga, Sync, Timer, Type,
};
use crate::problem::replicated_data::{Dot, Item, Patch, Request, Update, Value};

/// A replica of one type, by itself.
#[derive(Clone)]
struct Alone<D: DataType> {
    data: D,
    dot: Dot,
}

impl<D: DataType> Alone<D> {
    fn new(node: u32) -> Self {
        Self { data: D::default(), dot: Dot { node: NodeId(node), sequence: 0 } }
    }

    fn make(&mut self, update: &Update) -> &mut Self {
        self.dot.sequence += 1;
        let origin = Origin { dot: self.dot, time: self.dot.sequence.into() };
        let (operation, _) = self.data.prepare(update, origin).expect("the update fits");
        self.data.effect(&operation);
        self
    }

    fn hear(&mut self, other: &Self) -> &mut Self {
        self.data.join(&other.data);
        self
    }
}

const fn item(key: u32, element: u32) -> Item {
    Item { key, element }
}

fn set(elements: &[u32]) -> Value {
    Value::Set(elements.iter().copied().collect())
}

#[test]
fn an_addition_that_a_removal_had_not_seen_wins() {
    let (mut a, mut b) = (Alone::<OrSet>::new(0), Alone::<OrSet>::new(1));
    a.make(&Update::Add(item(0, 1)));
    b.hear(&a).make(&Update::Remove(item(0, 1)));
    a.make(&Update::Add(item(0, 1)));
    b.hear(&a);
    assert_eq!(b.data.value(), set(&[1]));
    b.make(&Update::Remove(item(0, 1)));
    a.hear(&b);
    assert_eq!(a.data.value(), set(&[]));
}

#[test]
fn a_set_that_is_empty_again_keeps_a_version_vector_and_nothing_else() {
    let mut a = Alone::<OrSet>::new(0);
    a.make(&Update::Add(item(0, 1))).make(&Update::Remove(item(0, 1)));
    let bytes = a.data.bytes();
    for element in 0..100 {
        a.make(&Update::Add(item(0, element))).make(&Update::Remove(item(0, element)));
    }
    assert_eq!((a.data.bytes(), bytes), (4, 4));
}

#[test]
fn a_key_that_is_removed_starts_anew_with_what_was_added_concurrently() {
    let (mut a, mut b) = (Alone::<OrMap>::new(0), Alone::<OrMap>::new(1));
    a.make(&Update::Add(item(5, 1))).make(&Update::Add(item(5, 2))).make(&Update::Add(item(6, 1)));
    b.hear(&a).make(&Update::Add(item(5, 3)));
    a.make(&Update::RemoveKey(5));
    a.hear(&b);
    b.hear(&a);
    let expected = Value::Map([(5, [3].into()), (6, [1].into())].into());
    assert_eq!((a.data.value(), b.data.value()), (expected.clone(), expected));
}

#[test]
fn concurrent_writes_are_siblings_until_one_overwrites_them() {
    let (mut a, mut b) = (Alone::<MvRegister>::new(0), Alone::<MvRegister>::new(1));
    a.make(&Update::Write(1)).make(&Update::Write(2));
    b.make(&Update::Write(3)).hear(&a);
    assert_eq!(b.data.value(), Value::Siblings(vec![2, 3]));
    a.hear(b.make(&Update::Write(4)));
    assert_eq!(a.data.value(), Value::Siblings(vec![4]));
}

fn patch(at: u32, delete: u32, insert: &str) -> Update {
    Update::Edit(vec![Patch { at, delete, insert: insert.to_owned() }])
}

fn text(text: &Rga) -> String {
    match text.value() {
        Value::Text(text) => text.iter().map(|(_, character)| *character).collect(),
        other => panic!("{other:?} is no text"),
    }
}

fn merged(mut a: Alone<Rga>, mut b: Alone<Rga>) -> String {
    let before = b.clone();
    b.hear(&a);
    a.hear(&before);
    assert_eq!(a.data, b.data);
    text(&a.data)
}

/// Two users who know one text.
fn two_users() -> (Alone<Rga>, Alone<Rga>) {
    let (mut a, mut b) = (Alone::<Rga>::new(0), Alone::<Rga>::new(1));
    b.hear(a.make(&patch(0, 0, "()")));
    (a, b)
}

#[test]
fn two_who_type_forward_into_one_gap_stay_apart() {
    let (mut a, mut b) = two_users();
    for (at, (one, other)) in (1..).zip(["h", "e", "y"].into_iter().zip(["y", "o", "u"])) {
        a.make(&patch(at, 0, one));
        b.make(&patch(at, 0, other));
    }
    assert_eq!(merged(a, b), "(youhey)");
}

#[test]
fn two_who_type_backward_into_one_gap_interleave() {
    let (mut a, mut b) = two_users();
    for (one, other) in ["3", "2", "1"].into_iter().zip(["c", "b", "a"]) {
        a.make(&patch(1, 0, one));
        b.make(&patch(1, 0, other));
    }
    assert_eq!(merged(a, b), "(a1b2c3)");
}

#[test]
fn what_was_typed_after_a_character_that_is_deleted_stays_where_it_was() {
    let (mut a, mut b) = two_users();
    a.make(&patch(1, 0, "abc"));
    b.hear(&a).make(&patch(2, 1, ""));
    a.make(&patch(3, 0, "X"));
    assert_eq!(a.data.tombstones(), 0);
    assert_eq!(merged(a, b.clone()), "(aXc)");
    assert_eq!((b.data.tombstones(), b.data.len()), (1, 4));
}

#[test]
fn a_text_of_many_chunks_is_the_same_as_a_plain_string() {
    use sim_core::rng::{Random as _, Stream, Streams};

    let mut rng = Streams::new(0).chacha(Stream::Application, 0);
    let (mut rga, mut plain) = (Alone::<Rga>::new(0), Vec::<char>::new());
    for step in 0..3_000_u32 {
        let at = rng.below(plain.len() as u64 + 1) as usize;
        let delete = (rng.below(6) as usize).min(plain.len() - at);
        let letter = char::from(b'a' + (step % 26) as u8);
        // One paste is larger than several chunks.
        let length = if step == 100 { 2_000 } else { rng.below(8) as usize };
        let insert: String = std::iter::repeat_n(letter, length).collect();
        rga.make(&patch(at as u32, delete as u32, &insert));
        plain.splice(at..at + delete, insert.chars());
    }
    assert_eq!(text(&rga.data), plain.iter().collect::<String>());
    assert!(rga.data.tombstones() > 3_000, "{}", rga.data.tombstones());
    // Who joins it all at once cuts it in other chunks, and has the same.
    let mut other = Alone::<Rga>::new(1);
    assert_eq!(other.hear(&rga).data, rga.data);
}

fn op(client: u32, sequence: u32) -> OpId {
    OpId { client: ClientId(client), sequence }
}

fn table(n: u32, data: Type, sync: Sync) -> Tabletop<Crdt> {
    let config = Config { data, sync, fanout: n - 1, ..Config::default() };
    Tabletop::new(n, config)
}

fn value(table: &Tabletop<Crdt>, node: u32) -> Value {
    table.state(node).replica().data.value()
}

#[test]
fn an_operation_waits_for_those_on_which_it_rests() {
    let mut table = table(3, Type::PnCounter, Sync::Operation);
    table.request(0, op(0, 0), Request::Make(Update::Count(1)));
    table.deliver(0, 1);
    let late = table.take(0, 2);
    table.request(1, op(1, 0), Request::Make(Update::Count(10)));
    table.deliver(1, 2);
    assert_eq!(value(&table, 2), Value::Count(0));
    table.arrive(late);
    assert_eq!(value(&table, 2), Value::Count(11));
    assert!(table.violations().is_empty(), "{:?}", table.violations());
}

#[test]
fn operations_that_were_had_are_redundant_and_their_frame_only_if_it_brought_nothing_else() {
    let mut table = table(2, Type::PnCounter, Sync::Operation);
    let mut parcels = Vec::new();
    for sequence in 0..2 {
        table.request(0, op(0, sequence), Request::Make(Update::Count(1)));
        let Message::Operations(sent) = table.take(0, 1).message else { panic!("operations") };
        parcels.extend(sent);
    }
    let both = Message::Operations(parcels.clone());
    let (one, all) = (parcels[0].bytes(), both.bytes());
    table.inject(0, 1, Message::Operations(vec![parcels[0].clone()]));
    for expected in [one, all] {
        table.inject(0, 1, both.clone());
        let told = format!("Redundant {{ bytes: {expected} }}");
        assert_eq!(table.transcript().matches(&told).count(), 1, "{}", table.transcript());
    }
}

#[test]
fn a_lie_about_operations_is_another_one_or_none() {
    let cases = [
        (Type::GCounter, Update::Count(1)),
        (Type::PnCounter, Update::Count(-1)),
        (Type::GSet, Update::Add(item(0, 1))),
        (Type::OrSet, Update::Add(item(0, 1))),
        (Type::LwwRegister, Update::Write(1)),
        (Type::MvRegister, Update::Write(1)),
        (Type::OrMap, Update::Add(item(0, 1))),
        (Type::Rga, patch(0, 0, "a")),
    ];
    let mouths = NodeSet::from_iter([NodeId(0)]);
    for (data, update) in cases {
        let mut table = table(2, data, Sync::Operation);
        table.request(0, op(0, 0), Request::Make(update));
        let truth = table.take(0, 1).message;
        let lie = truth.forge(Lie::Content, &mut table.forger(&mouths));
        let has_lies = !matches!(data, Type::OrSet | Type::OrMap | Type::Rga);
        assert_eq!(lie.is_some(), has_lies, "{data:?}");
        assert_ne!(lie, Some(truth), "{data:?}");
    }
}

#[test]
fn a_lost_operation_comes_with_the_next_digest_and_is_forgotten_when_all_have_it() {
    let mut table = table(3, Type::PnCounter, Sync::Operation);
    table.request(0, op(0, 0), Request::Make(Update::Count(1)));
    table.lose_all();
    for _ in 0..2 {
        for node in 0..3 {
            table.fire(node, Timer::Talk);
        }
        table.settle(&[0, 1, 2]);
    }
    for node in 0..3 {
        assert_eq!(value(&table, node), Value::Count(1));
        assert!(table.state(node).replica().log.is_empty(), "n{node}");
    }
}

#[test]
fn only_what_is_not_acknowledged_is_sent_again_and_nothing_else_is_kept() {
    let mut table = table(2, Type::OrSet, Sync::Delta);
    for element in 0..5 {
        let add = Request::Make(Update::Add(item(0, element)));
        table.request(0, op(0, element), add);
        table.fire(0, Timer::Talk);
        let dots = match &table.flying()[0].message {
            Message::Delta { package, .. } => match &package.data {
                Data::OrSet(set) => set.dots().len(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        // The second delta is lost, so the third has both.
        assert_eq!(dots, if element == 2 { 2 } else { 1 });
        match element {
            1 => table.lose_all(),
            _ => table.settle(&[0, 1]),
        }
        assert_eq!(table.state(0).deltas.kept.len(), usize::from(element == 1));
    }
    table.fire(0, Timer::Talk);
    assert!(table.flying().is_empty());
    assert_eq!(value(&table, 1), set(&[0, 1, 2, 3, 4]));
}

#[test]
fn after_a_reboot_a_replica_has_what_it_had_and_gives_no_name_twice() {
    for sync in [Sync::State, Sync::Delta, Sync::Operation] {
        let mut table = table(2, Type::OrMap, sync);
        for sequence in 0..100 {
            let add = Request::Make(Update::Add(item(sequence % 7, sequence)));
            table.request(0, op(0, sequence), add);
        }
        let before = table.state(0).replica().clone();
        table.restart(0);
        assert_eq!(*table.state(0).replica(), before);
        // A retry of what is done does nothing.
        table.request(0, op(0, 99), Request::Make(Update::Add(item(0, 99))));
        assert_eq!(table.state(0).replica().seen.total(), 100);
        table.lose_all();
        for _ in 0..2 {
            table.fire(0, Timer::Talk);
            table.fire(1, Timer::Talk);
            table.settle(&[0, 1]);
        }
        assert_eq!(value(&table, 0), value(&table, 1));
        assert!(table.violations().is_empty(), "{:?}", table.violations());
    }
}
