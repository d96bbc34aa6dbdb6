//! Times as people write and read them.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// Reads when something ends: RFC 3339, a time of day (today, or tomorrow when it is over), or how long from now.
///
/// # Errors
/// What is wrong with the text, or that this time is over.
pub fn until(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let end = if let Ok(at) = text.parse::<Timestamp>() {
        at
    } else if let Ok(time) = text.parse::<Time>() {
        let today = now.with().time(time).build().map_err(|error| error.to_string())?;
        let next = if today > *now { Ok(today) } else { now.tomorrow().and_then(|day| day.with().time(time).build()) };
        next.map_err(|error| error.to_string())?.timestamp()
    } else if let Ok(span) = text.parse::<Span>() {
        now.checked_add(span).map_err(|error| error.to_string())?.timestamp()
    } else {
        return Err(format!("{text} is not a time; write 17:30, 2h, or 2026-11-20T17:30:00+01:00"));
    };
    if end > now.timestamp() { Ok(end) } else { Err(format!("{text} is over already")) }
}

/// A time on the user's clock: only the time of day when it is today.
pub fn local(at: Timestamp) -> String {
    on_clock(at, &Zoned::now())
}

fn on_clock(at: Timestamp, now: &Zoned) -> String {
    let there = at.to_zoned(now.time_zone().clone());
    let form = if there.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" };
    there.strftime(form).to_string()
}

/// The user's clock at this moment.
pub fn now() -> Zoned {
    Timestamp::now().to_zoned(TimeZone::system())
}

/// How long something lasted, as `1:02` or `1:02:03`.
pub fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn afternoon() -> Zoned {
        let noon: Timestamp = "2026-11-20T14:00:00Z".parse().expect("a time");
        noon.to_zoned(TimeZone::fixed(jiff::tz::offset(1)))
    }

    #[test]
    fn an_end_may_be_a_moment_a_time_of_day_or_a_while() {
        for (text, end) in [
            ("2026-11-20T17:30:00+01:00", "2026-11-20T16:30:00Z"),
            ("17:30", "2026-11-20T16:30:00Z"),
            ("08:00", "2026-11-21T07:00:00Z"),
            ("15:00", "2026-11-21T14:00:00Z"),
            ("2h", "2026-11-20T16:00:00Z"),
            ("90m", "2026-11-20T15:30:00Z"),
            ("1h30m", "2026-11-20T15:30:00Z"),
            ("1d", "2026-11-21T14:00:00Z"),
        ] {
            assert_eq!(until(text, &afternoon()).map(|at| at.to_string()), Ok(end.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_end_is_refused() {
        for text in ["", "soon", "25:00", "2026-11-20T10:00:00Z", "-2h", "0m", "2"] {
            assert!(until(text, &afternoon()).is_err(), "{text}");
        }
    }

    #[test]
    fn today_needs_no_date() {
        let at = |text: &str| on_clock(text.parse().expect("a time"), &afternoon());
        assert_eq!(at("2026-11-20T08:00:05Z"), "09:00:05");
        assert_eq!(at("2026-11-19T08:00:05Z"), "2026-11-19 09:00");
    }

    #[test]
    fn a_length_is_short() {
        let from: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a time");
        let to = |text: &str| lasted(from, text.parse().expect("a time"));
        assert_eq!(to("2026-11-20T08:01:02Z"), "1:02");
        assert_eq!(to("2026-11-20T09:01:02Z"), "1:01:02");
        assert_eq!(to("2026-11-20T07:00:00Z"), "0:00");
    }
}
