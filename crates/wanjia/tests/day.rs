//! Whole days through the command line: a messy roster, a sweep, a reconcile, an erasure, a damaged directory, a kill.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;

const AREAS: &str = "code,name,level,parent_code
420102001001,桃源社区,community,420102001
420102001,大智街道,township,420102
420102,江岸区,county,4201
42,湖北省,province,
4201,武汉市,city,42
420102001002,兰陵社区,community,420102001
";

const ROSTER: &str = "2020年人员花名册,,,,,,,,,
楼栋,小区编码,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系
3栋,420102001001,2单元,402,王东军,男,1970-01-01,,10013800001,户主
3栋,420102001001,2单元,402,李梅,女,1972/3/4,,10013800002,配偶
3,420102001001,2,501,张三丰,男,,,10013900003,户主
３,420102001001,2,502,周伯通,男,1950-05-05,,,户主
1,420102001002,1,101,黄蓉,女,1990-09-09,,10013700004,户主
1,420102001002,1,102,郭靖,男,1988-08-08,,10013700005,户主
1,999,1,102,欧阳锋,男,1988-08-08,,,户主
1,420102001002,1,103,洪七公,男,1988-02-30,,,户主
合计,,,,8人,,,,,
";

const VISITS: &str = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note
420102001001,3,2,402,2020-02-17T19:00:00+08:00,met,on,W1,,
420102001001,3,2,501,2020-02-17 19:05,no_answer,off,W1,2020-02-18,
420102001001,3,2,502,2020-02-17T19:07:00+08:00,away,unknown,W1,2020-02-20,回老家
420102001001,3,2,601,2020-02-17T19:09:00+08:00,no_answer,on,W1,,
420102001002,1,1,101,2020-02-17T19:10:00+08:00,refused,on,W2,,
";

const PERSONS: &str = "area_code,building,unit,room,at,name,sex,birth_date,id_number,phone
420102001001,3,2,402,2020-02-17T19:00:00+08:00,王东军,男,,,
420102001001,3,2,402,2020-02-17T19:00:00+08:00,陌生人,女,,,10013500009
420102001001,3,2,402,2020-02-17T19:01:00+08:00,郭靖,男,1988-08-08,,10013700005
";

struct Day {
    folder: tempfile::TempDir,
}

impl Day {
    fn new() -> Self {
        let day = Self { folder: tempfile::tempdir().unwrap() };
        for (name, text) in
            [("areas.csv", AREAS), ("roster.csv", ROSTER), ("visits.csv", VISITS), ("persons.csv", PERSONS)]
        {
            fs::write(day.path(name), text).unwrap();
        }
        day
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wanjia"));
        command.current_dir(self.folder.path()).args(line.split_whitespace()).env_remove("WANJIA_KEY");
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs a command that must end with `code`, and gives what it printed.
    fn expect(&self, code: i32, line: &str) -> String {
        let output = self.run(line);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{line}\n{out}\n{err}");
        format!("{out}{err}")
    }

    fn open(&self) -> String {
        self.expect(0, "init --data d");
        self.expect(0, "import areas --data d areas.csv");
        self.expect(1, "import roster --data d --source register --rejects rejects.csv roster.csv");
        let line =
            "sweep open --data d --area 420102 --programme epidemic --deadline 2020-02-19T23:59:59+08:00";
        self.expect(0, line).lines().next().unwrap().to_owned()
    }

    fn swept(&self) -> String {
        let sweep = self.open();
        self.expect(0, &format!("import visits --data d --sweep {sweep} --persons persons.csv visits.csv"));
        sweep
    }

    fn coverage(&self, sweep: &str) -> serde_json::Value {
        serde_json::from_str(&self.expect(0, &format!("coverage --data d --sweep {sweep} --json"))).unwrap()
    }

    /// `name -> (kind, task, due)` of the reconcile.
    fn reconcile(&self, sweep: &str) -> BTreeMap<String, (String, String, String)> {
        self.expect(0, &format!("reconcile --data d --sweep {sweep} --csv reconcile.csv"));
        let mut lines = BTreeMap::new();
        for row in csv::Reader::from_path(self.path("reconcile.csv")).unwrap().records() {
            let row = row.unwrap();
            let who = if row[6].is_empty() {
                format!("{}-{}-{}", &row[3], &row[4], &row[5])
            } else {
                row[6].into()
            };
            assert!(lines.insert(who, (row[0].into(), row[7].into(), row[8].into())).is_none());
        }
        lines
    }

    fn person(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path("reconcile.csv")).unwrap();
        let line = text.lines().find(|line| line.contains(name)).unwrap();
        line.split(',').nth(1).unwrap().to_owned()
    }
}

