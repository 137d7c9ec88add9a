//! The base map beneath a community's own: a PMTiles archive that whoever runs the server supplies.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::failure::{Failure, Result};

/// A file that browsers can draw from.
#[derive(Clone, Debug)]
pub struct Tiles {
    pub path: PathBuf,
}

/// Of the header: <https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md>.
const HEADER: usize = 127;
const MAGIC: &[u8] = b"PMTiles\x03";
const INTERNAL_COMPRESSION: usize = 97;
const TILE_COMPRESSION: usize = 98;
const TILE_TYPE: usize = 99;
/// None and gzip: of the others no browser has both the code and the right to load it.
const UNPACKED: std::ops::RangeInclusive<u8> = 1..=2;
/// Mapbox vector tiles, PNG, JPEG, WebP, AVIF.
const DRAWN: std::ops::RangeInclusive<u8> = 1..=5;

impl Tiles {
    /// # Errors
    /// If the file cannot be read, is no PMTiles archive of version 3, or is packed so that a browser cannot read it.
    pub fn open(path: &Path) -> Result<Self> {
        let mut header = [0; HEADER];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
        match read {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
                return Err(Failure::file(path, &error));
            }
            Ok(()) if header.starts_with(MAGIC) => {}
            _ => {
                return Err(Failure::new(
                    "no_tiles",
                    format!(
                        "{} 不是 PMTiles 第 3 版的底图文件；请换一个文件，或去掉 --tiles",
                        path.display()
                    ),
                    format!(
                        "{} is no PMTiles archive of version 3; name another file, or leave out --tiles",
                        path.display()
                    ),
                ));
            }
        }
        let packed = [INTERNAL_COMPRESSION, TILE_COMPRESSION].map(|at| header[at]);
        if !packed.iter().all(|one| UNPACKED.contains(one)) || !DRAWN.contains(&header[TILE_TYPE]) {
            return Err(Failure::new(
                "tiles_packed",
                format!(
                    "浏览器读不了 {} 里的图块；要用 gzip 压缩或不压缩的 MVT、PNG、JPEG、WebP、AVIF 图块",
                    path.display()
                ),
                format!(
                    "browsers cannot read the tiles of {}; they are to be MVT, PNG, JPEG, WebP or AVIF, with gzip or \
                     without compression",
                    path.display()
                ),
            ));
        }
        Ok(Self { path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(bytes: &[u8]) -> Result<Tiles, &'static str> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Tiles::open(file.path()).map_err(|failure| {
            assert!(failure.zh.contains(file.path().to_str().unwrap()), "{}", failure.zh);
            failure.code
        })
    }

    #[test]
    fn what_a_browser_cannot_draw_is_refused() {
        let mut header = [0; HEADER];
        header[..MAGIC.len()].copy_from_slice(MAGIC);
        header[INTERNAL_COMPRESSION..=TILE_TYPE].copy_from_slice(&[2, 1, 5]);
        assert!(opened(&header).is_ok());
        let with = |at: usize, byte: u8| {
            let mut header = header;
            header[at] = byte;
            opened(&header).err()
        };
        assert_eq!(with(7, 2), Some("no_tiles"), "another version");
        assert_eq!(with(0, b'p'), Some("no_tiles"));
        assert_eq!(opened(&header[..HEADER - 1]).err(), Some("no_tiles"));
        assert_eq!(opened(b"").err(), Some("no_tiles"));
        for (at, byte) in [(INTERNAL_COMPRESSION, 0), (TILE_COMPRESSION, 4), (TILE_TYPE, 0), (TILE_TYPE, 6)] {
            assert_eq!(with(at, byte), Some("tiles_packed"), "{byte} at {at}");
        }
        let missing = Tiles::open(Path::new("/nowhere/x.pmtiles")).unwrap_err();
        assert_eq!((missing.code, missing.zh.contains("没有这个文件")), ("file", true));
    }
}
