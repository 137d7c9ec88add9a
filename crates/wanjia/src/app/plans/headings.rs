//! The Chinese words for the columns of a planner's lists, and for the few words that stand in their cells.

use std::borrow::Cow;

use intake::cell::plain;

/// A column's name, the word for it that is shown, and others that are read.
const COLUMNS: [(&str, &str, &[&str]); 40] = [
    ("person_id", "姓名", &["人员", "网格员"]),
    ("skills", "技能", &[]),
    ("limits", "限制", &[]),
    ("away", "请假", &["不在"]),
    ("post_id", "岗位", &["岗位名称"]),
    ("number", "人数", &[]),
    ("skill", "要求技能", &[]),
    ("exposed", "有接触风险", &["接触风险"]),
    ("opens", "开始时间", &["开门时间"]),
    ("closes", "结束时间", &["关门时间"]),
    ("shift_hours", "每班小时", &[]),
    ("a", "楼栋甲", &["甲"]),
    ("b", "楼栋乙", &["乙"]),
    ("boundary", "边界", &[]),
    ("community_id", "社区", &["小区", "社区编码", "小区编码", "社区名称", "小区名称"]),
    ("building", "楼栋", &["楼号", "楼栋号"]),
    ("x_m", "横坐标", &["横坐标(米)"]),
    ("y_m", "纵坐标", &["纵坐标(米)"]),
    ("lon", "经度", &[]),
    ("lat", "纬度", &[]),
    ("type", "类型", &[]),
    ("households", "户数", &[]),
    ("grid", "网格", &[]),
    ("staff_id", "人员姓名", &["干部"]),
    ("need", "需要人数", &[]),
    ("minimum", "最少人数", &[]),
    ("unit_id", "单位", &["单位名称"]),
    ("staff", "单位人数", &[]),
    ("place_id", "包保小区", &["包保点"]),
    ("stop_id", "门牌", &["停靠点", "地址"]),
    ("unit", "单元", &["单元号"]),
    ("floor", "楼层", &[]),
    ("team_id", "带队人", &["队伍", "队长"]),
    ("minutes", "停留分钟", &[]),
    ("load", "件数", &[]),
    ("vehicle_id", "司机", &["驾驶员"]),
    ("room", "装载量", &[]),
    ("from", "出车时间", &[]),
    ("until", "收车时间", &[]),
    ("km_h", "时速", &[]),
];

/// Words that mean another column in one list than in the others: of a list of drivers the names are those of drivers.
const IN_LIST: [(&str, &str, &str); 9] = [
    ("people", "人员姓名", "person_id"),
    ("staff", "姓名", "staff_id"),
    ("staff", "人员", "staff_id"),
    ("teams", "姓名", "team_id"),
    ("teams", "网格员", "team_id"),
    ("vehicles", "姓名", "vehicle_id"),
    ("places", "小区", "place_id"),
    ("places", "小区名称", "place_id"),
    ("places", "社区", "place_id"),
];

/// A kind of columns, one for each role or risk, by how their names begin.
const PREFIXES: [(&str, &str); 3] = [("need_", "需要_"), ("duty_", "值守_"), ("risk_", "风险_")];

const WORDS: [(&str, &str); 7] = [
    ("不值夜班", "no_nights"),
    ("不接触", "no_exposure"),
    ("相通", "open"),
    ("门", "gate"),
    ("围墙", "wall"),
    ("保留", "kept"),
    ("是", "yes"),
];

/// The name of the column under a heading; a heading that is no Chinese word for one is its own name.
#[must_use]
pub fn column(heading: &str) -> String {
    let heading: String = plain(heading).split_whitespace().collect();
    if let Some((name, ..)) =
        COLUMNS.iter().find(|(_, shown, others)| heading == *shown || others.contains(&heading.as_str()))
    {
        return (*name).to_owned();
    }
    PREFIXES
        .iter()
        .find_map(|(name, word)| heading.strip_prefix(word).map(|rest| format!("{name}{rest}")))
        .unwrap_or_else(|| heading.to_lowercase())
}

