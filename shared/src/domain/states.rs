//! How closed lists of words and state machines are written here: one table each.

/// A word that is not in its closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not one of {allowed}")]
pub struct UnknownWord {
    /// What was read.
    pub found: String,
    /// The list, comma-separated.
    pub allowed: String,
}

/// A change that the state machine does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not possible while {machine} is {from}")]
pub struct NotPossible {
    /// Which machine.
    pub machine: &'static str,
    /// The present state.
    pub from: &'static str,
    /// What was asked.
    pub event: &'static str,
}

/// Declares a closed list of words: an enum with its stored spelling.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored and documented spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::states::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::domain::states::UnknownWord {
                        found: text.to_owned(),
                        allowed: [$($text),+].join(", "),
                    }),
                }
            }
        }
    };
}

/// Declares a state machine: `state x event -> state`; whatever the table lacks is refused.
macro_rules! state_machine {
    ($machine:literal, $state:ident x $event:ident { $($from:ident + $on:ident => $to:ident,)+ }) => {
        impl $state {
            /// The whole machine: from, event, to.
            pub const TABLE: &'static [(Self, $event, Self)] =
                &[$((Self::$from, $event::$on, Self::$to)),+];

            /// The state after `event`.
            ///
            /// # Errors
            /// When the table has no such step.
            pub fn after(self, event: $event) -> Result<Self, $crate::domain::states::NotPossible> {
                Self::TABLE
                    .iter()
                    .find(|(from, on, _)| *from == self && *on == event)
                    .map(|(_, _, to)| *to)
                    .ok_or($crate::domain::states::NotPossible {
                        machine: $machine,
                        from: self.as_str(),
                        event: event.as_str(),
                    })
            }
        }
    };
}

pub(crate) use {state_machine, words};

/// Draws a machine as the Markdown table that ARCHITECTURE.md shows; a test keeps both equal.
pub fn draw<S: std::fmt::Display, E: std::fmt::Display>(table: &[(S, E, S)]) -> String {
    let rows = table.iter().map(|(from, event, to)| format!("| {from} | {event} | {to} |\n"));
    std::iter::once("| from | event | to |\n|---|---|---|\n".to_owned()).chain(rows).collect()
}