const SEEN_HEAD: &str = "area_code,building,unit,room,at,name,sex,birth_date,id_number,phone\n";

/// What is due is counted from the visit, so that a slip of the year would move it out of sight.
#[test]
fn a_visit_on_a_day_to_come_is_refused_and_its_door_stays_unreached() {
    let day = Day::new();
    let sweep = day.open();
    let rows = "420102001001,3,2,402,2999-02-17T19:00:00+08:00,met,on,W1,,\n\
                420102001001,9,9,999,2999-02-17T19:00:00+08:00,met,on,W1,,\n";
    let seen = "420102001001,3,2,402,2999-02-17T19:00:00+08:00,王东军,男,,,\n";
    let heads = ["area_code,building,unit,room,at,outcome,light,worker,recheck_on,note\n", SEEN_HEAD];
    fs::write(day.path("to-come.csv"), format!("{}{rows}", heads[0])).unwrap();
    fs::write(day.path("seen-to-come.csv"), format!("{}{seen}", heads[1])).unwrap();
    let (before, told) = (
        day.coverage(&sweep),
        day.expect(
            1,
            &format!(
                "import visits --data d --sweep {sweep} --persons seen-to-come.csv --rejects left.csv to-come.csv"
            ),
        ),
    );
    assert_eq!(day.coverage(&sweep), before, "{told}");
    let left = fs::read_to_string(day.path("left.csv")).unwrap();
    assert!(left.lines().filter(|line| line.contains("在今天之后")).count() == 2, "{left}");
}

/// A mistyped year, or last year's sheet, would make a door reached that nobody went to.
#[test]
fn a_visit_long_before_its_sweep_is_refused_and_one_typed_late_is_told() {
    let day = Day::new();
    let sweep = day.open();
    let before = day.coverage(&sweep);
    let rows = "420102001001,3,2,402,1999-02-17T19:00:00+08:00,met,on,W1,,\n\
                420102001001,9,9,999,2019-02-17T19:00:00+08:00,met,on,W1,,\n";
    let head = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note\n";
    fs::write(day.path("old.csv"), format!("{head}{rows}")).unwrap();
    let told = day.expect(1, &format!("import visits --data d --sweep {sweep} old.csv"));
    assert!(told.contains("31 days before the sweep") && told.contains("核对年份"), "{told}");
    assert_eq!(day.coverage(&sweep), before);
    let told = day.expect(0, &format!("import visits --data d --sweep {sweep} visits.csv"));
    assert!(told.contains("dated before the sweep was opened"), "{told}");
}

/// Mending two rows and importing the whole sheet again is the ordinary course.
#[test]
fn the_same_sheet_again_adds_no_fact() {
    let day = Day::new();
    let sweep = day.swept();
    let facts =
        || day.expect(0, "verify --data d").lines().find(|line| line.starts_with("root ")).map(str::to_owned);
    let (before, coverage) = (facts(), day.coverage(&sweep));
    let again =
        day.expect(0, &format!("import visits --data d --sweep {sweep} --persons persons.csv visits.csv"));
    assert!(again.contains("visits 0 persons 0"), "{again}");
    assert_eq!((facts(), day.coverage(&sweep)), (before, coverage));
}

#[test]
fn an_absence_without_a_day_to_come_back_is_told() {
    let day = Day::new();
    let sweep = day.open();
    let row = "420102001001,3,2,402,2020-02-17T19:00:00+08:00,away,off,W1,,\n";
    let head = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note\n";
    fs::write(day.path("away.csv"), format!("{head}{row}")).unwrap();
    let told = day.expect(0, &format!("import visits --data d --sweep {sweep} away.csv"));
    assert!(told.contains("[recheck_on]") && told.contains("仍算没有走到"), "{told}");
}

