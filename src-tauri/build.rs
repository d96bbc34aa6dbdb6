//! Builds the window's context, with a permission for each request that the page may send.

fn main() {
    println!("cargo:rerun-if-changed=src/intents.list");
    println!("cargo:rerun-if-changed=../ui/dist");
    let commands: &[&str] = include!("src/intents.list");
    let manifest = tauri_build::AppManifest::new().commands(commands);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        // The usual cause is that the front end has not been built.
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
