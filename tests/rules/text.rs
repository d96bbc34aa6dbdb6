//! Files of the project, and just enough of Rust's grammar to tell code from comments, texts and tests.

use std::fs;
use std::path::Path;

/// Folders that hold what was built, fetched or recorded.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "dist", "artefacts", "schemas"];
/// Endings of files that are text; files without one count as text too.
const TEXT: &[&str] =
    &["rs", "toml", "md", "json", "ts", "js", "svelte", "html", "css", "svg", "sh", "py", "txt", "xml", "desktop"];

/// One file: its path below the root, with slashes, and its text.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The name's ending, or nothing.
    pub fn ending(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.trim_start_matches('.').rsplit_once('.').map_or("", |(_, ending)| ending)
    }
}

/// All text files below `root`, ordered by path.
pub fn files(root: &Path) -> Vec<File> {
    let mut found = Vec::new();
    collect(root, root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !NOT_OURS.iter().any(|not_ours| name == *not_ours) {
                collect(root, &path, found);
            }
            continue;
        }
        let below = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
        let file = File { path: below, text: String::new() };
        if file.ending().is_empty() || TEXT.contains(&file.ending()) {
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a readable file")).into_owned();
            found.push(File { text, ..file });
        }
    }
}

/// What of a Rust file is blanked; line ends always stay.
#[derive(Debug, Clone, Copy)]
pub struct Blank {
    pub comments: bool,
    pub texts: bool,
    pub tests: bool,
}

/// Everything but what the compiler sees outside of tests.
pub const CODE: Blank = Blank { comments: true, texts: true, tests: true };

/// Returns a Rust source with the unwanted parts replaced by spaces, so that lines keep their numbers.
pub fn blanked(source: &str, blank: Blank) -> String {
    let clean = without_words(source, true, true);
    let mut result = without_words(source, blank.comments, blank.texts);
    if blank.tests {
        for (from, to) in test_items(&clean) {
            let spaces = blank_of(&result[from..to]);
            result.replace_range(from..to, &spaces);
        }
    }
    result
}

/// Lines with their numbers, from 1.
pub fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Whether `word` stands in `line` with no letter, digit or underscore beside it.
pub fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(part_of_word);
        let after = line[at + word.len()..].chars().next().is_some_and(part_of_word);
        let (first, last) = (word.starts_with(part_of_word), word.ends_with(part_of_word));
        !(before && first || after && last)
    })
}

/// One space for each byte, so that offsets stay the same.
fn blank_of(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// Blanks comments, and the insides of texts and characters.
fn without_words(source: &str, comments: bool, texts: bool) -> String {
    let mut result = String::with_capacity(source.len());
    let mut rest = source;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let (length, unwanted) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), comments)
        } else if rest.starts_with("/*") {
            (block_comment(rest), comments)
        } else if let Some(length) = text_literal(rest, after_word) {
            (length, texts)
        } else {
            (first.len_utf8(), false)
        };
        let part = &rest[..length];
        if unwanted {
            result.push_str(&blank_of(part))
        } else {
            result.push_str(part)
        }
        after_word = part.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        rest = &rest[length..];
    }
    result
}

/// Length of the block comment that `rest` begins with; they nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Length of the text or character that `rest` begins with; none for anything else, lifetimes included.
fn text_literal(rest: &str, after_word: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    if !after_word {
        let raw = rest.trim_start_matches(['b', 'c']);
        let prefix = rest.len() - raw.len();
        if prefix <= 1 && raw.starts_with('r') {
            let hashes = raw[1..].bytes().take_while(|byte| *byte == b'#').count();
            if raw[1 + hashes..].starts_with('"') {
                let body = prefix + hashes + 2;
                let end = format!("\"{}", "#".repeat(hashes));
                return Some(rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len()));
            }
        }
    }
    match bytes.first()? {
        b'"' => {
            let mut at = 1;
            while at < bytes.len() {
                match bytes[at] {
                    b'\\' => at += 2,
                    b'"' => return Some(at + 1),
                    _ => at += 1,
                }
            }
            Some(rest.len())
        }
        b'\'' if bytes.get(1) == Some(&b'\\') => rest[3..].find('\'').map(|at| 3 + at + 1),
        b'\'' => {
            let character = rest[1..].chars().next()?;
            let end = 1 + character.len_utf8();
            (bytes.get(end) == Some(&b'\'')).then_some(end + 1)
        }
        _ => None,
    }
}

/// Where the items marked `#[cfg(test)]` or `#[cfg(all(test, ..))]` stand in code without comments and texts.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let mut items = Vec::new();
    for mark in ["#[cfg(test)]", "#[cfg(all(test,"] {
        for (from, _) in code.match_indices(mark) {
            let (mut depth, mut to) = (0_usize, code.len());
            for (at, byte) in code[from..].bytes().enumerate() {
                match byte {
                    b'{' | b'(' | b'[' => depth += 1,
                    b'}' | b')' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 && byte == b'}' {
                            to = from + at + 1;
                            break;
                        }
                    }
                    b';' if depth == 0 => {
                        to = from + at + 1;
                        break;
                    }
                    _ => {}
                }
            }
            items.push((from, to));
        }
    }
    items
}

#[test]
fn tells_code_from_comments_texts_and_tests() {
    let source = "let a = \"x // y\"; // TODO\nlet b = 'c'; fn f<'a>(q: &'a str) {}\n/* z /* y */ */ let r = r#\"w\"w\"#;\n\
                  #[cfg(test)]\nmod tests { fn g() { sleep() } }\nlet last = '\\'';\n";
    let code = blanked(source, CODE);
    assert_eq!(code.lines().count(), source.lines().count());
    assert_eq!(code.len(), source.len());
    for gone in ["x //", "TODO", "'c'", "z", "w", "sleep"] {
        assert!(!code.contains(gone), "{gone} stays in {code}");
    }
    for stays in ["let a =", "fn f<'a>(q: &'a str) {}", "let r =", "let last ="] {
        assert!(code.contains(stays), "{stays} is gone from {code}");
    }
    assert!(blanked(source, Blank { comments: false, texts: true, tests: false }).contains("TODO"));
}

#[test]
fn finds_words_only_as_words() {
    assert!(has_word("use md5::Digest;", "md5"));
    assert!(has_word("tokio::spawn(x)", "tokio::"));
    assert!(!has_word("my_tokio::spawn", "tokio::"));
    assert!(!has_word("urls", "url"));
}
