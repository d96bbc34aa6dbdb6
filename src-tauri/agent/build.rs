//! Lists the tray pictures, so that they are part of the program.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// Sizes that the tray sends, in pixels.
const SIZES: [&str; 6] = ["16", "22", "24", "32", "48", "64"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let icons = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../icons");
    let mut list = String::from("&[\n");
    for panel in ["dark", "light"] {
        let folder = icons.join("tray").join(panel).canonicalize()?;
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files: Vec<_> = fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
        files.sort_by_key(std::fs::DirEntry::file_name);
        for file in files {
            let name = file.file_name().into_string().map_err(|name| format!("{} is not text", name.display()))?;
            // `in-call-22.png`; sizes of other systems stay out.
            let Some((mark, size)) = name.strip_suffix(".png").and_then(|name| name.rsplit_once('-')) else { continue };
            if SIZES.contains(&size) {
                writeln!(list, "    ({panel:?}, {mark:?}, {size}, include_bytes!({:?})),", file.path().display().to_string())?;
            }
        }
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("pictures.rs"), list)?;
    Ok(())
}