/// What was said once of a sheet's headings is not asked for the next with the same, and stays behind where it was only tried.
#[test]
fn columns_that_were_told_are_known_for_the_next_sheet() {
    let day = Day::new();
    day.open();
    let head = "住哪栋,几零几,叫什么\n";
    fs::write(day.path("one.csv"), format!("{head}3栋,601,赵云\n")).unwrap();
    fs::write(day.path("two.csv"), format!("{head}3栋,602,马超\n")).unwrap();
    let map = "--area 420102001001 --map A=building --map B=room --map C=name";
    day.expect(0, &format!("import roster --data d --dry-run {map} one.csv"));
    day.expect(2, "import roster --data d --area 420102001001 two.csv");
    day.expect(0, &format!("import roster --data d {map} one.csv"));
    let told = day.expect(0, "import roster --data d --area 420102001001 two.csv");
    assert!(told.contains("added 1 ") && told.contains("列按上次对这样的表头说的读"), "{told}");
    // A refused row comes back with three columns before it, which are no one's questions.
    fs::write(day.path("three.csv"), format!("{head}3栋,,黄忠\n")).unwrap();
    let refused = day.expect(1, "import roster --data d --area 420102001001 --rejects again.csv three.csv");
    assert!(refused.contains("refused 1"), "{refused}");
    let mended = fs::read_to_string(day.path("again.csv")).unwrap().replace("3栋,,黄忠", "3栋,603,黄忠");
    fs::write(day.path("again.csv"), mended).unwrap();
    let told = day.expect(0, "import roster --data d --area 420102001001 again.csv");
    assert!(told.contains("added 1 ") && !told.contains("原因"), "{told}");
}

#[test]
fn a_messy_roster_becomes_the_list_of_the_unreached() {
    let day = Day::new();
    let sweep = day.open();
    let rejects = fs::read_to_string(day.path("rejects.csv")).unwrap();
    assert!(
        rejects.contains("欧阳锋") && rejects.contains("洪七公") && !rejects.contains("王东军"),
        "{rejects}"
    );

    let preview = day.expect(1, "import roster --data d --source register --dry-run roster.csv");
    assert!(preview.contains("added 0 changed 0 left 6 refused 2"), "{preview}");
    assert_eq!(day.coverage(&sweep)["residual"], 5);

    day.expect(0, &format!("import visits --data d --sweep {sweep} --persons persons.csv visits.csv"));
    let coverage = day.coverage(&sweep);
    for (name, value) in [
        ("dwellings", 6),
        ("accounted", 2),
        ("residual", 4),
        ("persons_listed", 6),
        ("persons_reached", 2),
        ("lit_unlisted", 2),
        ("listed_dark", 2),
    ] {
        assert_eq!(coverage[name], value, "{name} of {coverage}");
    }
    day.expect(0, &format!("residual --data d --sweep {sweep} --csv residual.csv"));
    assert_eq!(
        fs::read_to_string(day.path("residual.csv")).unwrap(),
        "area_code,building,unit,room,reason\n\
         420102001001,3,2,601,no_answer\n\
         420102001001,3,2,501,no_answer\n\
         420102001002,1,1,101,refused_unsigned\n\
         420102001002,1,1,102,never_visited\n"
    );
    let lines = day.reconcile(&sweep);
    let line = |who: &str| {
        let (kind, task, due) = &lines[who];
        (kind.as_str(), task.as_str(), due.as_str())
    };
    assert_eq!(line("王东军"), ("confirmed", "", ""));
    assert_eq!(line("李梅"), ("listed_dark", "phone", "2020-02-18T07:00:00+08:00"));
    assert_eq!(line("张三丰").0, "listed_dark");
    assert_eq!(line("周伯通"), ("away", "recheck", "2020-02-20"));
    assert_eq!(line("郭靖").0, "moved");
    assert_eq!(line("黄蓉").0, "unresolved");
    assert_eq!(line("陌生人"), ("lit_unlisted", "register", "2020-02-17T23:59:59+08:00"));
    assert_eq!(line("3-2-601").0, "lit_unlisted");
    assert_eq!(lines.len(), 8);

    let refused = day.expect(2, &format!("sweep close --data d --sweep {sweep}"));
    assert!(refused.contains("4 dwellings are not reached"), "{refused}");
    let sign =
        format!("sweep sign --data d --sweep {sweep} --area 420102001002 --building 1 --unit 1 --room");
    let signed = day.expect(0, &format!("{sign} 101"));
    assert!(signed.contains("420102001002 1-1-101") && signed.contains("签字"), "{signed}");
    day.expect(2, &format!("{sign} 102"));
    assert_eq!(day.coverage(&sweep)["residual"], 3);
    let closed = day.expect(0, &format!("sweep close --data d --sweep {sweep} --sign-all"));
    assert!(closed.contains("3 dwellings signed for") && closed.contains("为 3 户签了字"), "{closed}");
    day.expect(2, &format!("import visits --data d --sweep {sweep} visits.csv"));
    day.expect(0, "verify --data d");
    day.expect(0, "rebuild --data d --check");
    day.expect(0, "rebuild --data d");
    day.expect(0, "verify --data d");
}

