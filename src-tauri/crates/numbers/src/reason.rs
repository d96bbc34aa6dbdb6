//! Stub of the core module of the same name.

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The text holds no usable number.
    NumberNotUsable(&'static str),
    /// The text holds several distinct numbers, as they would be dialled.
    SeveralNumbers(Vec<String>),
    /// It rings after a yes; the number as it would be dialled.
    PolicyAsk(String),
    /// It is never dialled from this source.
    PolicyRefuse(&'static str),
}
