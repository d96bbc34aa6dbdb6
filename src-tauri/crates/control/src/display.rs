//! Which screen a program is on, as its environment says.

use std::path::PathBuf;

/// The display of this session; none without one.
///
/// A variable that is empty counts as not set, as it does for the libraries that open windows.
pub fn display() -> Option<String> {
    display_of(variable)
}

/// The socket of the compositor; none where windows are not Wayland's business.
pub fn wayland_socket() -> Option<PathBuf> {
    wayland_socket_of(variable)
}

/// A display without the number of one of its screens: `:0.0` is a part of `:0`.
pub fn without_screen(display: &str) -> &str {
    match display.rsplit_once(':') {
        Some((_, number)) if number.contains('.') => display.rsplit_once('.').map_or(display, |(name, _)| name),
        Some(_) | None => display,
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn display_of(get: impl Fn(&str) -> Option<String>) -> Option<String> {
    get("WAYLAND_DISPLAY").or_else(|| get("DISPLAY"))
}

fn wayland_socket_of(get: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = PathBuf::from(get("WAYLAND_DISPLAY")?);
    if named.is_absolute() { Some(named) } else { Some(PathBuf::from(get("XDG_RUNTIME_DIR")?).join(named)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wayland_goes_first_and_needs_a_place_for_its_socket() {
        let with = |set: &'static [(&str, &str)]| {
            move |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let both = with(&[("WAYLAND_DISPLAY", "wayland-0"), ("DISPLAY", ":0"), ("XDG_RUNTIME_DIR", "/run/user/1")]);
        assert_eq!(display_of(both).as_deref(), Some("wayland-0"));
        assert_eq!(wayland_socket_of(both), Some("/run/user/1/wayland-0".into()));
        assert_eq!(display_of(with(&[("DISPLAY", ":0")])).as_deref(), Some(":0"));
        assert_eq!(wayland_socket_of(with(&[("DISPLAY", ":0"), ("XDG_RUNTIME_DIR", "/run/user/1")])), None);
        assert_eq!(wayland_socket_of(with(&[("WAYLAND_DISPLAY", "wayland-0")])), None);
        assert_eq!(wayland_socket_of(with(&[("WAYLAND_DISPLAY", "/tmp/socket")])), Some("/tmp/socket".into()));
        assert_eq!(display_of(with(&[])), None);
    }

    #[test]
    fn a_display_is_the_same_with_and_without_its_screen() {
        for (display, name) in [(":0", ":0"), (":0.0", ":0"), ("host.example:1.2", "host.example:1"), ("wayland-0", "wayland-0")]
        {
            assert_eq!(without_screen(display), name);
        }
    }
}
