//! What an ODK client sends back of a form: an instance of its XForm, of which nothing is trusted.

use std::collections::BTreeMap;

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use crate::answer::Given;
use crate::code::Day;
use crate::form::Form;
use crate::question::Answer;
use crate::xform::ABOUT;

/// The most elements of one submission, and how deep they stand in one another.
const MOST_ELEMENTS: usize = 20_000;
const DEEPEST: usize = 32;
/// The longest `instanceID`, in bytes.
const LONGEST_ID: usize = 200;

/// A filled-in form as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// As [`crate::xform::form_id`] makes it.
    pub form_id: String,
    pub version: String,
    pub instance: String,
    /// The instance that this one takes the place of.
    pub replaces: Option<String>,
    /// The name that was chosen of `doors.csv`, and of `people.csv`.
    pub door: Option<String>,
    pub person: Option<String>,
    /// The day on which it was filled in, as it was written.
    pub on: Option<String>,
    /// By the name of the question, what was answered; several of one inside a repeat.
    pub answers: BTreeMap<String, Vec<String>>,
}

/// Why bytes are no submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// No well-formed XML in UTF-8, or a document type is declared in it.
    NotXml,
    TooMuch,
    /// A prefix stands for no namespace.
    Undeclared,
    /// The day on which it was filled in is none.
    NoDay,
    /// The root names no form.
    NoForm,
    /// There is no `meta/instanceID`.
    NoInstance,
    /// It is encrypted, so that nobody could hold it to its form.
    Encrypted,
}

impl Unreadable {
    /// What the worker reads, in Chinese and in English.
    #[must_use]
    pub fn message(self) -> (&'static str, &'static str) {
        match self {
            Self::NotXml => ("内容不是完整的 XML，没有收下", "this is no well-formed XML and was not taken"),
            Self::TooMuch => (
                "内容太多：题目过多或嵌套过深，没有收下",
                "this holds too many answers, or too deep in one another, and was not taken",
            ),
            Self::Undeclared => (
                "有元素或属性的前缀没有声明（缺 xmlns），没有收下",
                "an element or an attribute has a prefix that is not declared (its xmlns is missing); this was not taken",
            ),
            Self::NoDay => (
                "填写日期（wanjia/today）不是日期，没有收下；应如 2020-03-10",
                "the day on which this was filled in (wanjia/today) is no day such as 2020-03-10; it was not taken",
            ),
            Self::NoForm => (
                "没有写明是哪张表（根元素缺少 id），没有收下",
                "this does not say of which form it is (its root has no id) and was not taken",
            ),
            Self::NoInstance => {
                ("没有编号（meta/instanceID），没有收下", "this has no meta/instanceID and was not taken")
            }
            Self::Encrypted => (
                "服务器读不了加密的表，没有收下；请用服务器发的表",
                "this server cannot read encrypted forms and did not take it; use the forms that it sends",
            ),
        }
    }
}

/// Reads a submission.
///
/// # Errors
/// [`Unreadable`]
pub fn read(bytes: &[u8]) -> Result<Submission, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotXml)?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut found = Submission::default();
    let (mut path, mut text, mut elements): (Vec<String>, String, usize) = (Vec::new(), String::new(), 0);
    let (mut leaf, mut rooted) = (false, false);
    loop {
        let event = reader.read_event().map_err(|_| Unreadable::NotXml)?;
        require_declared(&reader, &event)?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if elements > MOST_ELEMENTS || path.len() >= DEEPEST {
                    return Err(Unreadable::TooMuch);
                }
                if path.is_empty() && !std::mem::replace(&mut rooted, true) {
                    read_root(&start, &mut found)?;
                } else if path.is_empty() {
                    return Err(Unreadable::NotXml);
                }
                path.push(local(&start));
                text.clear();
                leaf = true;
            }
            Event::Empty(_) => {
                elements += 1;
                if elements > MOST_ELEMENTS {
                    return Err(Unreadable::TooMuch);
                }
                if path.is_empty() {
                    return Err(if rooted { Unreadable::NotXml } else { Unreadable::NoInstance });
                }
                leaf = false;
            }
            Event::End(_) => {
                if leaf {
                    note(&path, text.trim(), &mut found);
                }
                path.pop();
                text.clear();
                leaf = false;
            }
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(letter)) => text.push(letter),
                Ok(None) => text.push_str(named(&name).ok_or(Unreadable::NotXml)?),
                Err(_) => return Err(Unreadable::NotXml),
            },
            Event::DocType(_) => return Err(Unreadable::NotXml),
            Event::Eof => break,
            _ => {}
        }
    }
    if !path.is_empty() || !rooted {
        return Err(Unreadable::NotXml);
    }
    if found.on.as_deref().is_some_and(|on| !on.is_empty() && day_of(on).is_none()) {
        return Err(Unreadable::NoDay);
    }
    if found.instance.is_empty() || found.instance.len() > LONGEST_ID {
        return Err(Unreadable::NoInstance);
    }
    Ok(found)
}

