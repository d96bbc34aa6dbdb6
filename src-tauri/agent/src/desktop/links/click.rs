//! When a link was clicked, and how long it is meant.

use std::time::Duration;

use super::PATIENCE;

/// The moment of a click, on the clock that goes on while the machine sleeps; in milliseconds since the machine was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clicked(u64);

impl Clicked {
    /// A click at this moment.
    pub fn now() -> Self {
        Self(phone_control::now_ms())
    }

    /// What another program says about a click; nobody clicks in the future.
    pub fn told(ms: Option<u64>) -> Self {
        let now = Self::now();
        Self(ms.map_or(now.0, |ms| ms.min(now.0)))
    }

    /// For another program.
    pub fn ms(self) -> u64 {
        self.0
    }

    /// How long the link may still be dialled.
    pub fn left(self) -> Duration {
        self.left_at(Self::now())
    }

    /// Tells whether the link may still be dialled.
    pub fn is_meant(self) -> bool {
        !self.left().is_zero()
    }

    fn left_at(self, now: Self) -> Duration {
        PATIENCE.saturating_sub(Duration::from_millis(now.0.saturating_sub(self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_meant_for_a_quarter_of_a_minute_after_the_click() {
        let clicked = Clicked(1_000);
        for (age, left) in [(0, 15_000), (14_999, 1), (15_000, 0), (3_600_000, 0)] {
            assert_eq!(clicked.left_at(Clicked(1_000 + age)), Duration::from_millis(left), "{age} ms");
        }
    }

    #[test]
    fn nobody_clicks_in_the_future() {
        assert!(Clicked::told(Some(u64::MAX)).ms() <= Clicked::now().ms());
        assert!(Clicked::told(None).is_meant());
        assert_eq!(Clicked::told(Some(0)).is_meant(), Clicked::now().ms() < 15_000);
    }
}
