//! The one way of a password through the control socket.

use std::fmt;

use phone_core::Secret;
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A password out of a request: it can be read, not written or printed.
///
/// ```compile_fail
/// fn printable<T: std::fmt::Debug>() {}
/// printable::<phone_control::Password>();
/// ```
/// ```compile_fail
/// fn writable<T: serde::Serialize>() {}
/// writable::<phone_control::Password>();
/// ```
pub struct Password(pub Secret);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Password;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Password, E> {
                Ok(Password(Secret::new(text.to_owned())))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Password, E> {
                Ok(Password(Secret::new(text)))
            }
        }
        reader.deserialize_string(Text)
    }
}
