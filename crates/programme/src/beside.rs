//! Files that lie beside a form, in `forms/media/` of its pack: pictures, sounds and films that it shows, and lists that it
//! chooses from or looks up.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use crate::finding::{Findings, Located, Place, say};
use crate::pack::{Content, Files};
use crate::sheet::Sheet;

/// Where they lie in a pack.
pub const FOLDER: &str = "forms/media/";
/// Names that the server gives to lists of its own, which lie beside the forms of ODK clients.
const OWN: [&str; 2] = ["doors.csv", "people.csv"];
/// The most rows of a list. The largest public ones have some 40,000.
const MOST_ROWS: usize = 100_000;
const LONGEST_NAME: usize = 120;

/// What a file is, by the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Picture,
    Sound,
    Film,
    List,
}

const ENDINGS: [(&str, Kind, &str); 18] = [
    ("png", Kind::Picture, "image/png"),
    ("jpg", Kind::Picture, "image/jpeg"),
    ("jpeg", Kind::Picture, "image/jpeg"),
    ("webp", Kind::Picture, "image/webp"),
    ("gif", Kind::Picture, "image/gif"),
    ("mp3", Kind::Sound, "audio/mpeg"),
    ("m4a", Kind::Sound, "audio/mp4"),
    ("aac", Kind::Sound, "audio/aac"),
    ("ogg", Kind::Sound, "audio/ogg"),
    ("oga", Kind::Sound, "audio/ogg"),
    ("wav", Kind::Sound, "audio/wav"),
    ("mp4", Kind::Film, "video/mp4"),
    ("webm", Kind::Film, "video/webm"),
    ("3gp", Kind::Film, "video/3gpp"),
    ("mov", Kind::Film, "video/quicktime"),
    ("csv", Kind::List, "text/csv; charset=utf-8"),
    ("xml", Kind::List, "text/xml; charset=utf-8"),
    ("geojson", Kind::List, "application/geo+json"),
];

fn ending(name: &str) -> Option<&'static (&'static str, Kind, &'static str)> {
    let (_, ending) = name.rsplit_once('.')?;
    ENDINGS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(ending))
}

/// What a file of that name is; none if no form could show it.
#[must_use]
pub fn kind_of(name: &str) -> Option<Kind> {
    ending(name).map(|(_, kind, _)| *kind)
}

/// What HTTP calls it.
#[must_use]
pub fn media_type(name: &str) -> &'static str {
    ending(name).map_or("application/octet-stream", |(.., media_type)| media_type)
}

/// Whether a path in a pack is that of such a file.
#[must_use]
pub fn is_file(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|name| {
        let plain = |letter: char| !letter.is_control() && !"/\\?#%:*\"<>|${}'".contains(letter);
        kind_of(name).is_some()
            && name.len() <= LONGEST_NAME
            && name.chars().all(plain)
            && !OWN.contains(&name)
    })
}

/// By what an XForm names a list.
pub(crate) fn list_address(name: &str) -> String {
    let folder = if name.ends_with(".csv") { "file-csv" } else { "file" };
    format!("jr://{folder}/{name}")
}

/// The name of a list's instance.
pub(crate) fn list_id(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A list: the names of its columns, and its rows with their places.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub columns: Vec<String>,
    pub rows: Vec<(Place, Vec<String>)>,
}

impl List {
    /// The cells of a column.
    pub fn column(&self, name: &str) -> Option<impl Iterator<Item = (&Place, &str)>> {
        let at = self.columns.iter().position(|column| column == name)?;
        Some(self.rows.iter().map(move |(place, cells)| (place, cells.get(at).map_or("", String::as_str))))
    }
}

/// The files beside the forms of a pack.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'p> {
    pub files: &'p Files,
}