/// As [`column`], in a list of this name.
#[must_use]
pub fn column_in(list: &str, heading: &str) -> String {
    let plainly: String = plain(heading).split_whitespace().collect();
    let here = IN_LIST.iter().find(|(in_list, word, _)| *in_list == list && *word == plainly);
    here.map_or_else(|| column(heading), |(.., name)| (*name).to_owned())
}

/// The Chinese heading of a column; a name without one is its own.
#[must_use]
pub fn title(name: &str) -> String {
    if let Some((_, word, _)) = COLUMNS.iter().find(|(known, ..)| *known == name) {
        return (*word).to_owned();
    }
    let begins = |(begin, word): &(&str, &str)| name.strip_prefix(*begin).map(|rest| format!("{word}{rest}"));
    PREFIXES.iter().find_map(begins).unwrap_or_else(|| name.to_owned())
}

/// A column as a reader of Chinese is told of it: both words.
#[must_use]
pub fn shown(name: &str) -> Cow<'_, str> {
    match COLUMNS.iter().find(|(known, ..)| *known == name) {
        Some((_, word, _)) => format!("{word}（{name}）").into(),
        None => name.into(),
    }
}

/// Every word that is read, in both languages, for whoever writes a list.
#[must_use]
pub fn known() -> String {
    let columns = COLUMNS.iter().map(|(name, word, _)| format!("{word} {name}"));
    let prefixes = PREFIXES.iter().map(|(name, word)| format!("{word}… {name}…"));
    let words = WORDS.iter().map(|(word, name)| format!("{word} {name}"));
    let joined = |parts: &mut dyn Iterator<Item = String>| parts.collect::<Vec<_>>().join(", ");
    format!(
        "Headings / 表头: {}\nWords in cells / 表里的词: {}",
        joined(&mut columns.chain(prefixes)),
        joined(&mut { words })
    )
}

/// What a word in a cell stands for; any other word stands for itself.
#[must_use]
pub fn word(word: &str) -> &str {
    WORDS.iter().find(|(chinese, _)| *chinese == word).map_or(word, |(_, name)| name)
}

/// The duty that a limit keeps someone from: `no_transport` and 不做转运.
#[must_use]
pub fn barred(limit: &str) -> Option<&str> {
    limit.strip_prefix("no_").or_else(|| limit.strip_prefix("不做"))
}

/// A list as a reader of Chinese calls it.
#[must_use]
pub fn list(file: &str) -> &str {
    match file {
        "people" | "staff" => "人员表",
        "posts" => "岗位表",
        "adjacency" => "相邻表",
        "buildings" => "楼栋表",
        "communities" => "社区表",
        "units" => "单位表",
        "places" => "小区表",
        "stops" => "停靠点表",
        "teams" => "队伍表",
        "vehicles" => "车辆表",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_word_means_one_column_and_english_headings_mean_themselves() {
        let mut known = HashSet::new();
        for (name, shown, others) in COLUMNS {
            assert_eq!(column(name), name);
            for heading in [shown].iter().chain(others) {
                assert_eq!(column(heading), name);
                assert!(known.insert(*heading), "{heading}");
            }
        }
        assert_eq!(column("需要_护士"), "need_护士");
        assert_eq!(
            (title("need_护士"), title("x_m"), title("other")),
            ("需要_护士".into(), "横坐标".into(), "other".into())
        );
        assert_eq!((column("姓名"), column_in("people", "姓名")), ("person_id".into(), "person_id".into()));
        for (list, heading, name) in IN_LIST {
            assert_eq!(column_in(list, heading), name);
            assert_ne!(column(heading), name, "it means so everywhere: {heading}");
        }
        assert_eq!(column(" 姓 名 "), "person_id");
        assert_eq!(
            (barred("不做转运"), barred("no_nights"), barred("夜班")),
            (Some("转运"), Some("nights"), None)
        );
    }
}
