//! The judges of membership.

use protocols::problem::membership::{
    ACCURACY, Belief, COMPLETENESS, Indication, Membership, NO_RESURRECTION, RISING_INCARNATION,
    STRONG_ACCURACY, Status, VIEWS_AGREE,
};
use sim_core::history::Event;
use sim_core::id::{Incarnation, NodeId};
use sim_core::time::Duration;

use crate::judges::scene::{Case, Happening, Scene, case};

/// Clients only count the members, and no property is about what they hear.
pub(crate) const BLIND_TO: &[&str] = &[
    "ignores retries",
    "takes every request for heard",
    "sees only requests that are heard",
    "does not see whom an answer is for",
    "waits for clients that went away",
];

type Told = (u32, Incarnation, Happening<Membership>);

const fn says(indication: Indication) -> Happening<Membership> {
    Event::Indicated { answers: None, indication }
}

const fn joins(incarnation: u64) -> Happening<Membership> {
    says(Indication::Joined { incarnation, period: Duration::from_secs(1) })
}

const fn refutes(incarnation: u64) -> Happening<Membership> {
    says(Indication::Refuted { incarnation })
}

const fn sees(member: u32, incarnation: u64, status: Status) -> Happening<Membership> {
    let belief = Belief { incarnation, status };
    says(Indication::Changed { member: NodeId(member), belief })
}

/// A node comes up under an incarnation, and sees these.
fn up(node: u32, life: Incarnation, incarnation: u64, others: &[(u32, u64)]) -> Vec<Told> {
    let alive = |(member, incarnation): &(u32, u64)| {
        (node, life, sees(*member, *incarnation, Status::Alive))
    };
    let begin = [(node, life, Event::Booted), (node, life, joins(incarnation))];
    begin.into_iter().chain(others.iter().map(alive)).collect()
}

/// Three who see each other.
fn three() -> Vec<Told> {
    let all = [
        up(0, 0, 0, &[(1, 0), (2, 0)]),
        up(1, 0, 0, &[(0, 0), (2, 0)]),
        up(2, 0, 0, &[(0, 0), (1, 0)]),
    ];
    all.concat()
}

/// The same, and what happens then.
fn then(more: Vec<Told>) -> Scene<Membership> {
    Scene::new([three(), more].concat())
}

pub(crate) fn corpus() -> Vec<Case<Membership>> {
    use Status::{Alive, Dead, Left, Suspect};
    let crash = |node| (node, 0, Event::Crashed);
    let both_see = |status| vec![(0, 0, sees(2, 0, status)), (1, 0, sees(2, 0, status))];
    let crashed = |more: Vec<Told>| then([vec![crash(2)], more].concat()).with_core(&[0, 1]);
    vec![
        case("all is well", &[], then(vec![])),
        case("a crash that both notice", &[], crashed(both_see(Dead))),
        case("not noticed yet", &[], crashed(vec![(0, 0, sees(2, 0, Dead))]).ending(60)),
        case("nobody notices", &[COMPLETENESS], crashed(vec![])),
        case("to suspect is not enough", &[COMPLETENESS], crashed(both_see(Suspect))),
        case(
            "one does not notice",
            &[COMPLETENESS, VIEWS_AGREE],
            crashed(vec![(0, 0, sees(2, 0, Dead))]),
        ),
        case(
            "a suspect that speaks up",
            &[],
            then([both_see(Suspect), vec![(2, 0, refutes(1)), (0, 0, sees(2, 1, Alive))]].concat()),
        ),
        case(
            "dead for a moment",
            &[STRONG_ACCURACY],
            then(vec![(0, 0, sees(2, 0, Dead)), (2, 0, refutes(1)), (0, 0, sees(2, 1, Alive))]),
        ),
        case(
            "buried alive",
            &[STRONG_ACCURACY, ACCURACY, VIEWS_AGREE],
            then(vec![(0, 0, sees(2, 0, Dead))]),
        ),
        case("buried alive by both", &[STRONG_ACCURACY, ACCURACY], then(both_see(Dead))),
        case(
            "who is cut off for good may be buried",
            &[STRONG_ACCURACY],
            then(both_see(Dead)).with_core(&[0, 1]),
        ),
        case(
            "a newcomer whom one does not know",
            &[ACCURACY, VIEWS_AGREE],
            Scene::new(
                [
                    up(0, 0, 0, &[(1, 0)]),
                    up(1, 0, 0, &[(0, 0), (2, 0)]),
                    up(2, 0, 0, &[(0, 0), (1, 0)]),
                ]
                .concat(),
            ),
        ),
        case(
            "away and back",
            &[],
            then(
                [
                    vec![(2, 0, says(Indication::Left))],
                    both_see(Left),
                    vec![(2, 0, joins(1)), (2, 0, sees(0, 0, Alive)), (2, 0, sees(1, 0, Alive))],
                    vec![(0, 0, sees(2, 1, Alive)), (1, 0, sees(2, 1, Alive))],
                ]
                .concat(),
            ),
        ),
        case(
            "away, and seen for good",
            &[COMPLETENESS],
            then(vec![(2, 0, says(Indication::Left))]),
        ),
        case(
            "stale news raises the dead",
            &[NO_RESURRECTION, COMPLETENESS, VIEWS_AGREE],
            crashed([both_see(Dead), vec![(0, 0, sees(2, 0, Alive))]].concat()),
        ),
        case(
            "an earlier incarnation",
            &[NO_RESURRECTION],
            then(vec![(2, 0, refutes(7)), (0, 0, sees(2, 7, Alive)), (0, 0, sees(2, 3, Alive))]),
        ),
        case(
            "a later life has to learn it anew",
            &[],
            crashed(
                [
                    both_see(Dead),
                    vec![crash(0)],
                    up(0, 1, 1, &[(1, 0), (2, 0)]),
                    vec![(0, 1, sees(2, 0, Dead)), (1, 0, sees(0, 1, Alive))],
                ]
                .concat(),
            ),
        ),
        case(
            "two lives of one incarnation",
            &[RISING_INCARNATION],
            then([vec![crash(2)], up(2, 1, 0, &[(0, 0), (1, 0)])].concat()),
        ),
        case(
            "a refutation that does not rise",
            &[RISING_INCARNATION],
            then(vec![(2, 0, refutes(1)), (2, 0, refutes(1))]),
        ),
        case(
            "nobody owes a liar anything",
            &[],
            Scene::new([vec![(2, 0, Event::Corrupted)], three(), both_see(Dead)].concat())
                .with_core(&[0, 1]),
        ),
    ]
}

/// Other names for the nodes, also within what is said of them.
pub(crate) fn rename(scene: &mut Scene<Membership>) {
    let name = |node: u32| 2 - node;
    scene.rename_nodes(name);
    for entry in &mut scene.story {
        if let Event::Indicated {
            indication: Indication::Changed { member, .. } | Indication::Unanswered { member },
            ..
        } = &mut entry.event
        {
            *member = NodeId(name(member.0));
        }
    }
}
