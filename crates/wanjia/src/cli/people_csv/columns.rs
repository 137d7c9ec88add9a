//! Which header means which column.

use std::collections::BTreeMap;
use std::path::Path;

use linkage::Column;

use super::ListError;

/// Headers by column, folded: lower case, without spaces, `_`, `-` and brackets.
const HEADERS: [(Column, &[&str]); Column::COUNT] = [
    (Column::Name, &["name", "fullname", "姓名", "名字", "人员姓名", "居民姓名", "户主姓名"]),
    (Column::FamilyName, &["surname", "familyname", "lastname", "姓", "姓氏"]),
    (Column::GivenName, &["givenname", "firstname", "forename", "名"]),
    (Column::Sex, &["sex", "gender", "性别"]),
    (
        Column::BirthDate,
        &["birthdate", "dateofbirth", "dob", "birthday", "出生日期", "生日", "出生年月", "出生年月日"],
    ),
    (
        Column::IdNumber,
        &[
            "idno",
            "idnumber",
            "idcard",
            "socsecid",
            "nationalid",
            "身份证",
            "身份证号",
            "身份证号码",
            "证件号",
            "证件号码",
            "公民身份号码",
            "公民身份证号码",
        ],
    ),
    (
        Column::Phone,
        &[
            "phone",
            "phoneno",
            "phonenumber",
            "mobile",
            "telephone",
            "tel",
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "联系电话",
            "联系方式",
            "电话号码",
        ],
    ),
    (
        Column::Community,
        &[
            "community",
            "compound",
            "village",
            "areacode",
            "communitycode",
            "社区",
            "小区",
            "村",
            "村居",
            "村社区",
            "所属社区",
            "小区编码",
            "社区编码",
            "村编码",
            "村社区编码",
            "小区代码",
            "社区代码",
        ],
    ),
    (Column::Building, &["building", "block", "楼栋", "栋", "幢", "楼号", "栋号"]),
    (Column::Unit, &["unit", "stairwell", "单元", "单元号"]),
    (Column::Room, &["room", "door", "flat", "房号", "室", "户室", "门牌", "房间号", "房间"]),
    (Column::Address, &["address", "addr", "地址", "住址", "家庭住址", "现住址", "居住地址", "详细地址"]),
    (Column::StreetNumber, &["streetnumber", "housenumber"]),
    (Column::Street, &["street", "address1", "addressline1", "streetname"]),
    (Column::SecondLine, &["address2", "addressline2"]),
    (Column::Suburb, &["suburb", "town", "city", "locality"]),
    (Column::Postcode, &["postcode", "zip", "zipcode", "postalcode", "邮编"]),
];
/// Headers of the row's own name, first found first.
const IDS: [&str; 6] = ["id", "personid", "obsid", "recid", "编号", "序号"];
/// Never read, whatever a mapping says: the truth of generated data.
const NEVER: [&str; 2] = ["truthpersonid", "noise"];

/// What each field of a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Id,
    Column(Column),
    Nothing,
}

/// User's mapping of headers: header to column name, `id` or `ignore`.
pub type Mapping = BTreeMap<String, String>;

/// Reads a mapping file, JSON: `{"header": "column"}`.
///
/// # Errors
/// [`ListError::Mapping`] when it is no such file or names no known column.
pub fn read_mapping(path: &Path) -> Result<Mapping, ListError> {
    let wrong = |detail: String| ListError::Mapping { path: path.to_owned(), detail };
    let text =
        std::fs::read_to_string(path).map_err(|source| ListError::Read { path: path.to_owned(), source })?;
    let mapping: Mapping = serde_json::from_str(&text).map_err(|error| {
        wrong(format!(
            "应为 JSON 对象，如 / a JSON object was expected, such as {{\"姓名\": \"name\"}}: {error}"
        ))
    })?;
    for (header, column) in &mapping {
        if use_of(column).is_none() {
            return Err(wrong(format!(
                "{header:?}: {column:?} 不是字段名，可用的有 / is no column; the columns are: {}",
                column_names().join(", ")
            )));
        }
    }
    Ok(mapping)
}

/// Words that a mapping may use.
fn column_names() -> Vec<String> {
    let columns = Column::ALL.into_iter().filter_map(|column| serde_json::to_value(column).ok());
    let names = columns.filter_map(|name| name.as_str().map(str::to_owned));
    ["id", "ignore"].map(str::to_owned).into_iter().chain(names).collect()
}

fn use_of(word: &str) -> Option<Use> {
    match word {
        "id" => Some(Use::Id),
        "ignore" => Some(Use::Nothing),
        _ => serde_json::from_value(serde_json::Value::String(word.to_owned())).ok().map(Use::Column),
    }
}

fn fold_header(header: &str) -> String {
    header.chars().map(linkage::text::fold_character).filter(|c| c.is_alphanumeric()).collect()
}

fn same_header(one: &str, other: &str) -> bool {
    let folded = fold_header(one);
    one.trim() == other.trim() || !folded.is_empty() && folded == fold_header(other)
}