#[test]
fn what_is_refused_changes_nothing_and_says_what_to_do() {
    let day = Day::new();
    let told = day.expect(2, "coverage --data nowhere --sweep 0");
    assert!(told.contains("wanjia init") && told.contains("没有万家的数据"), "{told}");
    let sweep = day.swept();
    let before = day.coverage(&sweep);
    day.expect(2, "init --data d");
    fs::write(day.path("wrong.csv"), "甲,乙\n1,2\n").unwrap();
    let told = day.expect(2, "import roster --data d wrong.csv");
    assert!(told.contains("姓名"), "{told}");
    fs::write(day.path("empty.csv"), "").unwrap();
    day.expect(2, "import roster --data d empty.csv");
    day.expect(2, "import roster --data d missing.csv");
    day.expect(2, &format!("coverage --data d --sweep {sweep} --area 42"));
    day.expect(2, "sweep open --data d --area 420102 --programme epidemic --deadline tomorrow");
    let told =
        day.expect(0, "sweep open --data d --area 420102 --programme second --deadline 2020-02-19T00:00:00Z");
    assert!(told.contains("the deadline is past") && told.contains("截止时间已过"), "{told}");
    let beside = [
        "another sweep is still open on these doors: epidemic on 420102",
        "这里还有一次排查没有结束：epidemic",
        &sweep.to_string(),
    ];
    assert!(beside.iter().all(|part| told.contains(part)), "{told}");
    fs::copy(day.path("d.key"), day.path("mine.key")).unwrap();
    fs::remove_file(day.path("d.key")).unwrap();
    let told = day.expect(2, "import roster --data d roster.csv");
    assert!(told.contains("--key") && told.contains("WANJIA_KEY"), "{told}");
    day.expect(0, "verify --data d");
    day.expect(1, "import roster --data d --source register --key mine.key roster.csv");
    assert_eq!(day.coverage(&sweep), before);
}

#[test]
fn of_two_files_each_refusal_says_which_and_what_is_not_read_is_named() {
    let day = Day::new();
    let sweep = day.open();
    fs::write(
        day.path("visits.csv"),
        VISITS.replace("recheck_on,note", "recheck_on,weather").replace("W1,,", "W1,,rain"),
    )
    .unwrap();
    let unknown = PERSONS.replace("420102001001,3,2,402,2020-02-17T19:01", "999,3,2,402,2020-02-17T19:01");
    fs::write(day.path("persons.csv"), unknown.replace("10013500009", "10O13500009")).unwrap();
    let line = format!("import visits --data d --sweep {sweep} --persons persons.csv visits.csv");
    let told = day.expect(1, &line);
    for text in [
        "visits.csv: column \"weather\" means nothing here and is ignored",
        "不认识“weather”这一列",
        "persons.csv: row 4: area_code 999 is not known",
        "第4行：小区编码 999",
        "persons.csv: row 3: ",
        "the value was left out [phone]",
    ] {
        assert!(told.contains(text), "{text:?} in\n{told}");
    }
    assert!(!told.contains("10O13500009"), "{told}");
}

#[test]
fn the_same_id_number_twice_is_refused_by_row() {
    let day = Day::new();
    day.expect(0, "init --data d");
    day.expect(0, "import areas --data d areas.csv");
    let row = |room: u32, name: &str| format!("420102001001,1,1,{room},{name},男,,990001197001010018,,\n");
    let header = "area_code,building,unit,room,name,sex,birth_date,id_number,phone,relation\n";
    let check = |number: &str| {
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 =
            number.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        format!("{number}{}", char::from("10X98765432".as_bytes()[sum as usize % 11]))
    };
    let valid = check("99000119700101001");
    let text = format!("{header}{}{}", row(101, "甲"), row(102, "乙")).replace("990001197001010018", &valid);
    fs::write(day.path("twice.csv"), text).unwrap();
    let told = day.expect(1, "import roster --data d twice.csv");
    assert!(told.contains("row 3") && told.contains("same as in row 2") && told.contains("第3行"), "{told}");
    assert!(told.contains("added 1"), "{told}");
    assert!(!told.contains(&valid), "no message may hold the number");
}

