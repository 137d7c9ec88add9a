//! The packs as they lie in the repository.

use std::path::Path;

use programme::{Content, Files};

/// Every text of a pack.
pub fn pack(name: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes").join(name);
    let (mut files, mut folders) = (Files::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            files.insert(inside, Content::Bytes(std::fs::read(&path).unwrap()));
        }
    }
    files
}
