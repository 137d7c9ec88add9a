//! What common headings of lists are taken for, and which are taken for nothing.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use intake::roster::look_at_roster;
use intake::{Column, Table};

/// What is guessed of a list with this one heading beside one that nobody knows.
fn guessed(heading: &str) -> Option<Column> {
    let sheet = format!("\"{heading}\",无名栏\n甲,乙\n");
    let look = look_at_roster(&mut Table::from_bytes(sheet.into_bytes()).unwrap()).unwrap();
    look.mapping.columns.first().map(|(column, _)| *column)
}

#[test]
fn common_headings_are_known() {
    let known: [(Column, &[&str]); 12] = [
        (
            Column::Building,
            &[
                "楼栋",
                "楼号",
                "楼栋号",
                "栋号",
                "幢",
                "楼栋编号",
                "楼栋名称",
                "楼宇",
                "座号",
                "几栋",
                "几号楼",
                "所在楼栋",
                "楼 号",
            ],
        ),
        (Column::Unit, &["单元", "单元号", "单元门", "几单元", "门洞号", "楼门号", "梯号", "所在单元"]),
        (
            Column::Room,
            &[
                "门牌",
                "门牌号",
                "门牌号码",
                "室号",
                "房号",
                "房间号",
                "房间号码",
                "房门号",
                "房屋门牌号",
                "户号",
                "房号/室号",
            ],
        ),
        // A whole address stands in for the room.
        (
            Column::Room,
            &[
                "现居住地",
                "现住地址",
                "实际居住地址",
                "家庭地址",
                "详细住址",
                "房屋坐落",
                "楼栋/单元/房号",
                "楼栋房号",
                "楼号-房号",
            ],
        ),
        (Column::Name, &["姓名", "姓  名", "姓名*", "居住人姓名", "家庭成员姓名", "本人姓名", "租户姓名"]),
        // The head of a household or who owns the flat, where there is no name.
        (Column::Name, &["户主", "户主姓名", "业主姓名", "住户"]),
        (Column::Sex, &["性别", "性 别", "性别（男/女）", "男/女"]),
        (Column::BirthDate, &["出生日期", "出生年月", "出生年月（如1980-01-02）", "出生"]),
        (
            Column::IdNumber,
            &[
                "身份证号码",
                "公民身份号码",
                "公民身份证号",
                "有效证件号码",
                "身份证号/证件号",
                "身份证件号",
                "居民身份证",
            ],
        ),
        (
            Column::Phone,
            &[
                "联系方式",
                "联系电话",
                "手机号码",
                "手机/电话",
                "电话/手机",
                "联系手机",
                "联系电话号码",
                "本人手机号",
                "常用联系电话",
            ],
        ),
        (Column::Relation, &["与户主关系", "同户主关系", "家庭成员关系", "称谓", "与业主关系"]),
        (Column::OtherDocument, &["护照/通行证号", "台胞证号", "境外证件号码"]),
    ];
    for (column, headings) in known {
        for heading in headings {
            let found = guessed(heading);
            assert_eq!(found, Some(column), "{heading}");
        }
    }
    assert_eq!(guessed("所属网格编码"), Some(Column::AreaCode));
    assert_eq!(guessed("房屋使用性质"), Some(Column::Place));
}

/// Where someone is registered is not where she lives, the number of another is not hers, and what a list of people has no
/// column for is told as not read.
#[test]
fn headings_that_mean_something_else_are_guessed_for_nothing() {
    for heading in [
        "户籍地",
        "户籍地址",
        "籍贯",
        "备注",
        "小区名称",
        "社区",
        "网格",
        "网格长",
        "网格号",
        "紧急联系人电话",
        "紧急联系人",
        "户主电话",
        "家庭电话",
        "单位电话",
        "工作单位",
        "证件类型",
        "证件名称",
        "房屋面积",
        "出生地",
        "年龄",
        "人数",
        "学历",
        "序号",
    ] {
        assert_eq!(guessed(heading), None, "{heading}");
    }
}

/// A sheet as a community has it: everything is guessed that a list has a column for, and the rest is named.
#[test]
fn a_communitys_sheet_is_read_without_a_word() {
    let sheet = "序号,小区名称,楼栋号,单元号,门牌号,户主姓名,姓名,与户主关系,公民身份号码,出生年月,性别,手机号码,户籍地,备注\n\
        1,桃源,3栋,2单元,402,王东军,王东军,户主,,1970-01-01,男,10013800001,某地,\n";
    let look = look_at_roster(&mut Table::from_bytes(sheet.into()).unwrap()).unwrap();
    let mut found: Vec<(Column, usize)> = look.mapping.columns;
    found.sort_by_key(|(_, place)| *place);
    let expected = [
        (Column::Building, 2),
        (Column::Unit, 3),
        (Column::Room, 4),
        (Column::Name, 6),
        (Column::Relation, 7),
        (Column::IdNumber, 8),
        (Column::BirthDate, 9),
        (Column::Sex, 10),
        (Column::Phone, 11),
    ];
    assert_eq!(found, expected);
}