impl Beside<'_> {
    fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.files.get(&format!("{FOLDER}{name}"))? {
            Content::Bytes(bytes) => Some(bytes),
            Content::Workbook(_) | Content::Unreadable(_) => None,
        }
    }

    /// Whether a file is there and of the kind that a cell asks for; if not, that is told.
    pub fn is_there(&self, named: &Located<String>, kind: Kind, findings: &mut Findings) -> bool {
        let name = &named.value;
        if kind_of(name) != Some(kind) || !is_file(&format!("{FOLDER}{name}")) {
            let known: Vec<&str> =
                ENDINGS.iter().filter(|(_, known, _)| *known == kind).map(|(ending, ..)| *ending).collect();
            let known = known.join(", ");
            findings.add(
                &named.place,
                "file_name",
                say(
                    format!("{name} 不能作这里的文件名：只写文件名，以这些结尾：{known}；doors.csv 和 people.csv 是服务器自己的"),
                    format!(
                        "{name} can be no file here: write its name alone, which ends in one of {known}; doors.csv and people.csv are \
                         the server's own"
                    ),
                ),
            );
            return false;
        }
        let there = self.bytes(name).is_some();
        if !there {
            findings.add(
                &named.place,
                "no_file",
                say(
                    format!("专项方案里没有 {FOLDER}{name}：请把文件放进去"),
                    format!("the pack has no {FOLDER}{name}: put the file there"),
                ),
            );
        }
        there
    }

    /// The list in a file that is there; what is wrong with it is told.
    pub fn list(&self, name: &str, findings: &mut Findings) -> Option<List> {
        let file = format!("{FOLDER}{name}");
        let mut refuse = |place: Place, zh: &str, en: &str| findings.add(&place, "list_file", say(zh, en));
        let Ok(text) = std::str::from_utf8(self.bytes(name)?) else {
            refuse(Place::whole(&file), "不是 UTF-8：请另存为 UTF-8", "this is not UTF-8: save it as UTF-8");
            return None;
        };
        let text = text.trim_start_matches('\u{feff}');
        let list = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("csv") => read_csv(&file, text),
            Some("xml") => read_xml(&file, text).ok_or_else(|| Place::whole(&file)),
            _ => read_geojson(&file, text).ok_or_else(|| Place::whole(&file)),
        };
        match list {
            Ok(list) if list.rows.len() > MOST_ROWS => {
                refuse(Place::whole(&file), "超过 100000 行", "this has more than 100,000 rows");
                None
            }
            Ok(list) => Some(list),
            Err(place) => {
                refuse(
                    place,
                    "读不了这个列表：CSV 要有列名，XML 要有 root 和其中的 item，GeoJSON 要是 FeatureCollection",
                    "this list cannot be read: a CSV begins with the names of its columns, an XML has a root with its items, a \
                     GeoJSON is a FeatureCollection",
                );
                None
            }
        }
    }
}

fn read_csv(file: &str, text: &str) -> Result<List, Place> {
    let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(text.as_bytes());
    let cells = |record: &csv::StringRecord| record.iter().map(|cell| cell.trim().to_owned()).collect();
    let columns: Vec<String> = reader.headers().map(cells).map_err(|_| Place::text(file, 1, 1))?;
    let mut list = List { columns, rows: Vec::new() };
    for record in reader.records().take(MOST_ROWS + 1) {
        let line = |position: Option<&csv::Position>| {
            let line = position.map_or(1, csv::Position::line);
            Place::text(file, u32::try_from(line).unwrap_or(u32::MAX), 1)
        };
        let record = record.map_err(|error| line(error.position()))?;
        let place = line(record.position());
        list.rows.push((place, cells(&record)));
    }
    let named = list.columns.iter().filter(|column| !column.is_empty());
    if named.clone().count() == 0 || named.clone().collect::<BTreeSet<_>>().len() < named.count() {
        return Err(Place::text(file, 1, 1));
    }
    Ok(list)
}

/// `<root><item><name>…</name><label>…</label></item></root>`, whatever the elements are called.
fn read_xml(file: &str, text: &str) -> Option<List> {
    let mut reader = Reader::from_str(text);
    let mut list = List::default();
    let (mut path, mut said): (Vec<String>, String) = (Vec::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if path.len() == 1 {
                    list.rows.push((Place::whole(file), Vec::new()));
                }
                path.push(start.name().0.to_owned());
                said.clear();
            }
            Event::Text(part) => said.push_str(&part),
            Event::CData(part) => said.push_str(&part),
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(letter) => said.push(letter),
                None => said.push_str(quick_xml::escape::resolve_predefined_entity(&name)?),
            },
            Event::End(_) => {
                if path.len() == 3 {
                    put(&mut list, path.last()?, said.trim());
                }
                path.pop();
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            _ => {}
        }
    }
    (path.is_empty() && !list.rows.is_empty()).then_some(list)
}

/// A cell of the last row, by the name of its column.
fn put(list: &mut List, column: &str, value: &str) {
    let at = list.columns.iter().position(|known| known == column).unwrap_or_else(|| {
        list.columns.push(column.to_owned());
        list.columns.len() - 1
    });
    if let Some((_, cells)) = list.rows.last_mut() {
        if cells.len() <= at {
            cells.resize(at + 1, String::new());
        }
        if let Some(cell) = cells.get_mut(at) {
            value.clone_into(cell);
        }
    }
}

/// The features with their properties, and their `id` beside them.
fn read_geojson(file: &str, text: &str) -> Option<List> {
    let read: Value = serde_json::from_str(text).ok()?;
    if read.get("type")?.as_str()? != "FeatureCollection" {
        return None;
    }
    let said = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let mut list = List::default();
    for feature in read.get("features")?.as_array()? {
        list.rows.push((Place::whole(file), Vec::new()));
        let properties = feature.get("properties").and_then(Value::as_object).into_iter().flatten();
        let beside = feature.get("id").map(|id| ("id", id)).into_iter();
        for (name, value) in beside.chain(properties.map(|(name, value)| (name.as_str(), value))) {
            if let Some(text) = said(value) {
                put(&mut list, name, &text);
            }
        }
    }
    (!list.rows.is_empty()).then_some(list)
}

