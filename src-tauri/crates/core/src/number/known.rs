//! The internal numbers a PBX told: whoever is in its list of colleagues has one, whatever the dial plan says.

/// Longest number that counts as internal because a PBX lists it; longer ones may be anybody's.
const LONGEST: usize = 6;

/// Internal numbers as runs of numbers of one length that follow each other, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(Vec<Run>);

/// Count of digits, first and last number; the count comes first so that `07` and `7` stay two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    digits: usize,
    first: u32,
    last: u32,
}

impl Known {
    /// Takes the numbers of a list; what is not 1 to 6 digits is left out.
    pub fn of<'a>(numbers: impl Iterator<Item = &'a str>) -> Self {
        let mut runs: Vec<Run> = numbers.filter_map(plain).map(|(digits, n)| Run { digits, first: n, last: n }).collect();
        runs.sort_unstable();
        runs.dedup_by(|next, before| {
            let follows = next.digits == before.digits && next.first <= before.last.saturating_add(1);
            if follows {
                before.last = before.last.max(next.last);
            }
            follows
        });
        runs.shrink_to_fit();
        Self(runs)
    }

    /// Tells whether a number is in the list.
    pub fn has(&self, number: &str) -> bool {
        let Some((digits, number)) = plain(number) else { return false };
        let after = self.0.partition_point(|run| (run.digits, run.first) <= (digits, number));
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|run| run.digits == digits && number <= run.last)
    }
}

fn plain(number: &str) -> Option<(usize, u32)> {
    let fits = (1..=LONGEST).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    Some((number.len(), number.parse().ok().filter(|_| fits)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_listed_numbers_are_known() {
        let listed =
            ["207", "200", "201", "202", "208", "07", "7", "0042", "999999", "1", "sales", "1234567", "", "*78", "+49301"];
        let known = Known::of(listed.into_iter());
        for number in ["207", "208", "200", "201", "202", "07", "7", "0042", "999999", "1"] {
            assert!(known.has(number), "{number}");
        }
        for number in ["203", "206", "209", "199", "007", "42", "0", "8", "1234567", "", "sales", "*78", "+49301", "9999999"] {
            assert!(!known.has(number), "{number}");
        }
    }

    #[test]
    fn ten_thousand_neighbours_are_kept_as_one_run() {
        let numbers: Vec<String> = (10_000..20_000).map(|n| n.to_string()).rev().collect();
        let known = Known::of(numbers.iter().map(String::as_str));
        assert_eq!(known.0.len(), 1);
        assert!(known.has("10000") && known.has("19999") && !known.has("20000") && !known.has("9999"));
    }
}