#[test]
fn a_sheet_whose_headings_mean_nothing_is_imported_by_saying_its_columns() {
    let day = Day::new();
    day.expect(0, "init --data d");
    day.expect(0, "import areas --data d areas.csv");
    fs::write(day.path("messy.csv"), "居民情况,,\n\n住哪栋,几零几,叫什么\n1栋,101,赵云\n").unwrap();
    let told = day.expect(2, "import roster --data d messy.csv");
    assert!(told.contains("--map COLUMN=FIELD") && told.contains("--area 编码"), "{told}");
    let mapped = "--area 420102001001 --map 住哪栋=building --map B=room --map C=name";
    let told = day.expect(0, &format!("import roster --data d {mapped} messy.csv"));
    assert!(told.contains("added 1") && told.contains("doors 1"), "{told}");
    let told = day.expect(2, &format!("import roster --data d {mapped} --map 门牌=room messy.csv"));
    assert!(told.contains("住哪栋、几零几、叫什么"), "{told}");
    fs::write(day.path("once.csv"), "楼栋,房号,姓名\n9栋,101,赵云\n,102,马超\n").unwrap();
    let list = "import roster --data d --area 420102001001";
    let told = day.expect(0, &format!("{list} --dry-run --fill-down 楼栋 once.csv"));
    assert!(told.contains("1 rows: building was blank") && told.contains("1 行的“楼栋”空着"), "{told}");
    let told = day.expect(0, &format!("{list} --fill-down building once.csv"));
    assert!(told.contains("new: 1 buildings"), "{told}");
    // It is kept for the next list with these headings.
    let told = day.expect(0, &format!("{list} once.csv"));
    assert!(told.contains("left 2") && told.contains("1 行的“楼栋”空着"), "{told}");
    let told = day.expect(2, &format!("{list} --fill-down name once.csv"));
    assert!(
        told.contains("only these are taken from the row above: area_code, building, unit, room"),
        "{told}"
    );
}

#[test]
fn a_row_tells_all_its_mistakes_and_a_mistake_of_many_rows_is_told_once() {
    let day = Day::new();
    day.expect(0, "init --data d");
    day.expect(0, "import areas --data d areas.csv");
    let header = "小区编码,楼栋,单元,房号,姓名,出生日期,电话\n";
    let wrong: String = (101..160).map(|room| format!("999,1,1,{room},甲{room},,\n")).collect();
    let bad = "420102001001,1,1,101,乙,1980-02-30,12\n小计,,,,,,\n合计：60 人,,,,,,\n";
    fs::write(day.path("list.csv"), format!("{header}{wrong}{bad}")).unwrap();
    let told = day.expect(1, "import roster --data d list.csv");
    assert_eq!(
        told.matches("area_code 999 is not known").count(),
        2,
        "once, and once for all others: {told}"
    );
    assert!(told.contains("58 more rows: area_code 999 is not known"), "{told}");
    let both = told.lines().find(|line| line.contains("row 61: ")).unwrap();
    assert!(both.contains("birth_date") && both.contains("phone"), "{both}");
    assert!(told.contains("added 0 changed 0 left 0 refused 60 skipped 2"), "{told}");
}

#[test]
fn whoever_is_missing_from_a_later_list_is_told_and_stays_listed() {
    let day = Day::new();
    day.expect(0, "init --data d");
    day.expect(0, "import areas --data d areas.csv");
    let header = "area_code,building,unit,room,name,birth_date\n";
    let row = |room: u32, name: &str| format!("420102001001,1,1,{room},{name},1980-01-01\n");
    let write = |rows: &[(u32, &str)]| {
        let rows: String = rows.iter().map(|(room, name)| row(*room, name)).collect();
        fs::write(day.path("list.csv"), format!("{header}{rows}")).unwrap();
    };
    write(&[(101, "甲"), (102, "乙"), (103, "丙")]);
    let first = day.expect(0, "import roster --data d --source property list.csv");
    assert!(!first.contains("仍在册"), "{first}");
    write(&[(101, "甲"), (104, "丁")]);
    let other = day.expect(0, "import roster --data d --dry-run --source register list.csv");
    assert!(!other.contains("仍在册"), "another source tells nothing of this one: {other}");
    for (dry_run, added) in [("--dry-run ", 1), ("", 1), ("", 0)] {
        let told = day.expect(0, &format!("import roster --data d {dry_run}--source property list.csv"));
        assert!(told.contains(&format!("added {added}")) && told.contains("有效行里没有的：2 人"), "{told}");
        assert!(told.contains("名单上没有了：桃源社区1栋1单元103（"), "{told}");
    }
    write(&[(102, "乙"), (103, "丙"), (101, "甲"), (104, "丁")]);
    let back = day.expect(0, "import roster --data d --source property list.csv");
    assert!(back.contains("added 0 changed 0 left 4") && !back.contains("仍在册"), "{back}");
}