/// What a column of a sheet shows beside a question or a choice, by its name without a language.
pub(crate) fn shown(column: &str) -> Option<Kind> {
    match column {
        "image" | "big-image" => Some(Kind::Picture),
        "audio" => Some(Kind::Sound),
        "video" => Some(Kind::Film),
        _ => None,
    }
}

/// The files that the cells of a sheet show, each looked for.
pub(crate) fn note_shown(
    sheet: &Sheet,
    beside: Beside<'_>,
    named: &mut BTreeSet<String>,
    findings: &mut Findings,
) {
    for (index, column) in sheet.columns.iter().enumerate() {
        let base = column.value.split_once("::").map_or(column.value.as_str(), |(base, _)| base);
        let Some(kind) = shown(base) else { continue };
        for cell in sheet.rows.iter().filter_map(|row| row.get(index)) {
            if beside.is_there(cell, kind, findings) {
                named.insert(cell.value.clone());
            }
        }
    }
}

/// The lists that an expression looks up with `pulldata('list', 'column', 'key column', …)`, each with the columns that it
/// names; none of what is not written out.
pub(crate) fn looked_up(text: &str) -> Vec<Option<(String, Vec<String>)>> {
    let straight = text.replace(['“', '”'], "\"").replace(['‘', '’'], "'");
    straight
        .match_indices("pulldata")
        .filter_map(|(at, word)| straight.get(at + word.len()..)?.trim_start().strip_prefix('('))
        .map(|inside| {
            let mut arguments = inside.split(',').map(|argument| literal(argument.trim()));
            let mut next = || arguments.next().flatten();
            Some((next()?, vec![next()?, next()?]))
        })
        .collect()
}

fn literal(text: &str) -> Option<String> {
    let inside = |mark| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    inside('\'').or_else(|| inside('"')).map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(name: &str, text: &str) -> Option<List> {
        let files = Files::from([(format!("{FOLDER}{name}"), Content::Bytes(text.into()))]);
        Beside { files: &files }.list(name, &mut Findings::default())
    }

    fn pairs(list: &List, one: &str, other: &str) -> Vec<(String, String)> {
        let column = |name| list.column(name).unwrap().map(|(_, text)| text.to_owned());
        column(one).zip(column(other)).collect()
    }

    #[test]
    fn a_list_reads_the_same_from_each_kind_of_file() {
        let expected = vec![("hd".to_owned(), "海淀 & 北".to_owned()), ("cy".to_owned(), "朝阳".to_owned())];
        let csv = list("a.csv", "\u{feff}name,label\nhd,海淀 & 北\ncy, 朝阳\n").unwrap();
        assert_eq!(pairs(&csv, "name", "label"), expected);
        assert_eq!(csv.rows[1].0, Place::text("forms/media/a.csv", 3, 1));
        let xml = "<root><item><label>海淀 &amp; 北</label><name>hd</name></item><item><name>cy</name><label>朝阳</label></item></root>";
        assert_eq!(pairs(&list("a.xml", xml).unwrap(), "name", "label"), expected);
        let json = r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","id":"hd","properties":{"title":"海淀 & 北"},"geometry":null},
            {"type":"Feature","properties":{"id":"cy","title":"朝阳"}}]}"#;
        assert_eq!(pairs(&list("a.geojson", json).unwrap(), "id", "title"), expected);
    }

    #[test]
    fn what_is_no_list_is_none() {
        for (name, text) in [
            ("a.csv", ""),
            ("a.csv", "name,name\na,b\n"),
            ("a.xml", "<root><item>"),
            ("a.xml", "<root/>"),
            ("a.xml", "<!DOCTYPE a [<!ENTITY x 'y'>]><root><item><name>&x;</name></item></root>"),
            ("a.geojson", "{\"type\":\"Feature\"}"),
            ("a.geojson", "["),
        ] {
            assert!(list(name, text).is_none(), "{name} {text}");
        }
    }

    #[test]
    fn a_files_name_is_plain_and_not_one_of_the_servers() {
        for name in ["a.png", "门 1.jpg", "streets.csv", "a.b.xml"] {
            assert!(is_file(&format!("{FOLDER}{name}")), "{name}");
        }
        for name in ["doors.csv", "people.csv", "a", "a.svg", "a/b.png", "a?.png", "${a}.png", "..", ""] {
            assert!(!is_file(&format!("{FOLDER}{name}")), "{name}");
        }
    }

    #[test]
    fn a_look_up_tells_its_list_and_its_columns() {
        let found = looked_up("pulldata('fruits', 'name', \"key\", ${a}) + pulldata(${b}, 'x', 'y', 'z')");
        assert_eq!(found, [Some(("fruits".into(), vec!["name".into(), "key".into()])), None]);
        assert_eq!(looked_up("${pulldata}"), []);
    }

    proptest! {
        #[test]
        fn whatever_a_file_holds_it_is_a_list_or_none(name in "a\\.(csv|xml|geojson)", text in "[<>/a-z&;,\"\n{}\\[\\]:]{0,60}|\\PC{0,40}") {
            let _ = list(&name, &text);
        }
    }
}
