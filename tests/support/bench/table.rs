//! The figures as a table, and the machine they belong to.

use std::fmt::Write as _;
use std::fs;

/// Which side of the target is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Above,
}

/// What stands beside the median.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// The worst of a few runs.
    Worst,
    /// 99 of 100 events are not worse.
    P99,
}

/// What came of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Median and tail are within.
    Met,
    /// The median is within, the tail is not.
    TailMissed,
    /// Not even the median is within.
    Missed,
    /// There is no target, it is told for information.
    Told,
    /// It could not be measured.
    Failed,
}

/// One figure.
#[derive(Debug, Clone)]
pub struct Row {
    what: String,
    unit: &'static str,
    side: Side,
    limits: Option<(f64, f64)>,
    tail: Tail,
    values: Vec<f64>,
    remarks: Vec<String>,
    failed: bool,
}

impl Row {
    /// A figure of a few runs whose values all have to be below `limit`.
    pub fn below(what: impl Into<String>, unit: &'static str, limit: f64, values: Vec<f64>) -> Self {
        let limits = Some((limit, limit));
        Self { what: what.into(), unit, side: Side::Below, limits, tail: Tail::Worst, values, remarks: vec![], failed: false }
    }

    /// A figure of a few runs whose values all have to be above `limit`.
    pub fn above(what: impl Into<String>, unit: &'static str, limit: f64, values: Vec<f64>) -> Self {
        Self { side: Side::Above, ..Self::below(what, unit, limit, values) }
    }

    /// A figure of many events, with limits for their median and for 99 of 100.
    pub fn events(what: impl Into<String>, unit: &'static str, (median, p99): (f64, f64), values: Vec<f64>) -> Self {
        Self { limits: Some((median, p99)), tail: Tail::P99, ..Self::below(what, unit, median, values) }
    }

    /// A figure without a target.
    pub fn told(what: impl Into<String>, unit: &'static str, values: Vec<f64>) -> Self {
        Self { limits: None, ..Self::below(what, unit, 0.0, values) }
    }

    /// Many events without a target.
    pub fn told_of_events(what: impl Into<String>, unit: &'static str, values: Vec<f64>) -> Self {
        Self { limits: None, tail: Tail::P99, ..Self::below(what, unit, 0.0, values) }
    }

    /// A figure that could not be measured.
    pub fn failed(what: impl Into<String>, why: &str) -> Self {
        Self { failed: true, ..Self::told(what, "", vec![]) }.remark(why)
    }

    /// Adds what one should know beside the numbers.
    #[must_use]
    pub fn remark(mut self, text: impl Into<String>) -> Self {
        self.remarks.push(text.into());
        self
    }

    /// What came of the target.
    fn verdict(&self) -> Verdict {
        let Some((median, tail)) = self.limits else {
            return if self.failed { Verdict::Failed } else { Verdict::Told };
        };
        if self.values.is_empty() {
            return Verdict::Failed;
        }
        let holds = |value: f64, limit: f64| match self.side {
            Side::Below => value < limit,
            Side::Above => value > limit,
        };
        match (holds(self.median(), median), holds(self.tail(), tail)) {
            (true, true) => Verdict::Met,
            (true, false) => Verdict::TailMissed,
            (false, _) => Verdict::Missed,
        }
    }

    /// Whether it has a target and meets it.
    pub fn is_met(&self) -> bool {
        self.verdict() == Verdict::Met
    }

    /// Whether it has a target and misses it, or could not be measured.
    pub fn is_missed(&self) -> bool {
        matches!(self.verdict(), Verdict::TailMissed | Verdict::Missed | Verdict::Failed)
    }

    fn sorted(&self) -> Vec<f64> {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        if self.side == Side::Above {
            values.reverse();
        }
        values
    }

    fn median(&self) -> f64 {
        let values = self.sorted();
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        }
    }

    fn tail(&self) -> f64 {
        let values = self.sorted();
        let place = match self.tail {
            Tail::Worst => values.len(),
            Tail::P99 => (values.len() * 99).div_ceil(100),
        };
        place.checked_sub(1).map_or(f64::NAN, |place| values[place])
    }

    fn target(&self) -> String {
        let sign = if self.side == Side::Below { '<' } else { '>' };
        match self.limits {
            None => "-".to_owned(),
            Some((median, tail)) if median == tail => format!("{sign} {} {}", number(median), self.unit),
            Some((median, tail)) => format!("{sign} {} / {} {}", number(median), number(tail), self.unit),
        }
    }

    fn cells(&self) -> [String; 5] {
        let value = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{} {}", number(value), self.unit) };
        let tail = match self.tail {
            Tail::Worst => value(self.tail()),
            Tail::P99 => format!("{} (p99 of {})", value(self.tail()), self.values.len()),
        };
        let verdict = match self.verdict() {
            Verdict::Met => "ok",
            Verdict::TailMissed if self.tail == Tail::P99 => "MISS (p99)",
            Verdict::TailMissed => "MISS (worst)",
            Verdict::Missed => "MISS",
            Verdict::Told => "",
            Verdict::Failed => "FAILED",
        };
        [self.what.clone(), self.target(), value(self.median()), tail, verdict.to_owned()]
    }
}

/// Draws the table, with the remarks below it.
pub fn print(rows: &[Row]) -> String {
    let head = ["what", "target", "median", "worst", ""].map(str::to_owned);
    let cells: Vec<[String; 5]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut text = String::new();
    for (at, row) in cells.iter().enumerate() {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{}", line.join(" | ").trim_end());
        if at == 0 {
            let _ = writeln!(text, "{}", widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("-|-"));
        }
    }
    for row in rows.iter().filter(|row| !row.remarks.is_empty()) {
        let _ = writeln!(text, "\n{}:", row.what);
        for remark in &row.remarks {
            let _ = writeln!(text, "  {remark}");
        }
    }
    text
}

/// Three digits that count, never more than three decimals.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small >= 1.0 || small == 0.0 => {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{value:.3}"),
    }
}

/// The machine in one line: processor, how many, kernel, and how busy it was at the start.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    format!(
        "{} · {cores} cores · Linux {} · load {}",
        model.unwrap_or("unknown processor").trim(),
        kernel.trim(),
        load.split(' ').next().unwrap_or("?")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_tail_are_of_the_side_that_counts() {
        let below = Row::below("time", "ms", 10.0, vec![3.0, 1.0, 12.0]);
        assert_eq!((below.median(), below.tail(), below.verdict()), (3.0, 12.0, Verdict::TailMissed));
        let above = Row::above("rate", "", 10.0, vec![30.0, 11.0, 12.0]);
        assert_eq!((above.median(), above.tail(), above.verdict()), (12.0, 11.0, Verdict::Met));
        let events = Row::events("time", "ms", (5.0, 15.0), (1..=200).map(f64::from).collect());
        assert_eq!((events.median(), events.tail(), events.verdict()), (100.5, 198.0, Verdict::Missed));
        assert_eq!(Row::below("time", "ms", 10.0, vec![]).verdict(), Verdict::Failed);
    }
}
