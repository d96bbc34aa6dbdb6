//! Stub of the core module of the same name.

/// Where a number to dial comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Typed by a person on the command line or a script.
    Typed,
    /// Selected text and the hotkey.
    Text,
    /// A link from another program.
    Link,
}
