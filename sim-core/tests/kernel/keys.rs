//! How an entry of the schedule is written: what is kept, and what is refused.

use sim_core::adversary::{Conduct, Strategy};
use sim_core::fault::{Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::target::Target;
use sim_core::time::Duration;

#[test]
fn a_corruption_keeps_every_key_of_its_conduct() {
    let spec: FaultSpec = serde_json::from_str(
        r#"{ "at": "1s", "kind": "corrupt", "target": "third", "strategy": "flood",
             "messages": ["vote"], "probability": "10%", "against": "n1", "by": "2ms",
             "copies": 3 }"#,
    )
    .expect("all of these are keys of a corruption");
    let Fault::Corrupt { conduct: Some(conduct), .. } = &spec.fault else {
        panic!("not a corruption: {spec:?}");
    };
    let expected = Conduct {
        messages: vec!["vote".to_owned()],
        probability: "10%".parse().expect("a probability"),
        against: Some(Target::Node(NodeId(1)).into()),
        by: Some(Duration::from_millis(2)),
        copies: Some(3),
        ..Conduct::of(Strategy::Flood)
    };
    assert_eq!(*conduct, expected);
    let again = serde_json::to_value(&spec).and_then(serde_json::from_value::<FaultSpec>);
    assert_eq!(again.expect("what is written is read").fault, spec.fault);
}

#[test]
fn only_what_lasts_or_can_bring_back_may_be_permanent() {
    let read = |kind: &str| {
        let text =
            format!(r#"{{ "at": "1s", "kind": "{kind}", "target": "n0", "permanent": true }}"#);
        serde_json::from_str::<FaultSpec>(&text).map_err(|error| error.to_string())
    };
    for kind in ["crash", "pause", "partition"] {
        assert!(read(kind).is_ok(), "{kind}: {:?}", read(kind));
    }
    let refused = read("restart").expect_err("a restart is over at once");
    assert!(refused.contains("permanent"), "{refused}");
}