/// Every prefix stands for a namespace: another reader of the same bytes would refuse them.
fn require_declared(reader: &NsReader<&[u8]>, event: &Event<'_>) -> Result<(), Unreadable> {
    let (Event::Start(start) | Event::Empty(start)) = event else { return Ok(()) };
    let resolver = reader.resolver();
    let is_unknown = |found| matches!(found, ResolveResult::Unknown(_));
    if is_unknown(resolver.resolve_element(start.name()).0) {
        return Err(Unreadable::Undeclared);
    }
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Unreadable::NotXml)?;
        if is_unknown(resolver.resolve_attribute(attribute.key).0) {
            return Err(Unreadable::Undeclared);
        }
    }
    Ok(())
}

/// The entities that every XML has.
fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

fn local(start: &BytesStart<'_>) -> String {
    let name = start.name();
    let name: &str = name.0;
    name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned()
}

fn read_root(start: &BytesStart<'_>, found: &mut Submission) -> Result<(), Unreadable> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Unreadable::NotXml)?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|_| Unreadable::NotXml)?;
        match attribute.key.0 {
            "id" => found.form_id = value.into_owned(),
            "version" => found.version = value.into_owned(),
            "encrypted" if value == "yes" => return Err(Unreadable::Encrypted),
            _ => {}
        }
    }
    if found.form_id.is_empty() { Err(Unreadable::NoForm) } else { Ok(()) }
}

/// The day that a client wrote, with or without a time behind it.
fn day_of(text: &str) -> Option<Day> {
    text.split_once('T').map_or(text, |(day, _)| day).parse().ok()
}

/// One answer, at the place where it stands in the form.
fn note(path: &[String], text: &str, found: &mut Submission) {
    let path: Vec<&str> = path.iter().map(String::as_str).skip(1).collect();
    match path.as_slice() {
        ["meta", "instanceID"] => found.instance = text.to_owned(),
        ["meta", "deprecatedID"] => found.replaces = Some(text.to_owned()).filter(|id| !id.is_empty()),
        ["meta", ..] => {}
        [ABOUT, "door"] => found.door = Some(text.to_owned()),
        [ABOUT, "person"] => found.person = Some(text.to_owned()),
        [ABOUT, "today"] => {
            found.on = Some(day_of(text).map_or_else(|| text.to_owned(), |day| day.to_string()))
        }
        [.., name] if !text.is_empty() => {
            found.answers.entry((*name).to_owned()).or_default().push(text.to_owned());
        }
        _ => {}
    }
}

/// The answers as their form's questions take them; one that does not read as its question's kind stays a text, which will
/// not fit.
#[must_use]
pub fn given(form: &Form, submission: &Submission) -> BTreeMap<String, Given> {
    let mut given = BTreeMap::new();
    for (name, texts) in &submission.answers {
        let field = form.field(name);
        let answer = field.map(|field| field.question.answer);
        let mut values: Vec<Given> = texts.iter().map(|text| one(answer, text)).collect();
        let value = match (values.len(), field.is_some_and(|field| field.repeated)) {
            (1, false) => values.remove(0),
            _ => Given::List(values),
        };
        given.insert(name.clone(), value);
    }
    given
}