/// Headers that nothing is read from, though nobody said so.
pub(super) fn ignored(headers: &[String], uses: &[Use], mapping: &Mapping) -> Vec<String> {
    let meant = |header: &str| {
        NEVER.contains(&fold_header(header).as_str()) || mapping.keys().any(|from| same_header(from, header))
    };
    let left_out = |(header, used): (&String, &Use)| {
        (*used == Use::Nothing && !header.is_empty() && !meant(header)).then(|| header.clone())
    };
    headers.iter().zip(uses).filter_map(left_out).collect()
}

/// The headings that are known without a mapping, by column, for people to read.
#[must_use]
pub fn known_headings() -> String {
    let line = |(name, headings): (String, &[&str])| format!("  {name}: {}", headings.join(", "));
    let columns = column_names().into_iter().skip(2).zip(HEADERS.iter().map(|(_, headings)| *headings));
    let lines: Vec<String> =
        std::iter::once(("id".to_owned(), IDS.as_slice())).chain(columns).map(line).collect();
    format!(
        "认得的表头 / Headings that are known, by column; case, spaces, _ and - do not matter:\n{}\n\
         其他表头用 --mapping 指定 / Map others with --mapping FILE: {{\"heading\": \"column\"}}; \"ignore\" leaves one out.\n\
         值之间可用逗号、制表符或分号 / Values may be separated by commas, tabs or semicolons.",
        lines.join("\n")
    )
}

/// Headers of a mapping that none of the lists has.
pub fn unused<'a>(mapping: &'a Mapping, lists: &[&[String]]) -> Vec<&'a str> {
    let known = |header: &str| lists.iter().any(|headers| headers.iter().any(|own| same_header(own, header)));
    mapping.keys().map(String::as_str).filter(|header| !known(header)).collect()
}

pub(super) fn uses(headers: &[String], mapping: &Mapping) -> Vec<Use> {
    let never = |header: &str| NEVER.contains(&fold_header(header).as_str());
    let mapped = |header: &String| -> Option<Use> {
        if never(header) {
            return Some(Use::Nothing);
        }
        let word = mapping.iter().find(|(from, _)| same_header(from, header)).map(|(_, word)| word)?;
        Some(use_of(word).unwrap_or(Use::Nothing))
    };
    let told: Vec<Option<Use>> = headers.iter().map(mapped).collect();
    let known = |header: &String| {
        let folded = fold_header(header);
        let column = HEADERS.iter().find(|(_, names)| names.contains(&folded.as_str()));
        column.map_or(Use::Nothing, |(column, _)| Use::Column(*column))
    };
    let all: Vec<Use> = told.iter().flatten().copied().collect();
    let mut uses: Vec<Use> = headers
        .iter()
        .zip(&told)
        .map(|(header, one)| match one {
            Some(one) => *one,
            // What the mapping names is taken from there and nowhere else.
            None => Some(known(header)).filter(|used| !all.contains(used)).unwrap_or(Use::Nothing),
        })
        .collect();
    if !uses.contains(&Use::Id) {
        let free = |at: usize| uses[at] == Use::Nothing && told[at].is_none();
        let at = IDS.iter().find_map(|id| headers.iter().position(|header| fold_header(header) == *id));
        if let Some(at) = at.filter(|at| free(*at)) {
            uses[at] = Use::Id;
        }
    }
    // The first of two headers for one column counts.
    for at in 1..uses.len() {
        if uses[..at].contains(&uses[at]) {
            uses[at] = Use::Nothing;
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[&str], mapping: &[(&str, &str)]) -> Vec<Use> {
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        let mapping = mapping.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        uses(&headers, &mapping)
    }

    #[test]
    fn headers_are_known_in_both_languages() {
        let name = Use::Column(Column::Name);
        assert_eq!(of(&["姓 名", "obs_id"], &[]), [name, Use::Id]);
        assert_eq!(of(&["Full-Name", "编号", "姓名"], &[]), [name, Use::Id, Use::Nothing]);
        let community = Use::Column(Column::Community);
        assert_eq!(of(&["小区编码"], &[]), [community]);
        assert_eq!(of(&["area_code", "社区"], &[]), [community, Use::Nothing]);
    }

    #[test]
    fn a_mapping_overrides_the_table() {
        let name = Use::Column(Column::Name);
        assert_eq!(of(&["姓名", "曾用名"], &[("曾用名", "name")]), [Use::Nothing, name]);
        assert_eq!(of(&["id", "姓名"], &[("id", "ignore")]), [Use::Nothing, name]);
        assert_eq!(of(&["#", "姓名"], &[("#", "id")]), [Use::Id, name]);
    }

    #[test]
    fn the_truth_is_never_read() {
        let mapping = [("truth_person_id", "name"), ("noise", "phone")];
        assert_eq!(
            of(&["truth_person_id", "Noise", "姓名"], &mapping),
            [Use::Nothing, Use::Nothing, Use::Column(Column::Name)]
        );
    }
}