#[test]
fn a_list_under_another_communitys_code_is_told_before_it_is_written() {
    let day = Day::new();
    day.expect(0, "init --data d");
    day.expect(0, "import areas --data d areas.csv");
    let header = "area_code,building,unit,room,name,birth_date\n";
    let rows: String =
        (101..105).map(|room| format!("420102001001,1,1,{room},甲{room},1980-01-01\n")).collect();
    fs::write(day.path("list.csv"), format!("{header}{rows}")).unwrap();
    let first = day.expect(0, "import roster --data d list.csv");
    assert!(first.contains("420102001001 桃源社区: added 4") && !first.contains("请核对"), "{first}");
    let wrong = rows.replace("420102001001", "420102001002");
    fs::write(day.path("list.csv"), format!("{header}{wrong}")).unwrap();
    let told = day.expect(0, "import roster --data d --dry-run list.csv");
    assert!(told.contains("420102001002 兰陵社区: added 4"), "{told}");
    assert!(told.contains("名单上有 4 人在 420102001001 桃源社区 在册，或可能在册"), "{told}");
    assert!(
        told.contains("请核对这份名单的小区编码") && told.contains("row 2: somebody of this name"),
        "{told}"
    );
}

/// Every byte of every file of the data directory.
fn bytes_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

#[test]
fn an_erased_person_leaves_no_byte_and_the_proof_holds() {
    let day = Day::new();
    let sweep = day.swept();
    day.reconcile(&sweep);
    let person = day.person("郭靖");
    // A backup from before the erasure: restored, it must not bring the person back.
    let backup = day.path("backup");
    fs::create_dir(&backup).unwrap();
    for (path, bytes) in bytes_of(&day.path("d")) {
        fs::write(backup.join(path.file_name().unwrap()), bytes).unwrap();
    }
    let id: domain::id::Id = person.parse().unwrap();
    let held = |file: &str| {
        let keys = Connection::open(day.path("d").join(file)).unwrap();
        let table = if file.starts_with("keys") { "data_key" } else { "content" };
        keys.query_row(&format!("select count(*) from {table} where owner = ?1"), [id.0], |row| {
            row.get::<_, i64>(0)
        })
        .unwrap()
    };
    assert_eq!((held("keys-main.db"), held("vault-main.db")), (1, 1));
    let tags = |day: &Day| -> i64 {
        let keys = Connection::open(day.path("d/keys-main.db")).unwrap();
        keys.query_row("select count(*) from tag", [], |row| row.get(0)).unwrap()
    };
    let before = tags(&day);

    day.expect(0, &format!("erase --data d --person {person}"));
    day.expect(0, "verify --data d");
    assert_eq!((held("keys-main.db"), held("vault-main.db")), (0, 0));
    assert_eq!(tags(&day), before - 1);
    assert!(!day.reconcile(&sweep).contains_key("郭靖"));
    for (path, bytes) in bytes_of(&day.path("d")) {
        for trace in ["郭靖", "10013700005"] {
            assert!(
                !bytes.windows(trace.len()).any(|window| window == trace.as_bytes()),
                "{trace} in {path:?}"
            );
        }
    }
    let facts = day.expect(0, "verify --data d");
    let again = day.expect(0, &format!("erase --data d --person {person}"));
    assert!(again.contains("erased 0") && again.contains("早已删除"), "{again}");
    assert_eq!(facts.lines().nth(1), day.expect(0, "verify --data d").lines().nth(1), "the root is the same");
    day.expect(2, "erase --data d --person 00000000-0000-0000-0000-000000000000");

    fs::remove_dir_all(day.path("d")).unwrap();
    fs::rename(&backup, day.path("d")).unwrap();
    // Any opening for writing replays what the backup has not heard of.
    day.expect(1, "import roster --data d --source register --dry-run roster.csv");
    assert_eq!((held("keys-main.db"), held("vault-main.db")), (0, 0));
    assert!(!day.reconcile(&sweep).contains_key("郭靖"));
    day.expect(0, "verify --data d");
}

/// Runs SQL against a copy of the territory's files and expects `verify` to name something.
fn damaged(day: &Day, name: &str, file: &str, sql: &str) -> String {
    let copy = day.path(name);
    fs::create_dir(&copy).unwrap();
    for (path, bytes) in bytes_of(&day.path("d")) {
        fs::write(copy.join(path.file_name().unwrap()), bytes).unwrap();
    }
    Connection::open(copy.join(file)).unwrap().execute_batch(sql).unwrap();
    day.expect(2, &format!("verify --data {name}"))
}

