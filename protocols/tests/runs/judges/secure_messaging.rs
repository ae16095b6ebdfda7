//! The judges of trust among agents: admins n0 and n3, operators n1 and n4, guest n2; the authority
//! n5, the keeper n6, the broker n7.

use protocols::capability::{Action, Resource};
use protocols::credential::PublicKey;
use protocols::problem::secure_messaging::{
    AUTHENTICITY, AUTHORITY, CONFIDENTIALITY, Cause, Claim, Indication, Kind, LOG_CONSISTENCY,
    Label, LogEntry, NO_FALSE_ACCUSATION, Price, REVOCATION_FRESHNESS, Request, SecureMessaging,
    TERMINATION,
};
use sim_core::history::Event;
use sim_core::id::{Incarnation, NodeId, OpId};
use sim_core::time::{Duration, Time};

use crate::judges::scene::{Case, Happening, Scene, case, op};

/// What the problem does not depend on, by design: lives, crashes and retries (an acceptance counts
/// for all lives of its node).
pub(crate) const BLIND_TO: &[&str] = &[
    "forgets reboots",
    "sees no crash",
    "ignores retries",
    "takes every request for heard",
    "sees only requests that are heard",
];

const NODES: u32 = 8;

type Told = (u32, Incarnation, Happening<SecureMessaging>);

const fn asks(node: u32, number: u32, request: Request) -> Told {
    (node, 0, Event::Requested { op: op(number), request, reached: true })
}

const fn says(node: u32, indication: Indication) -> Told {
    (node, 0, Event::Indicated { answers: None, indication })
}

const fn answers(node: u32, number: u32, indication: Indication) -> Told {
    (node, 0, Event::Indicated { answers: Some(op(number)), indication })
}

const fn done(node: u32, number: u32) -> Told {
    answers(node, number, Indication::Done(Price { payload: 0, signature: 0, proof: 0 }))
}

const fn corrupted(node: u32) -> Told {
    (node, 0, Event::Corrupted)
}

const fn send(to: u32, label: Label) -> Request {
    Request::Send { to: NodeId(to), kind: Kind::Note, label, term: 2 }
}

const fn act(resource: u32, action: Action, deputy: Option<u32>) -> Request {
    let deputy = match deputy {
        Some(deputy) => Some(NodeId(deputy)),
        None => None,
    };
    Request::Act { resource: Resource(resource), action, deputy }
}

const fn claim(from: u32, to: u32, label: Label, content: OpId) -> Claim {
    Claim { from: NodeId(from), to: NodeId(to), kind: Kind::Note, label, term: 2, content }
}

/// The first key of an agent.
const fn key(owner: u32) -> PublicKey {
    PublicKey { owner: NodeId(owner), generation: 0 }
}

const fn accepts(claim: Claim) -> Told {
    let key = Some(PublicKey { owner: claim.from, generation: 0 });
    says(claim.to.0, Indication::Accepted { claim, key })
}

const fn acted(resource: u32, action: Action, number: u32, presenter: u32) -> Told {
    let resource = Resource(resource);
    let indication = Indication::Acted {
        resource,
        action,
        op: op(number),
        presenter: NodeId(presenter),
        key: Some(key(presenter)),
    };
    says(resource.0 % (NODES - 3), indication)
}

/// A grace of ten seconds.
const fn opened() -> Told {
    says(5, Indication::Opened { grace: Duration::from_secs(10) })
}

/// Nothing happens for so many seconds.
fn quiet(seconds: usize) -> Vec<Told> {
    vec![(5, 0, Event::Booted); seconds]
}

const fn entry(by: u32, about: u32) -> LogEntry {
    LogEntry { by: NodeId(by), about: op(about) }
}

const fn recorded(by: u32, about: u32) -> Told {
    says(by, Indication::Recorded { entry: entry(by, about), bytes: 100 })
}

fn audited(node: u32, number: u32, accepted: bool, entries: &[LogEntry]) -> Told {
    answers(node, number, Indication::Audited { accepted, entries: entries.to_vec() })
}

fn scene(story: Vec<Told>) -> Scene<SecureMessaging> {
    Scene::new(story).among(NODES)
}

/// A message from n0 to n1 that is accepted, and what happens then.
fn after_a_message(more: Vec<Told>) -> Scene<SecureMessaging> {
    let letter = claim(0, 1, Label::Secret, op(0));
    let story = vec![opened(), asks(0, 0, send(1, Label::Secret)), accepts(letter), done(0, 0)];
    scene([story, more].concat())
}

