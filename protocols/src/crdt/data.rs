//! The data of a replica: one of the types, as the scenario says.

use super::counter::{GCounter, PnCounter};
use super::data_type::{DataType, Origin};
use super::grow_only_set::GSet;
use super::register::{LwwRegister, MvRegister};
use super::set_and_map::{OrMap, OrSet};
use super::text::Rga;
use crate::problem::replicated_data::{Action, Draft, Item, Patch, Update, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! data_types {
    ($($name:ident $summary:literal),* $(,)?) => {
        /// A replicated data type.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Type {
            $(#[doc = $summary] $name,)*
        }

        /// A state of some type.
        #[derive(Clone, PartialEq, Eq, Debug, Hash)]
        pub enum Data {
            $(#[doc = $summary] $name($name),)*
        }

        /// An operation of some type.
        #[derive(Clone, PartialEq, Eq, Debug, Hash)]
        pub enum Operation {
            $(#[doc = $summary] $name(<$name as DataType>::Operation),)*
        }

        impl Type {
            /// All types.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The state before any update.
            pub fn bottom(self) -> Data {
                match self {
                    $(Self::$name => Data::$name($name::default()),)*
                }
            }
        }

        impl Data {
            /// Prepares an update at a replica in this state; `None` if the type has none like it.
            pub fn prepare(&self, update: &Update, origin: Origin) -> Option<(Operation, Action)> {
                match self {
                    $(Self::$name(data) => {
                        let (operation, action) = data.prepare(update, origin)?;
                        Some((Operation::$name(operation), action))
                    })*
                }
            }

            /// The effect of an operation of the same type; one of another has none.
            pub fn effect(&mut self, operation: &Operation) {
                match (self, operation) {
                    $((Self::$name(data), Operation::$name(operation)) => data.effect(operation),)*
                    _ => {}
                }
            }

            /// What an operation of the same type, prepared in this state, adds to it.
            pub fn delta(&self, operation: &Operation) -> Self {
                match (self, operation) {
                    $((Self::$name(data), Operation::$name(operation)) => {
                        Self::$name(data.delta(operation))
                    })*
                    _ => self.clone(),
                }
            }

            /// The least upper bound with a state of the same type; one of another adds nothing.
            pub fn join(&mut self, other: &Self) {
                match (self, other) {
                    $((Self::$name(data), Self::$name(other)) => data.join(other),)*
                    _ => {}
                }
            }

            /// Whether the other state is of the same type, and above this one or the same.
            pub fn is_within(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$name(data), Self::$name(other)) => data.is_within(other),)*
                    _ => false,
                }
            }

            /// What is shown.
            pub fn value(&self) -> Value {
                match self {
                    $(Self::$name(data) => data.value(),)*
                }
            }

            /// The size on the wire, in bytes.
            pub fn bytes(&self) -> u32 {
                match self {
                    $(Self::$name(data) => data.bytes(),)*
                }
            }
        }

        impl Operation {
            /// The size on the wire, in bytes, without its name and what it rests on.
            pub fn bytes(&self) -> u32 {
                match self {
                    $(Self::$name(operation) => $name::operation_bytes(operation),)*
                }
            }
        }
    };
}

data_types! {
    GCounter "A counter that only grows.",
    PnCounter "A counter that grows and shrinks.",
    GSet "A set that only grows.",
    OrSet "A set in which additions win over concurrent removals.",
    LwwRegister "A register of which the last write stays.",
    MvRegister "A register of which all concurrent writes stay.",
    OrMap "A map whose keys hold sets, and start anew when they are removed.",
    Rga "A text.",
}

impl Type {
    /// The update of this type that a draft makes.
    pub fn update(self, draft: Draft) -> Update {
        let Draft { removes, item, number } = draft;
        // The high bits are drawn, the low ones are counted.
        let drawn = (number >> 40) as u32;
        let by = i64::from(drawn % 10) + 1;
        match (self, removes) {
            (Self::GCounter, _) | (Self::PnCounter, false) => Update::Count(by),
            (Self::PnCounter, true) => Update::Count(-by),
            (Self::GSet, _) | (Self::OrSet, false) => Update::Add(Item { key: 0, ..item }),
            (Self::OrSet, true) => Update::Remove(Item { key: 0, ..item }),
            (Self::OrMap, false) => Update::Add(item),
            // Now and then a whole key goes.
            (Self::OrMap, true) if drawn.is_multiple_of(4) => Update::RemoveKey(item.key),
            (Self::OrMap, true) => Update::Remove(item),
            (Self::LwwRegister | Self::MvRegister, _) => Update::Write(number),
            (Self::Rga, false) => {
                let letter = char::from(b'a' + (number % 26) as u8);
                let insert = std::iter::repeat_n(letter, 1 + item.element as usize % 4).collect();
                Update::Edit(vec![Patch { at: drawn, delete: 0, insert }])
            }
            (Self::Rga, true) => {
                let delete = 1 + item.element % 3;
                Update::Edit(vec![Patch { at: drawn, delete, insert: String::new() }])
            }
        }
    }
}

impl Data {
    /// The time of the latest write, in nanoseconds; 0 where times play no part.
    pub(super) fn latest_time(&self) -> u64 {
        match self {
            Self::LwwRegister(register) => register.write.map_or(0, |write| write.time),
            _ => 0,
        }
    }
}
