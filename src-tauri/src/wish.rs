//! What somebody wants of the window, as words of a command line and as the one line that a second start hands over.

use phone_control::protocol::{OpenWindowParams, WindowView};

/// Opens the small window with the question that waits.
const QUESTION: &str = "--question";
/// Leaves the keyboard where it is.
const QUIET: &str = "--quiet";

/// Reads the arguments of the program; none where they are others.
pub fn read(arguments: impl Iterator<Item = impl AsRef<str>>) -> Option<OpenWindowParams> {
    let mut wish = OpenWindowParams::default();
    for argument in arguments {
        match argument.as_ref() {
            // Older agents write it before the page.
            "--view" => {}
            QUESTION if wish.question.is_none() => wish.question = Some(true),
            QUIET if !wish.quiet => wish.quiet = true,
            page if wish.view.is_none() => wish.view = Some(WindowView::parse(page)?),
            _ => return None,
        }
    }
    Some(wish)
}

/// The same as one line.
pub fn line(wish: OpenWindowParams) -> String {
    let words =
        [wish.question.and_then(|asks| asks.then_some(QUESTION)), wish.quiet.then_some(QUIET), wish.view.map(WindowView::name)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Reads that line; what nobody understands wishes for the window as it is.
pub fn of_line(line: &str) -> OpenWindowParams {
    read(line.split_whitespace()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_may_be_named_with_and_without_its_option() {
        let of = |words: &[&str]| read(words.iter()).map(|wish| wish.view);
        assert_eq!(of(&[]), Some(None));
        assert_eq!(of(&["history"]), Some(Some(WindowView::History)));
        assert_eq!(of(&["--view", "settings"]), Some(Some(WindowView::Settings)));
        assert_eq!(of(&["--evil"]), None);
        assert_eq!(of(&["people", "calls"]), None);
    }

    #[test]
    fn a_wish_comes_back_from_its_line_as_it_was() {
        for question in [None, Some(true)] {
            for quiet in [false, true] {
                for view in [None, Some(WindowView::Settings)] {
                    let wish = OpenWindowParams { view, question, quiet };
                    assert_eq!(of_line(&line(wish)), wish);
                }
            }
        }
        assert_eq!(of_line("nonsense --question"), OpenWindowParams::default());
    }
}