fn messages() -> Vec<Case<SecureMessaging>> {
    let letter = claim(0, 1, Label::Secret, op(0));
    let accepts_instead =
        |claim: Claim| scene(vec![asks(0, 0, send(1, Label::Secret)), accepts(claim), done(0, 0)]);
    vec![
        case("a message", &[], after_a_message(vec![])),
        case("a message twice", &[AUTHENTICITY], after_a_message(vec![accepts(letter)])),
        case(
            "a message twice, in two lives",
            &[AUTHENTICITY],
            after_a_message(vec![
                (1, 0, Event::Crashed),
                (1, 1, Event::Booted),
                (1, 1, accepts(letter).2),
            ]),
        ),
        case("nobody sent it", &[AUTHENTICITY], scene(vec![accepts(letter)])),
        case(
            "it came before it was sent",
            &[AUTHENTICITY],
            scene(vec![accepts(letter), asks(0, 0, send(1, Label::Secret)), done(0, 0)]),
        ),
        case(
            "somebody else sent it",
            &[AUTHENTICITY],
            accepts_instead(Claim { from: NodeId(3), ..letter }),
        ),
        case(
            "somebody else got it",
            &[AUTHENTICITY],
            accepts_instead(Claim { to: NodeId(4), ..letter }),
        ),
        case(
            "somebody took it that was for another",
            &[AUTHENTICITY],
            scene(vec![asks(0, 0, send(1, Label::Secret)), (4, 0, accepts(letter).2), done(0, 0)]),
        ),
        case(
            "of another kind",
            &[AUTHENTICITY],
            accepts_instead(Claim { kind: Kind::Order, ..letter }),
        ),
        case("of another term", &[AUTHENTICITY], accepts_instead(Claim { term: 3, ..letter })),
        case(
            "under another label",
            &[AUTHENTICITY],
            accepts_instead(Claim { label: Label::Public, ..letter }),
        ),
        case("a liar makes up what it likes", &[], scene(vec![corrupted(0), accepts(letter)])),
        case(
            "a thief does so with the key that it stole",
            &[],
            scene(vec![says(0, Indication::Stolen { key: key(0) }), accepts(letter)]),
        ),
        case(
            "and with no other",
            &[AUTHENTICITY],
            scene(vec![says(3, Indication::Stolen { key: key(3) }), accepts(letter)]),
        ),
        case("no answer", &[TERMINATION], scene(vec![asks(0, 0, send(1, Label::Public))])),
        case(
            "a liar owes no answer",
            &[],
            scene(vec![corrupted(0), asks(0, 0, send(1, Label::Public))])
                .with_core(&[1, 2, 3, 4, 5, 6, 7]),
        ),
        case(
            "nobody waits for the answer any more",
            &[],
            scene(vec![asks(0, 0, send(1, Label::Public)), (0, 0, Event::Abandoned { op: op(0) })]),
        ),
        case("no answer yet", &[], scene(vec![asks(0, 0, send(1, Label::Public))]).ending(50)),
    ]
}

fn rights() -> Vec<Case<SecureMessaging>> {
    use Action::{Read, Write};
    let gets = |node: u32, request: Request, what: Told| {
        scene(vec![asks(node, 0, request), what, done(node, 0)])
    };
    vec![
        case("an operator reads", &[], gets(1, act(8, Read, None), acted(8, Read, 0, 1))),
        case("a guest reads", &[AUTHORITY], gets(2, act(8, Read, None), acted(8, Read, 0, 2))),
        case(
            "a guest reads what lies open",
            &[],
            gets(2, act(3, Read, None), acted(3, Read, 0, 2)),
        ),
        case(
            "a guest writes what lies open",
            &[AUTHORITY],
            gets(2, act(3, Write, None), acted(3, Write, 0, 2)),
        ),
        case(
            "an admin does it for a guest",
            &[AUTHORITY],
            gets(2, act(9, Write, Some(0)), acted(9, Write, 0, 0)),
        ),
        case(
            "an admin does it for an admin",
            &[],
            gets(3, act(9, Write, Some(0)), acted(9, Write, 0, 0)),
        ),
        case(
            "something else is done",
            &[AUTHENTICITY, AUTHORITY],
            gets(1, act(8, Read, None), acted(8, Write, 0, 1)),
        ),
        case(
            "it is done twice",
            &[AUTHENTICITY],
            scene(vec![
                asks(0, 0, act(8, Read, None)),
                acted(8, Read, 0, 0),
                acted(8, Read, 0, 0),
                done(0, 0),
            ]),
        ),
        case("nobody wanted it", &[AUTHENTICITY, AUTHORITY], scene(vec![acted(8, Read, 0, 0)])),
        case(
            "a corrupt operator wanted what an operator may",
            &[],
            scene(vec![corrupted(1), acted(8, Read, 0, 1)]),
        ),
        case("and what it may not", &[AUTHORITY], scene(vec![corrupted(1), acted(8, Write, 0, 1)])),
        case(
            "an honest deputy carried it",
            &[AUTHORITY],
            scene(vec![corrupted(1), acted(8, Write, 0, 0)]),
        ),
        case(
            "a corrupt operator makes use of what was entrusted to it",
            &[],
            scene(vec![
                corrupted(1),
                asks(0, 5, act(8, Write, Some(1))),
                acted(8, Write, 0, 1),
                done(0, 5),
            ]),
        ),
    ]
}

