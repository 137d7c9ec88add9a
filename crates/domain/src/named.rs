//! Short lists of what a fact can say: each entry has a number in the facts and a name in what people and programs read.

/// Declares such a list: `Variant = number => "name"`. The numbers are those of the facts and never change; numbers and names
/// are each given once, here, for reading and for writing.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $list:ident {
            $($(#[$entry_meta:meta])* $entry:ident = $code:literal => $name:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $list {
            $($(#[$entry_meta])* $entry = $code,)+
        }

        impl $list {
            pub const ALL: [Self; [$($code,)+].len()] = [$(Self::$entry,)+];

            /// Of the number in a fact; none if no entry has it.
            #[must_use]
            pub const fn from_code(code: u64) -> Option<Self> {
                match code {
                    $($code => Some(Self::$entry),)+
                    _ => None,
                }
            }

            /// Of the name that [`Self::as_str`] gives; none if no entry has it.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$entry),)+
                    _ => None,
                }
            }

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$entry => $name,)+
                }
            }
        }
    };
}
pub(crate) use named;