fn bytes_of_fact(day: &Day, position: i64) -> Vec<u8> {
    let territory = Connection::open(day.path("d/territory-main.db")).unwrap();
    territory.query_row("select fact from facts where position = ?1", [position], |row| row.get(0)).unwrap()
}

#[test]
fn verify_names_the_first_bad_entry() {
    let day = Day::new();
    day.swept();
    day.expect(0, "verify --data d");
    let territory = "territory-main.db";
    let cases = [
        ("text", "update facts set fact = cast(fact as text) where position = 12", "12"),
        ("zeroes", "update facts set fact = zeroblob(length(fact)) where position = 12", "12"),
        ("another", "update facts set fact = (select fact from facts where position = 11) where position = 12", "12"),
        ("dropped", "delete from facts where position = 12", "12"),
        (
            "swapped",
            "update facts set position = -1 where position = 12; update facts set position = 12 where position = 13;
             update facts set position = 13 where position = -1",
            "12",
        ),
        ("tail", "delete from facts where position = (select max(position) from facts)", ""),
        (
            "fork",
            "insert into facts select max(position) + 1, series, 5, received_at, verdict,
                (select fact from facts where position = 5) from facts",
            "",
        ),
        ("received", "update facts set received_at = received_at + 1 where position = 9", "9"),
        ("view", "update tally set accounted = accounted + 1", "tally"),
        ("round", "update round set outcome = 0 where outcome = 2", "round"),
        ("node", "update nodes set hashes = zeroblob(length(hashes)) where first = 0", "0"),
        ("head", "update series set signature = zeroblob(64)", ""),
        (
            "signed",
            "update checkpoints set note = replace(note, substr(note, -20), 'AAAAAAAAAAAAAAAAAAA' || char(10))
             where size = (select max(size) from checkpoints)",
            "",
        ),
        ("shrunk", "update series set next = next - 1", ""),
    ];
    for (name, sql, names) in cases {
        let told = damaged(&day, name, territory, sql);
        assert!(told.contains(names), "{name}: {told}");
    }
    // One byte of one fact, wherever in it.
    let original = bytes_of_fact(&day, 12);
    for place in (0..original.len()).step_by(17) {
        let mut bytes = original.clone();
        bytes[place] ^= 1;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let sql = format!("update facts set fact = x'{hex}' where position = 12");
        let told = damaged(&day, &format!("byte-{place}"), territory, &sql);
        assert!(told.contains("12"), "byte {place}: {told}");
    }
    let told = damaged(&day, "vault", "vault-main.db", "update content set ciphertext = zeroblob(60)");
    assert!(told.contains("position"), "{told}");
    damaged(&day, "emptied", "vault-main.db", "delete from content");
    damaged(&day, "stuffed", "vault-main.db", "insert into content values (zeroblob(16), 999, x'00')");
}