fn secrets_and_keys() -> Vec<Case<SecureMessaging>> {
    let learned =
        |node: u32, label: Label| says(node, Indication::Learned { content: op(0), label });
    let revoked = || vec![opened(), says(5, Indication::Revoked { key: key(0) })];
    let later = |seconds: usize| {
        let letter = claim(0, 1, Label::Public, op(0));
        let story = vec![asks(0, 0, send(1, Label::Public)), accepts(letter), done(0, 0)];
        [quiet(seconds), story].concat()
    };
    let not_after = Time::ZERO + Duration::from_secs(4);
    let issued = || vec![opened(), says(5, Indication::Issued { key: key(0), not_after })];
    vec![
        case(
            "a secret for a guest",
            &[CONFIDENTIALITY],
            scene(vec![
                asks(0, 0, send(2, Label::Secret)),
                accepts(claim(0, 2, Label::Secret, op(0))),
                done(0, 0),
            ]),
        ),
        case(
            "the broker reads a secret",
            &[CONFIDENTIALITY],
            scene(vec![corrupted(7), learned(7, Label::Secret)]),
        ),
        case(
            "the broker reads what is no secret",
            &[],
            scene(vec![corrupted(7), learned(7, Label::Public)]),
        ),
        case(
            "a corrupt operator reads what it may",
            &[],
            scene(vec![corrupted(1), learned(1, Label::Secret)]),
        ),
        case("revoked a moment ago", &[], scene([revoked(), later(5)].concat())),
        case("revoked long ago", &[REVOCATION_FRESHNESS], scene([revoked(), later(20)].concat())),
        case("expired a moment ago", &[], scene([issued(), later(5)].concat())),
        case("expired long ago", &[REVOCATION_FRESHNESS], scene([issued(), later(20)].concat())),
        case(
            "the key of another was revoked long ago",
            &[],
            scene(
                [vec![opened(), says(5, Indication::Revoked { key: key(3) })], later(20)].concat(),
            ),
        ),
    ]
}

fn logs() -> Vec<Case<SecureMessaging>> {
    let then_audits = |wait: usize, accepted: bool, entries: &[LogEntry]| {
        let story = vec![opened(), recorded(0, 3), recorded(1, 4)];
        let audit = vec![asks(3, 9, Request::Audit), audited(3, 9, accepted, entries)];
        scene([story, quiet(wait), audit].concat())
    };
    let both = [entry(0, 3), entry(1, 4)];
    let convicted = |whom| says(0, Indication::Convicted { whom: NodeId(whom) });
    let refused = |whom| {
        let (from, cause) = (NodeId(whom), Cause::Convicted);
        says(0, Indication::Refused { from, op: op(7), cause })
    };
    let robbed = || {
        let (stolen, revoked) =
            (Indication::Stolen { key: key(1) }, Indication::Revoked { key: key(1) });
        vec![opened(), says(1, stolen), says(5, revoked)]
    };
    vec![
        case("a whole log", &[], then_audits(20, true, &both)),
        case("without its end", &[LOG_CONSISTENCY], then_audits(20, true, &both[..1])),
        case("without its beginning", &[LOG_CONSISTENCY], then_audits(20, true, &both[1..])),
        case("too soon to tell", &[], then_audits(2, true, &[])),
        case("it is not accepted", &[], then_audits(20, false, &[])),
        case("the guilty are convicted", &[], scene(vec![corrupted(6), convicted(6)])),
        case("the honest are convicted", &[NO_FALSE_ACCUSATION], scene(vec![convicted(6)])),
        case(
            "somebody else is guilty",
            &[NO_FALSE_ACCUSATION],
            scene(vec![corrupted(7), convicted(6)]),
        ),
        case(
            "the victim of a thief is convicted of what the thief did",
            &[],
            scene(vec![says(1, Indication::Stolen { key: key(1) }), convicted(1)]),
        ),
        case(
            "and a moment after the theft is known",
            &[],
            scene([robbed(), quiet(5), vec![convicted(1), refused(1)]].concat()),
        ),
        case(
            "and when the theft has long been known",
            &[NO_FALSE_ACCUSATION],
            scene([robbed(), quiet(20), vec![convicted(1)]].concat()),
        ),
        case(
            "the victim of a thief is still held guilty when the theft has long been known",
            &[NO_FALSE_ACCUSATION],
            scene([robbed(), vec![convicted(1)], quiet(20), vec![refused(1)]].concat()),
        ),
        case(
            "the victim of a thief is acquitted",
            &[],
            scene(
                [
                    robbed(),
                    vec![convicted(1), says(0, Indication::Acquitted { whom: NodeId(1) })],
                    quiet(20),
                ]
                .concat(),
            ),
        ),
        case(
            "the guilty are held guilty for ever",
            &[],
            scene(
                [vec![opened(), corrupted(1), convicted(1)], quiet(20), vec![refused(1)]].concat(),
            ),
        ),
    ]
}

pub(crate) fn corpus() -> Vec<Case<SecureMessaging>> {
    [messages(), rights(), secrets_and_keys(), logs()].into_iter().flatten().collect()
}

/// Certificates end so much later too.
pub(crate) fn shift(scene: &mut Scene<SecureMessaging>, by: Duration) {
    for line in &mut scene.story {
        if let Event::Indicated { indication: Indication::Issued { not_after, .. }, .. } =
            &mut line.event
        {
            *not_after = *not_after + by;
        }
    }
}
