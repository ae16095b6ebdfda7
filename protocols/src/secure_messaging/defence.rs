//! The defences, each of which can be left out.

use std::fmt;
use std::str::FromStr;

/// One line of defence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Defence {
    /// A letter is taken only with its sender's signature over all that it says, and a certificate.
    Signatures,
    /// A letter is taken once, across restarts.
    ReplayWindow,
    /// A letter is taken only if it was sent a short time ago.
    Freshness,
    /// A key is taken only if it has not expired and a recent list says that it was not revoked.
    Revocation,
    /// A resource is given only to who has a capability for it, and a secret only to who is cleared.
    AccessControl,
    /// Only the receiver can read a letter.
    Encryption,
    /// A log is taken only if it continues everything that was seen of it before, here or elsewhere.
    Audit,
    /// Who misbehaves is suspected, slowed down and not heard for a while.
    Detection,
    /// A node counts as one witness, however many keys it has.
    Admission,
    /// Who leaves letters unanswered is asked no more until he is heard of again.
    Silence,
    /// Agents compare what others signed, and do not hear who signed two things for one.
    Equivocation,
    /// A right is taken only if it was granted under the policy whose head was seen first.
    PolicyLog,
}

impl Defence {
    /// Every defence with its name in scenario files.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Signatures, "signatures"),
        (Self::ReplayWindow, "replay-window"),
        (Self::Freshness, "freshness"),
        (Self::Revocation, "revocation"),
        (Self::AccessControl, "access-control"),
        (Self::Encryption, "encryption"),
        (Self::Audit, "audit"),
        (Self::Detection, "detection"),
        (Self::Admission, "admission"),
        (Self::Silence, "silence"),
        (Self::Equivocation, "equivocation"),
        (Self::PolicyLog, "policy-log"),
    ];
}

/// Which of the defences stand: `"all"`, `"none"`, `"only …"` or `"all but …"`, with one or several
/// names between commas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Defences(u16);

impl Defences {
    /// All of them.
    pub const ALL: Self = Self((1 << Defence::ALL.len()) - 1);
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Whether this one stands.
    pub const fn has(self, defence: Defence) -> bool {
        self.0 & 1 << defence as u16 != 0
    }

    /// Whether all of these stand.
    pub fn have(self, defences: &[Defence]) -> bool {
        defences.iter().all(|defence| self.has(*defence))
    }

    /// These and this one.
    #[must_use]
    pub const fn with(self, defence: Defence) -> Self {
        Self(self.0 | 1 << defence as u16)
    }

    /// Those of them that these are not.
    #[must_use]
    pub const fn but(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

fn named(names: &str) -> Result<Defences, String> {
    names.split(',').map(str::trim).try_fold(Defences::NONE, |defences, name| {
        let found = Defence::ALL.iter().find(|(_, known)| *known == name);
        let (defence, _) = found.ok_or_else(|| {
            let known = Defence::ALL.map(|(_, name)| name).join(", ");
            format!("`{name}` is no defence: write one of {known}")
        })?;
        Ok(defences.with(*defence))
    })
}

impl FromStr for Defences {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::ALL),
            "none" => Ok(Self::NONE),
            _ => match (text.strip_prefix("only "), text.strip_prefix("all but ")) {
                (Some(names), _) => named(names),
                (None, Some(names)) => Ok(Self::ALL.but(named(names)?)),
                (None, None) => Err(format!(
                    "`{text}` names no defences: write \"all\", \"none\", \"only signatures\" or \
                     \"all but signatures, audit\""
                )),
            },
        }
    }
}

impl fmt::Display for Defences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |are_there: bool| {
            let some = Defence::ALL.iter().filter(|(defence, _)| self.has(*defence) == are_there);
            some.map(|(_, name)| *name).collect::<Vec<_>>()
        };
        let (there, away) = (names(true), names(false));
        match (there.len(), away.len()) {
            (_, 0) => f.write_str("all"),
            (0, _) => f.write_str("none"),
            (more, less) if more < less => write!(f, "only {}", there.join(", ")),
            _ => write!(f, "all but {}", away.join(", ")),
        }
    }
}

sim_core::text_notation!(
    Defences,
    "which defences stand, such as \"all but audit\"",
    "Which defences stand.",
    "^(all|none|only .+|all but .+)$",
    &["all", "only signatures", "all but audit"]
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defences_are_read_and_written_back() {
        for text in ["all", "none", "only signatures", "all but audit", "only freshness, detection"]
        {
            assert_eq!(text.parse::<Defences>().unwrap().to_string(), text);
        }
        for text in ["", "some", "only", "only swords", "all but", "all but signatures audit"] {
            assert!(text.parse::<Defences>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn one_alone_and_all_but_one_are_opposites() {
        for (defence, name) in Defence::ALL {
            let alone: Defences = format!("only {name}").parse().unwrap();
            let others: Defences = format!("all but {name}").parse().unwrap();
            assert!(alone.has(defence) && !others.has(defence));
            assert_eq!(Defences::ALL.but(alone), others);
        }
    }
}
