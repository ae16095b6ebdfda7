//! Conducts: how an agent comes to say what it says, honestly or not.

use serde::{Deserialize, Serialize};
use sim_core::id::NodeId;
use sim_core::schema;

/// How an agent comes to say what it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Conduct {
    /// It says what it thinks.
    #[default]
    Honest,
    /// It says any option, which has nothing to do with what is right, and is sure of it.
    Hallucinating,
    /// It says what most of the others seem to think.
    Sycophantic,
    /// It thinks as well as others, says something else, and is sure of it.
    Lying,
    /// It gives up a favourite that cannot win for the better of the two that can, and puts the
    /// other last (compromise and burial).
    Strategic,
    /// It says what the first of all that collude thinks.
    Colluding,
    /// It says nothing.
    Abstaining,
    /// It says what another does: one mind with two voices, or one attacker with many names.
    Copies(NodeId),
}

/// The words for conducts that need nothing beside them.
const WORDS: [(&str, Conduct); 7] = [
    ("honest", Conduct::Honest),
    ("hallucinating", Conduct::Hallucinating),
    ("sycophantic", Conduct::Sycophantic),
    ("lying", Conduct::Lying),
    ("strategic", Conduct::Strategic),
    ("colluding", Conduct::Colluding),
    ("abstaining", Conduct::Abstaining),
];

impl TryFrom<String> for Conduct {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = WORDS.iter().find(|(word, _)| *word == text);
        let copies = || text.strip_prefix("copies ").map(|of| of.trim().parse().map(Self::Copies));
        match (known, copies()) {
            (Some((_, conduct)), _) => Ok(*conduct),
            (None, Some(copies)) => copies,
            (None, None) => {
                let words = WORDS.map(|(word, _)| word).join(", ");
                Err(format!("`{text}` is no conduct: write one of {words}, or \"copies n0\""))
            }
        }
    }
}

impl From<Conduct> for String {
    fn from(conduct: Conduct) -> Self {
        match conduct {
            Conduct::Copies(of) => format!("copies {of}"),
            conduct => {
                let word = WORDS.iter().find(|(_, known)| *known == conduct);
                word.map_or_else(Self::new, |(word, _)| (*word).to_owned())
            }
        }
    }
}

sim_core::notation!(Conduct, |_| schema::text(
    "How an agent comes to say what it says.",
    "^(honest|hallucinating|sycophantic|lying|strategic|colluding|abstaining|copies n[0-9]+)$",
    &["honest", "lying", "copies n3"]
));

impl Conduct {
    /// Whether what the agent thinks counts, as far as the good of all is concerned.
    pub const fn is_sincere(self) -> bool {
        matches!(self, Self::Honest | Self::Sycophantic | Self::Strategic | Self::Abstaining)
    }

    /// Whether it says what it came to by itself.
    pub(super) const fn speaks_for_itself(self) -> bool {
        !matches!(self, Self::Sycophantic | Self::Strategic | Self::Abstaining | Self::Copies(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conducts_are_written_as_they_are_read_and_others_are_named() {
        let copies = [Conduct::Copies(NodeId(4))];
        for conduct in WORDS.map(|(_, conduct)| conduct).into_iter().chain(copies) {
            assert_eq!(Conduct::try_from(String::from(conduct)), Ok(conduct));
        }
        for wrong in ["", "copies", "copies me", "copies n1 n2", "Honest"] {
            let error = Conduct::try_from(wrong.to_owned()).expect_err(wrong);
            assert!(error.contains("write"), "{error}");
        }
    }
}