fn one(answer: Option<Answer>, text: &str) -> Given {
    let as_text = || Given::Text(text.to_owned());
    match answer {
        Some(Answer::Whole) => text.parse().map_or_else(|_| as_text(), Given::Whole),
        Some(Answer::Decimal) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Given::Decimal(number),
            _ => as_text(),
        },
        Some(Answer::Several) => {
            Given::List(text.split_whitespace().map(|choice| Given::Text(choice.to_owned())).collect())
        }
        _ => as_text(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = "<?xml version='1.0'?><data id=\"epidemic.twice_daily\" version=\"2020-03\" \
        xmlns:orx=\"http://openrosa.org/xforms\"><wanjia><door>d</door><person>p</person><today>2020-03-10</today></wanjia>\
        <group><note>体温 &lt;37 &#x4e00;</note><empty/><blank> </blank></group><visit><room>1</room></visit>\
        <visit><room>2</room></visit><orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>";

    #[test]
    fn a_submission_is_read_with_its_groups_and_repeats() {
        let read = read(WHOLE.as_bytes()).unwrap();
        assert_eq!((read.form_id.as_str(), read.version.as_str()), ("epidemic.twice_daily", "2020-03"));
        assert_eq!((read.instance.as_str(), read.door.as_deref()), ("uuid:1", Some("d")));
        assert_eq!((read.person.as_deref(), read.on.as_deref()), (Some("p"), Some("2020-03-10")));
        let answers: Vec<(&str, Vec<&str>)> = read
            .answers
            .iter()
            .map(|(name, texts)| (name.as_str(), texts.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(answers, [("note", vec!["体温 <37 一"]), ("room", vec!["1", "2"])]);
    }

    #[test]
    fn a_prefix_is_declared_and_a_day_is_one() {
        let told = |from: &str, to: &str| {
            assert!(WHOLE.contains(from), "{from}");
            read(WHOLE.replace(from, to).as_bytes()).map(|read| read.on.unwrap_or_default())
        };
        assert_eq!(told("<blank> </blank>", "<x:blank xmlns:x='urn:x'> </x:blank>"), Ok("2020-03-10".into()));
        for torn in ["<x:blank> </x:blank>", "<x:blank/>", "<blank x:a='1'/>"] {
            assert_eq!(told("<blank> </blank>", torn), Err(Unreadable::Undeclared), "{torn}");
        }
        assert_eq!(told("xmlns:orx=\"http://openrosa.org/xforms\"", ""), Err(Unreadable::Undeclared));
        assert_eq!(told("2020-03-10", "2020-03-09T23:15:00.000+08:00"), Ok("2020-03-09".into()));
        assert_eq!(
            told("2020-03-10", ""),
            Ok(String::new()),
            "one that says none is of the day on which it comes"
        );
        for torn in ["yesterday", "2020-02-30", "10.3.2020", "2020-03", "T2020-03-10"] {
            assert_eq!(told("2020-03-10", torn), Err(Unreadable::NoDay), "{torn}");
        }
    }

    #[test]
    fn what_is_no_submission_is_told_apart() {
        let told = |xml: &str| read(xml.as_bytes()).unwrap_err();
        assert_eq!(told("<data id='a'><meta/></data>"), Unreadable::NoInstance);
        assert_eq!(told("<data><meta><instanceID>1</instanceID></meta></data>"), Unreadable::NoForm);
        assert_eq!(told("<data id='a' encrypted='yes'></data>"), Unreadable::Encrypted);
        for broken in [
            "",
            "x",
            "<a",
            "<data id='a'>",
            "<data id='a'></b>",
            "<a id='1'></a><b></b>",
            "<a id='a'>&x;</a>",
        ] {
            assert_eq!(told(broken), Unreadable::NotXml, "{broken}");
        }
        assert_eq!(told("<!DOCTYPE a [<!ENTITY x 'y'>]><a id='1'>&x;</a>"), Unreadable::NotXml);
        let deep = format!("<a id='1'>{}", "<b>".repeat(40));
        assert_eq!(told(&deep), Unreadable::TooMuch);
        let wide = format!("<a id='1'>{}</a>", "<b/>".repeat(MOST_ELEMENTS));
        assert_eq!(told(&wide), Unreadable::TooMuch);
        assert_eq!(read(&[0xff, 0xfe, 0]).unwrap_err(), Unreadable::NotXml);
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn nor_does_a_submission_with_a_piece_changed(at in 0..WHOLE.len(), with in "[<>&/'\"=a-z\u{4e00}]{0,6}", cut in 0..20usize) {
            let start = (0..=at).rev().find(|at| WHOLE.is_char_boundary(*at)).unwrap_or(0);
            let end = (start + cut..WHOLE.len()).find(|at| WHOLE.is_char_boundary(*at)).unwrap_or(WHOLE.len());
            let changed = format!("{}{with}{}", &WHOLE[..start], &WHOLE[end..]);
            let _ = read(changed.as_bytes());
        }
    }
}