#[test]
fn what_a_kill_left_for_facts_that_never_came_is_no_forgery_and_goes_with_the_next_opening() {
    let day = Day::new();
    day.swept();
    let facts: u64 = Connection::open(day.path("d/territory-main.db"))
        .unwrap()
        .query_row("select count(*) from facts", [], |row| row.get(0))
        .unwrap();
    // Keys are committed first and ciphertexts second: this is how both files stand before the facts' commit.
    let keys = Connection::open(day.path("d/keys-main.db")).unwrap();
    keys.execute_batch(&format!(
        "update meta set value = {0} where name = 'high_position';
         update meta set value = zeroblob(16) where name = 'last_owners';
         insert into data_key select zeroblob(16), {facts}, wrapped from data_key limit 1",
        facts + 1
    ))
    .unwrap();
    let vault = Connection::open(day.path("d/vault-main.db")).unwrap();
    vault.execute_batch(&format!("insert into content values (zeroblob(16), {facts}, x'00')")).unwrap();
    day.expect(0, "verify --data d");
    damaged(
        &day,
        "beyond",
        "vault-main.db",
        &format!("insert into content values (zeroblob(16), {}, x'00')", facts + 1),
    );
    day.expect(1, "import roster --data d --source register --dry-run roster.csv");
    let left: u64 = vault
        .query_row("select count(*) from content where position >= ?1", [facts], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
    day.expect(0, "verify --data d");
}

#[test]
fn a_kill_in_the_middle_of_an_import_loses_and_doubles_nothing() {
    let day = Day::new();
    day.expect(0, "init --data d");
    day.expect(0, "import areas --data d areas.csv");
    let city = wanjia::app::synthetic::City::new(3, 3_000, 1);
    let mut roster = Vec::new();
    let people = city.write_roster(&["420102001001".into()], &mut roster).unwrap();
    fs::write(day.path("city.csv"), roster).unwrap();
    let mut done = false;
    for kill in 0..12u32 {
        let mut child = day
            .command("import roster --data d --source city city.csv")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The moment is random because the machine is; what must hold does not depend on it.
        for _ in 0..kill * 40_000 {
            std::hint::spin_loop();
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
        child.kill().ok();
        child.wait().unwrap();
        day.expect(0, "verify --data d");
        let told = day.expect(0, "import roster --data d --source city --dry-run city.csv");
        let all = format!("added {people} changed 0 left 0");
        let none = format!("added 0 changed 0 left {people}");
        assert!(told.contains(&all) || told.contains(&none), "{told}");
        assert!(!done || told.contains(&none), "what was there is there: {told}");
        done = told.contains(&none);
    }
    let told = day.expect(0, "import roster --data d --source city city.csv");
    assert!(told.contains(&format!("{}", people)), "{told}");
    day.expect(0, "verify --data d");
}

#[test]
fn grids_are_drawn_anew_in_the_middle_of_a_sweep() {
    let day = Day::new();
    let sweep = day.swept();
    let (before, lines) = (day.coverage(&sweep), day.reconcile(&sweep));
    fs::write(
        day.path("grids.csv"),
        "code,name,level,parent_code\n420102001001001,一网格,grid,420102001001\n420102001001002,二网格,grid,420102001001\n",
    )
    .unwrap();
    day.expect(0, "import areas --data d grids.csv");
    let borders = "社区编码,楼栋,网格编码\n\
        420102001001,3栋,420102001001001\n\
        420102001001,3栋,420102001001002\n\
        420102001001,9栋,420102001001001\n\
        420102001002,1栋,420102001001001\n\
        420102001002,1栋,77\n";
    fs::write(day.path("borders.csv"), borders).unwrap();
    let tried = day.expect(1, "import grids --data d --dry-run borders.csv");
    assert!(tried.contains("moved 1 buildings (4 doors) left 0 refused 4"), "{tried}");
    for told in [
        "row 2 has this building already",
        "no door of this building",
        "does not lie within",
        "no area has the code 77",
    ] {
        assert!(tried.contains(told), "{told}: {tried}");
    }
    assert_eq!(day.coverage(&sweep), before, "a dry run changed something");
    day.expect(1, "import grids --data d --rejects left.csv borders.csv");
    assert_eq!(fs::read_to_string(day.path("left.csv")).unwrap().lines().count(), 5);
    assert_eq!(day.coverage(&sweep), before, "someone was lost or doubled");
    assert_eq!(day.reconcile(&sweep), lines);
    let grid = day.expect(0, &format!("coverage --data d --sweep {sweep} --area 420102001001001 --json"));
    let grid: serde_json::Value = serde_json::from_str(&grid).unwrap();
    assert_eq!((&grid["dwellings"], &grid["residual"]), (&4.into(), &2.into()), "{grid}");
    // A visit typed with the community's code still finds the door in its grid.
    let again = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note\n\
        420102001001,3,2,501,2020-02-18T10:00:00+08:00,met,on,W1,,\n";
    fs::write(day.path("again.csv"), again).unwrap();
    day.expect(0, &format!("import visits --data d --sweep {sweep} again.csv"));
    let after = day.coverage(&sweep);
    assert_eq!(after["dwellings"], before["dwellings"]);
    assert_eq!(after["residual"].as_i64(), before["residual"].as_i64().map(|residual| residual - 1));
    fs::write(day.path("back.csv"), "社区编码,楼栋,网格编码\n420102001001,3,420102001001\n").unwrap();
    let moved = day.expect(0, "import grids --data d back.csv");
    assert!(moved.contains("moved 1 buildings (4 doors)"), "{moved}");
    day.expect(0, "verify --data d");
    day.expect(0, "rebuild --data d --check");
}

#[test]
fn a_sheet_goes_out_on_paper_and_comes_back_typed() {
    let day = Day::new();
    let sweep = day.open();
    day.expect(0, &format!("sheet --data d --sweep {sweep} --area 420102001001 --pdf s.pdf --xlsx s.xlsx"));
    assert!(fs::read(day.path("s.pdf")).unwrap().starts_with(b"%PDF"));
    // Nobody has written on it yet: every door is passed over, and nothing changes.
    let told = day.expect(0, &format!("import visits --data d --sweep {sweep} s.xlsx"));
    assert!(told.contains("visits 0") && told.contains("refused 0"), "{told}");
    assert_eq!(day.coverage(&sweep)["dwellings"], 5);
}
