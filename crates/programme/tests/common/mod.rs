//! The packs as they lie in the repository.

use std::path::Path;

use programme::{Content, Files};

/// Every text of a pack.
pub fn pack(name: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes").join(name);
    let mut files = Files::new();
    for folder in ["", "forms", "overlays", "classes", "pathways", "tests"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let inside = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            files.insert(inside, Content::Bytes(std::fs::read(&path).unwrap()));
        }
    }
    files
}
