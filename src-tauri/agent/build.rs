//! Lists the tray pictures, so that they are part of the program.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

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
            // `in-call-22.png`; what is larger than a panel's icon stays out.
            let Some((mark, size)) = name.strip_suffix(".png").and_then(|name| name.rsplit_once('-')) else { continue };
            if size.parse::<u32>().is_ok_and(|size| size <= 48) {
                writeln!(list, "    ({panel:?}, {mark:?}, {size}, include_bytes!({:?})),", file.path().display().to_string())?;
            }
        }
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("pictures.rs"), list)?;
    Ok(())
}
