//! A pack as one run of bytes: what is published, kept and hashed.
//!
//! Deterministic CBOR: an array of `[path, bytes]` and, for workbooks, `[path, [[sheet, [[row, [cell]]]]]]`, in the order
//! of the paths. What the compiler does not read (samples, a README) is not in it, so that it can be mended without a new
//! version.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::pack::{Content, Files, is_beside};
use crate::sheet::RawSheet;

/// The canonical bytes of a pack's files; none if a file could not be read.
#[must_use]
pub fn encode(files: &Files) -> Option<Vec<u8>> {
    let kept: Vec<(&String, &Content)> = files.iter().filter(|(path, _)| !is_beside(path)).collect();
    let mut out = Encoder::new(Vec::new());
    out.array(kept.len() as u64).ok()?;
    for (path, content) in kept {
        out.array(2).ok()?.str(path).ok()?;
        match content {
            Content::Bytes(bytes) => {
                out.bytes(bytes).ok()?;
            }
            Content::Workbook(sheets) => write_sheets(&mut out, sheets)?,
            Content::Unreadable(_) => return None,
        }
    }
    Some(out.into_writer())
}

fn write_sheets(out: &mut Encoder<Vec<u8>>, sheets: &[RawSheet]) -> Option<()> {
    out.array(sheets.len() as u64).ok()?;
    for sheet in sheets {
        out.array(2).ok()?.str(&sheet.name).ok()?.array(sheet.rows.len() as u64).ok()?;
        for (number, cells) in &sheet.rows {
            out.array(2).ok()?.u32(*number).ok()?.array(cells.len() as u64).ok()?;
            for cell in cells {
                out.str(cell).ok()?;
            }
        }
    }
    Some(())
}

/// Reads what [`encode`] wrote; none if the bytes are anything else.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Files> {
    let mut read = Decoder::new(bytes);
    let mut files = Files::new();
    for _ in 0..read.array().ok()?? {
        pair(&mut read)?;
        let path = read.str().ok()?.to_owned();
        let content = match read.datatype().ok()? {
            Type::Bytes => Content::Bytes(read.bytes().ok()?.to_vec()),
            _ => Content::Workbook(list(&mut read, |read| {
                pair(read)?;
                let name = read.str().ok()?.to_owned();
                let rows = list(read, |read| {
                    pair(read)?;
                    Some((read.u32().ok()?, list(read, |read| read.str().ok().map(str::to_owned))?))
                })?;
                Some(RawSheet { name, rows })
            })?),
        };
        files.insert(path, content);
    }
    (encode(&files)? == bytes).then_some(files)
}

fn pair(read: &mut Decoder<'_>) -> Option<()> {
    (read.array().ok()?? == 2).then_some(())
}

fn list<'b, T>(
    read: &mut Decoder<'b>,
    mut item: impl FnMut(&mut Decoder<'b>) -> Option<T>,
) -> Option<Vec<T>> {
    (0..read.array().ok()??).map(|_| item(read)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::say;

    fn files() -> Files {
        let sheet = RawSheet { name: "survey".into(), rows: vec![(2, vec!["text".into(), "名字".into()])] };
        Files::from([
            ("programme.toml".to_owned(), Content::Bytes(b"format = 1".to_vec())),
            ("forms/one.xlsx".to_owned(), Content::Workbook(vec![sheet])),
            ("samples/people.csv".to_owned(), Content::Bytes(b"a,b".to_vec())),
        ])
    }

    #[test]
    fn a_pack_reads_back_without_what_the_compiler_does_not_read() {
        let bytes = encode(&files()).unwrap();
        let back = decode(&bytes).unwrap();
        assert_eq!(back.keys().collect::<Vec<_>>(), ["forms/one.xlsx", "programme.toml"]);
        assert_eq!(encode(&back), Some(bytes.clone()));
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_none(), "{cut}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(decode(&longer).is_none());
        // A list that claims to be longer than memory ends where its bytes do.
        assert!(decode(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255]).is_none());
    }

    #[test]
    fn a_pack_has_these_bytes_whatever_order_its_files_came_in() {
        let one = Files::from([
            ("b".to_owned(), Content::Bytes(vec![1])),
            ("a".to_owned(), Content::Bytes(vec![])),
        ]);
        assert_eq!(encode(&one).unwrap(), [0x82, 0x82, 0x61, b'a', 0x40, 0x82, 0x61, b'b', 0x41, 1]);
        let torn = Files::from([("a.xlsx".to_owned(), Content::Unreadable(say("坏", "torn")))]);
        assert_eq!(encode(&torn), None);
    }
}
