//! Rules: what a `[protocol]` key holds that says which nodes may act for all.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sim_core::id::Cluster;
use sim_core::schema;

use super::expression::{Expression, Shape};
use super::system::{Misbuilt, System};

/// A number of nodes, whichever they are, or a quorum system.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Rule {
    /// `3`: any so many nodes.
    Count(u32),
    /// `"grid(3, 3)"`: a quorum of this system.
    Of(Expression),
}

impl Rule {
    /// A majority of all nodes.
    pub const MAJORITY: Self =
        Self::Of(Expression::Built { shape: Shape::Majority, members: Vec::new() });

    /// How many nodes are needed, if any so many of all nodes are enough.
    pub fn count(&self, cluster: Cluster) -> Option<u32> {
        match self {
            Self::Count(count) => Some(*count),
            rule if *rule == Self::MAJORITY => Some(cluster.majority()),
            Self::Of(_) => None,
        }
    }

    /// What the rule means on this cluster.
    ///
    /// # Errors
    /// That it does not fit the cluster.
    pub fn system(&self, cluster: Cluster) -> Result<System, Misbuilt> {
        match self {
            Self::Count(count) => {
                let (shape, members) = (Shape::Choose(*count), Vec::new());
                System::new(&Expression::Built { shape, members }, cluster)
            }
            Self::Of(expression) => System::new(expression, cluster),
        }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::MAJORITY
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Of(expression) => write!(f, "{expression}"),
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Of(expression) => serializer.collect_str(expression),
        }
    }
}

sim_core::notation!(Rule, |_| {
    let count = schema::json_schema!({ "type": "integer", "minimum": 0 });
    let system = schema::text("a quorum system", ".", &["majority", "grid(3, 3)"]);
    schema::either("A number of nodes, or a quorum system.", &[count, system])
});

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn counted<C, E>(count: C) -> Result<Rule, E>
        where
            C: Copy + fmt::Display + TryInto<u32>,
            E: de::Error,
        {
            let no_count = |_| E::custom(format!("{count} nodes: write a number from 1 to n"));
            count.try_into().map(Rule::Count).map_err(no_count)
        }

        struct Written;
        impl de::Visitor<'_> for Written {
            type Value = Rule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a number of nodes, such as 3, or a quorum system, such as \"grid(3, 3)\"",
                )
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Rule, E> {
                counted(count)
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Rule, E> {
                counted(count)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Rule, E> {
                text.parse().map(Rule::Of).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Written)
    }
}
