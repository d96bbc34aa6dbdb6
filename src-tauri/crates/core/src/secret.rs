//! The one type that holds a secret.

use zeroize::Zeroizing;

/// A password, token, session id or hash: wiped on drop, neither printable nor serialisable.
///
/// ```compile_fail
/// println!("{:?}", phone_core::Secret::new("x".into()));
/// ```
/// ```compile_fail
/// println!("{}", phone_core::Secret::new("x".into()));
/// ```
/// ```compile_fail
/// fn written<T: serde::Serialize>(_: T) {}
/// written(phone_core::Secret::new("x".into()));
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a text as a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Gives the text to the one place that must send or store it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Tells whether nothing was entered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_gives_its_text_only_when_asked() {
        let secret = Secret::new("Sample-Pw9".into());
        assert_eq!(secret.expose(), "Sample-Pw9");
        assert!(!secret.is_empty());
    }
}
