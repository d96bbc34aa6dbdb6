//! Measures times and memory of the numbers module.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, reason = "a measurement")]
use phone_numbers::number::{Numbers, Plan};
use phone_numbers::request::Source;
use std::time::Instant;

fn pss() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    text.lines().find(|l| l.starts_with("Pss:")).unwrap().split_whitespace().nth(1).unwrap().parse().unwrap()
}
unsafe extern "C" {
    fn malloc_trim(pad: usize) -> i32;
}
fn median(mut f: impl FnMut()) -> f64 {
    let mut all: Vec<f64> = (0..21)
        .map(|_| {
            let t = Instant::now();
            f();
            t.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[10]
}
fn main() {
    let mut plan = Plan::default();
    plan.set("country", "DE").unwrap();
    let mut numbers = Numbers::default();
    let before = pss();
    let t = Instant::now();
    numbers.candidates("030 1234567", Source::Text, &plan);
    println!("first use {:.2} ms, pss {} -> {} kB", t.elapsed().as_secs_f64() * 1000.0, before, pss());
    let prose: String = "Sehr geehrte Frau Beispiel, vielen Dank für Ihre Nachricht vom 21.11.2026; wir haben die Lieferung mit 12 Kartons um 10:30 Uhr erhalten. Sie erreichen uns wie immer im Büro, und der Betrag von 1.234,56 EUR wurde heute überwiesen. Mit freundlichen Grüßen. ".chars().cycle().take(9_900).chain("Tel. +49 30 1234567, mobil 0171 1234567".chars()).collect();
    let only: String = (0..)
        .map(|n: u64| format!("+49 30 {:07} ", 1_000_000 + n * 7919 % 8_999_999))
        .flat_map(|s| s.chars().collect::<Vec<_>>())
        .take(10_000)
        .collect();
    let lines: String = only.replace(" +", "\n+");
    let digits: String = "1234567890".chars().cycle().take(10_000).collect();
    let spaced: String = "1 ".chars().cycle().take(10_000).collect();
    let texts: Vec<(&str, String)> = vec![
        ("prose", prose),
        ("only numbers", only),
        ("number lines", lines),
        ("digits", digits),
        ("spaced digits", spaced),
        ("020 groups", "020 ".chars().cycle().take(10_000).collect()),
        ("slashes", "0301/23-4(5)6.7/".chars().cycle().take(10_000).collect()),
        ("plus", "+4930 ".chars().cycle().take(10_000).collect()),
        ("plusses", "+".chars().cycle().take(10_000).collect()),
        ("brackets", "(1)[2](3)".chars().cycle().take(10_000).collect()),
        ("ext", "030123456x1 ".chars().cycle().take(10_000).collect()),
        ("letters", "0800 ABC ".chars().cycle().take(10_000).collect()),
        ("1800 letters", "1800ABC-".chars().cycle().take(10_000).collect()),
        ("iban", "DE89 ".chars().cycle().take(10_000).collect()),
        ("iban2", "DE89A".chars().cycle().take(10_000).collect()),
        ("newlines", "030\n12".chars().cycle().take(10_000).collect()),
        ("newlines2", "0\n".chars().cycle().take(10_000).collect()),
        ("codes", "*1# ".chars().cycle().take(10_000).collect()),
        ("stars", "*".chars().cycle().take(10_000).collect()),
        ("star digits", "*1".chars().cycle().take(10_000).collect()),
        ("commas", "1,".chars().cycle().take(10_000).collect()),
        ("dots", "1.".chars().cycle().take(10_000).collect()),
        ("dashes", "12-34-".chars().cycle().take(10_000).collect()),
        ("labels", "Tel. 12 ".chars().cycle().take(10_000).collect()),
        (
            "distinct labelled",
            (0..).map(|n: u64| format!("Tel. {n} ")).flat_map(|s| s.chars().collect::<Vec<_>>()).take(10_000).collect(),
        ),
        (
            "seven digits",
            (0..).map(|n: u64| format!("{:07};", n * 7919)).flat_map(|s| s.chars().collect::<Vec<_>>()).take(10_000).collect(),
        ),
        ("tel link", "tel:".chars().chain("1,".chars().cycle().take(9_990)).collect()),
        ("tel ext", "tel:".chars().chain("1x".chars().cycle().take(9_990)).collect()),
        ("tel x", "tel:".chars().chain("1 x ".chars().cycle().take(9_990)).collect()),
        ("tel digits", "tel:".chars().chain("1".chars().cycle().take(9_990)).collect()),
    ];
    for (name, text) in &texts {
        for country in ["DE", "US", "", "IT"] {
            plan.set("country", country).unwrap();
            let mut count = 0;
            let ms = median(|| count = numbers.candidates(text, Source::Text, &plan).len());
            if ms > 2.0 || country == "DE" {
                println!("{name:20} {country:2} {ms:8.2} ms  {count}");
            }
        }
    }
    let mut worst = (0.0, String::new());
    let alphabet: Vec<char> = "0123456789012345678900++  --..//()[]*#,;:xXeT\n\tA€%~".chars().collect();
    let mut seed = 88_172_645_463_325_252_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    plan.set("country", "DE").unwrap();
    let rounds: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(5_000);
    for round in 0..rounds {
        let piece = 1 + next() % 40;
        let unit: Vec<char> = (0..piece).map(|_| alphabet[next() % alphabet.len()]).collect();
        let text: String = if round % 2 == 0 {
            unit.iter().cycle().take(10_000).collect()
        } else {
            (0..10_000).map(|_| alphabet[next() % alphabet.len()]).collect()
        };
        let t = Instant::now();
        for source in [Source::Text, Source::Typed, Source::Link] {
            numbers.candidates(&text, source, &plan);
        }
        let ms = t.elapsed().as_secs_f64() * 1000.0 / 3.0;
        if ms > worst.0 {
            worst = (ms, unit.iter().collect());
        }
    }
    println!("worst of {rounds} fuzzed: {:.1} ms {:?}", worst.0, worst.1);
    drop(numbers);
    let mut numbers = Numbers::default();
    unsafe { malloc_trim(0) };
    let before = pss();
    let samples = [
        "+4930123456",
        "+4312345678",
        "+41446681800",
        "+33123456789",
        "+390212345678",
        "+34912345678",
        "+442079460958",
        "+16502530000",
        "+31201234567",
        "+48221234567",
        "+46812345678",
        "+81312345678",
        "+919876543210",
        "+551123456789",
        "+3222345678",
        "+4532123456",
        "+4721234567",
        "+35891234567",
        "+420212345678",
        "+3612345678",
        "+351212345678",
        "+302101234567",
        "+902123456789",
        "+380441234567",
        "+79123456789",
        "+861012345678",
        "+8221234567",
        "+61212345678",
        "+6493001234",
        "+27111234567",
    ];
    for n in 0..1000_usize {
        let s = samples[n % 30];
        let s = format!("{}{}", &s[..s.len() - 2], n % 90 + 10);
        numbers.shown(&s, &plan);
        numbers.candidates(&s, Source::Text, &plan);
    }
    println!("after 1000 numbers: {} kB -> {} kB", before, pss());
    numbers.rest();
    unsafe { malloc_trim(0) };
    println!("after rest and trim: {} kB", pss());
}
