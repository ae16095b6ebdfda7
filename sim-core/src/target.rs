//! Whom a fault strikes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::id::{NodeId, NodeSet};
use crate::schema;

/// One target of a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// This node.
    Node(NodeId),
    /// The node that leads the highest term and is up; nobody if there is none.
    Leader,
    /// Everybody who is up and does not lead.
    Followers,
    /// So many nodes, drawn among those that are up.
    Random(u32),
    /// All nodes of a region of the network.
    Zone(String),
    /// ⌈n/3⌉ − 1 nodes, drawn among those that are up.
    Third,
    /// ⌈n/2⌉ − 1 nodes, drawn among those that are up.
    Minority,
    /// ⌊n/2⌋ nodes, drawn among those that are up.
    Half,
    /// ⌊n/2⌋ + 1 nodes, drawn among those that are up.
    Majority,
    /// Everybody.
    All,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "leader" => Self::Leader,
            "followers" => Self::Followers,
            "random" => Self::Random(1),
            "third" => Self::Third,
            "minority" => Self::Minority,
            "half" => Self::Half,
            "majority" => Self::Majority,
            "all" => Self::All,
            _ => match (text.strip_suffix(" random").map(str::parse), text.strip_prefix("zone ")) {
                (Some(Ok(count)), _) => Self::Random(count),
                (_, Some(zone)) => Self::Zone(zone.to_owned()),
                _ => Self::Node(text.parse().map_err(|_| {
                    format!(
                        "`{text}` is no target: write a node (\"n0\"), \"leader\", \"followers\", \
                         \"random\", \"2 random\", \"third\", \"minority\", \"half\", \
                         \"majority\", \"all\", or a region (\"zone eu\")"
                    )
                })?),
            },
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "{node}"),
            Self::Leader => f.write_str("leader"),
            Self::Followers => f.write_str("followers"),
            Self::Random(1) => f.write_str("random"),
            Self::Random(count) => write!(f, "{count} random"),
            Self::Zone(zone) => write!(f, "zone {zone}"),
            Self::Third => f.write_str("third"),
            Self::Minority => f.write_str("minority"),
            Self::Half => f.write_str("half"),
            Self::Majority => f.write_str("majority"),
            Self::All => f.write_str("all"),
        }
    }
}

crate::text_notation!(
    Target,
    "a target, such as \"n0\" or \"leader\"",
    "Whom a fault strikes.",
    "^(leader|followers|([0-9]+ )?random|third|minority|half|majority|all|n[0-9]+|zone .+)$",
    &["n0", "leader", "2 random", "minority", "zone eu"]
);

/// Several targets; one may be written without brackets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Targets(pub Vec<Target>);

impl From<Target> for Targets {
    fn from(target: Target) -> Self {
        Self(vec![target])
    }
}

impl From<&NodeSet> for Targets {
    fn from(nodes: &NodeSet) -> Self {
        Self(nodes.iter().map(Target::Node).collect())
    }
}

crate::notation!(Targets, |generator| {
    let one = generator.subschema_for::<Target>();
    let several = schema::json_schema!({ "type": "array", "items": one });
    schema::either("Whom a fault strikes: one target or a list.", &[one, several])
});

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> de::Visitor<'de> for OneOrMore {
            type Value = Targets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a target, such as \"leader\", or a list of targets")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Targets, E> {
                text.parse().map(|target| Targets(vec![target])).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Targets, A::Error> {
                let mut targets = Vec::new();
                while let Some(target) = seq.next_element()? {
                    targets.push(target);
                }
                Ok(Targets(targets))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, target) in self.0.iter().enumerate() {
            write!(f, "{}{target}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}
