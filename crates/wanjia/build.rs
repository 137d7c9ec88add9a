//! The pages of `web/dist` are compiled in. Cargo sees by this that they changed.

use std::path::Path;

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    // A path that is not there counts as changed at every build. Where nothing can be made, that is what happens.
    drop(std::fs::create_dir_all(&dist));
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");
}
