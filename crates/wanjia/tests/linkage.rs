//! Linking through the command line: what lists hold, what is wrong with them, and what is left behind.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ROSTER: &str = "person_id,姓名,性别,出生日期,身份证号,电话,社区,楼栋,单元,房号
P1,王伟,男,1980-03-05,,13800000001,幸福社区,3,2,402
P2,佴晓钧,女,1975-11-20,,13800000002,幸福社区,3,2,501
P3,欧阳娜娜,女,1990-01-15,11010519491231002X,13800000003,幸福社区,4,1,101
P4,李强,男,1966-07-07,,13800000004,桂花社区,1,1,202
P5,张敏,女,1988-12-01,,13800000005,桂花社区,2,3,303
P6,刘洋,男,2001-09-09,,13800000006,桂花社区,2,3,304
";

const SEEN: &str = "obs_id,姓名,性别,出生日期,身份证号,电话,社区,楼栋,单元,房号
O1,王玮,男,1980-05-03,,13800000001,幸福社区,3栋,2单元,402室
O2,佴晓钧,女,1975-11-20,,,桂花社区,9,1,101
O3,歐陽娜娜,女,１９９０年１月１５日,,13800000003,幸福社区,4,1,101
O4,赵云,男,1999-02-02,,13900000009,桂花社区,7,1,701
";

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.write("a.csv", ROSTER);
        desk.write("b.csv", SEEN);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wanjia"));
        command.current_dir(self.folder.path()).args(line.split_whitespace());
        command
    }

    fn run(&self, line: &str) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(line).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// Runs a command that must end well and gives its figures.
    fn figures(&self, line: &str) -> serde_json::Value {
        let (code, out, err) = self.run(line);
        assert_eq!(code, 0, "{line}\n{out}\n{err}");
        serde_json::from_str(&out).unwrap()
    }

    /// Runs a command that must be refused in both languages, and leave no output.
    fn refused(&self, line: &str, zh: &str, en: &str) {
        let (code, out, err) = self.run(line);
        assert_eq!(code, 2, "{line}\n{out}\n{err}");
        assert!(err.contains(zh) && err.contains(en), "{line}\n{err}");
        assert!(!self.path("out.csv").exists(), "{line}");
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn rows(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().skip(1).map(|line| line.split(',').collect()).collect()
}

/// The partner and band of a right row, likeliest first.
fn partner<'a>(links: &'a str, right: &str) -> Option<(&'a str, &'a str)> {
    rows(links).into_iter().find(|row| row[1] == right).map(|row| (row[0], row[3]))
}

#[test]
fn homophones_movers_and_scripts_are_found() {
    let desk = Desk::new();
    let figures = desk.figures("link --left a.csv --right b.csv --out out.csv --json --one-to-one");
    let links = desk.read("out.csv");
    assert!(links.starts_with("left_id,right_id,probability,band\n"));
    assert_eq!(partner(&links, "O1"), Some(("P1", "sure")));
    assert_eq!(partner(&links, "O2").map(|found| found.0), Some("P2"));
    assert_eq!(partner(&links, "O3"), Some(("P3", "sure")));
    assert!(partner(&links, "O4").is_none_or(|found| found.1 != "sure"));
    assert_eq!((figures["left_rows"].as_u64(), figures["right_rows"].as_u64()), (Some(6), Some(4)));
    for name in ["pairs", "peak_memory_bytes"] {
        assert!(figures[name].is_number(), "{name}");
    }
    for name in ["reading", "matching", "writing", "total"] {
        assert!(figures["seconds"][name].is_number(), "{name}");
    }
    for name in ["estimated_precision", "estimated_recall", "blocking_recall"] {
        assert!((0.0..=1.0).contains(&figures["summary"][name].as_f64().unwrap()), "{name}");
    }
}

#[test]
fn a_model_is_saved_and_used_again() {
    let desk = Desk::new();
    desk.figures("link --left a.csv --right b.csv --out out.csv --save-model model.json --json");
    desk.figures("link --left a.csv --right b.csv --out again.csv --model model.json --json");
    assert_eq!(desk.read("out.csv"), desk.read("again.csv"));
    let broken = desk.read("model.json").replace("\"version\": 1", "\"version\": 9");
    desk.write("broken.json", broken);
    fs::remove_file(desk.path("out.csv")).unwrap();
    desk.refused(
        "link --left a.csv --right b.csv --out out.csv --model broken.json",
        "模型文件有误",
        "version 9",
    );
}

#[test]
fn a_pair_is_explained_in_both_languages() {
    let desk = Desk::new();
    let (code, out, err) = desk.run("link-explain --left a.csv --right b.csv --left-id P1 --right-id O1");
    assert_eq!(code, 0, "{err}");
    for text in [
        "王伟 | 王玮",
        "同音 / same sound",
        "日月互换 / day and month exchanged",
        "同一户 / the same dwelling",
    ] {
        assert!(out.contains(text), "{text}\n{out}");
    }
    let figures = desk.figures("link-explain --left a.csv --right b.csv --left-id P1 --right-id O1 --json");
    let evidence = figures["explanation"]["evidence"].as_array().unwrap();
    let sum: f64 = evidence.iter().map(|item| item["weight"].as_f64().unwrap()).sum();
    let (prior, total) = (&figures["explanation"]["prior"], &figures["explanation"]["total"]);
    assert!((prior.as_f64().unwrap() + sum - total.as_f64().unwrap()).abs() < 1e-9);
    let (code, _, err) = desk.run("link-explain --left a.csv --right b.csv --left-id P99 --right-id O1");
    assert!(
        code == 2 && err.contains("没有编号为 P99") && err.contains("no usable row with id P99"),
        "{err}"
    );
}

#[test]
fn rows_without_an_id_are_called_by_their_number() {
    let desk = Desk::new();
    desk.write("c.csv", "姓名,电话\n,\n佴晓钧,13800000002\n李强,13800000004\n");
    let (code, out, err) = desk.run("link --left a.csv --right c.csv --out out.csv --rejects no.csv");
    assert_eq!(code, 1, "{out}{err}");
    assert_eq!(partner(&desk.read("out.csv"), "2").map(|found| found.0), Some("P2"));
    assert!(
        desk.read("no.csv").contains("c.csv,2,1,,refused,没有可用于比对的字段"),
        "{}",
        desk.read("no.csv")
    );
    let (_, out, _) = desk.run("link-explain --left a.csv --right c.csv --left-id P4 --right-id 3");
    assert!(out.contains("李强 | 李强"), "{out}");
}

#[test]
fn duplicates_are_clustered_and_one_to_one_pairs_them() {
    let desk = Desk::new();
    let thrice = "id,姓名,性别,出生日期,电话,社区,楼栋,单元,房号
1,佴晓钧,女,1975-11-20,13800000002,幸福社区,3,2,501
2,佴晓钧,女,1975-11-20,13800000002,幸福社区,3,2,501
3,佴晓钧,女,1975-11-20,13800000002,幸福社区,3,2,501
4,李强,男,1966-07-07,13800000004,桂花社区,1,1,202
";
    desk.write("d.csv", thrice);
    desk.figures("dedupe --input d.csv --out out.csv --json");
    let clusters = desk.read("out.csv");
    assert!(clusters.starts_with("id,cluster_id,probability\n"));
    let of = |text: &str| -> Vec<String> { rows(text).iter().map(|row| row[1].to_owned()).collect() };
    assert_eq!(of(&clusters), ["1", "1", "1", "4"]);
    desk.figures("dedupe --input d.csv --out pairs.csv --one-to-one --json");
    let pairs = desk.read("pairs.csv");
    let pairs = of(&pairs);
    let shared = |cluster: &String| pairs.iter().filter(|other| *other == cluster).count();
    assert_eq!(pairs.iter().filter(|cluster| shared(cluster) == 2).count(), 2, "one pair: {pairs:?}");
    assert!(pairs.iter().all(|cluster| shared(cluster) <= 2), "{pairs:?}");
}

#[test]
fn a_mapping_overrides_the_table() {
    let desk = Desk::new();
    desk.write("c.csv", "key,谁,call\nX7,佴晓钧,13800000002\n");
    desk.write("map.json", r#"{"key": "id", "谁": "name", "call": "phone"}"#);
    desk.refused(
        "link --left a.csv --right c.csv --out out.csv",
        "表头都不认识（key, 谁, call）",
        "no header is known",
    );
    desk.figures("link --left a.csv --right c.csv --out out.csv --mapping map.json --json");
    assert_eq!(partner(&desk.read("out.csv"), "X7").map(|found| found.0), Some("P2"));
    fs::remove_file(desk.path("out.csv")).unwrap();
    for (mapping, zh, en) in [
        (r#"{"谁": "nmae"}"#, "不是字段名", "is no column"),
        (r#"["谁"]"#, "应为 JSON 对象", "a JSON object was expected"),
        (r#"{"谁?": "name", "call": "phone"}"#, "名单里不存在", "no list has: 谁?"),
    ] {
        desk.write("bad.json", mapping);
        let mapping = "link --left a.csv --right c.csv --out out.csv --mapping bad.json";
        if zh == "名单里不存在" {
            // The header differs by a mark only, which is taken as the same.
            desk.write("bad.json", r#"{"谁人": "name", "call": "phone"}"#);
            desk.refused(mapping, zh, "no list has: 谁人");
        } else {
            desk.refused(mapping, zh, en);
        }
    }
    desk.refused(
        "link --left a.csv --right c.csv --out out.csv --mapping none.json",
        "无法读取",
        "cannot be read",
    );
}

#[test]
fn the_truth_is_never_read() {
    let desk = Desk::new();
    desk.figures("link --left a.csv --right b.csv --out out.csv --json");
    let with = |list: &str, truth: [&str; 2]| {
        let mut lines = list.lines();
        let mut out = format!("{},truth_person_id,noise\n", lines.next().unwrap());
        for (at, line) in lines.enumerate() {
            out += &format!("{line},{},{}\n", truth[0].replace('#', &at.to_string()), truth[1]);
        }
        out
    };
    desk.write("truth.csv", with(SEEN, ["P5", "13800000005"]));
    desk.write("map.json", r#"{"truth_person_id": "id", "noise": "phone"}"#);
    for options in ["", "--mapping map.json"] {
        desk.figures(&format!("link --left a.csv --right truth.csv --out truth-out.csv --json {options}"));
        assert_eq!(desk.read("truth-out.csv"), desk.read("out.csv"), "{options}");
    }
}

#[test]
fn files_that_are_no_lists_are_refused() {
    let desk = Desk::new();
    let try_as = |name: &str, content: &[u8], zh: &str, en: &str| {
        desk.write(name, content);
        desk.refused(&format!("link --left a.csv --right {name} --out out.csv"), zh, en);
        desk.refused(&format!("link --left {name} --right b.csv --out out.csv"), zh, en);
        desk.refused(&format!("dedupe --input {name} --out out.csv"), zh, en);
    };
    try_as("empty.csv", b"", "文件是空的", "the file is empty");
    try_as("blank.csv", b" \n\n", "文件是空的", "the file is empty");
    try_as("bom.csv", b"\xef\xbb\xbf", "文件是空的", "the file is empty");
    try_as("unknown.csv", b"foo,bar\n1,2\n", "表头都不认识（foo, bar）", "no header is known");
    try_as("book.csv", b"PK\x03\x04........", "book.csv", "workbook");
    try_as("wide.csv", &[0xff, 0xfe, b'n', 0], "UTF-16", "save it as CSV UTF-8");
    try_as("zero.csv", b"name,phone\n\0,1\n", "零字节", "zero bytes");
    desk.refused(
        "link --left a.csv --right absent.csv --out out.csv",
        "absent.csv：无法读取",
        "cannot be read",
    );
    desk.refused("link --left a.csv --right b.csv --out absent/out.csv", "无法写入", "cannot be written");
    desk.refused("link --left a.csv --right b.csv --out b.csv", "输出会覆盖输入", "would replace an input");
    assert_eq!(desk.read("b.csv"), SEEN);
}

/// A list as a workbook, with a title above its headings, gives what the same list as text gives.
#[test]
fn a_workbook_is_read_as_rosters_are() {
    let desk = Desk::new();
    desk.figures("link --left a.csv --right b.csv --out out.csv --json");
    let as_book = |list: &str, title: u32| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let page = book.add_worksheet();
        page.write_string(0, 0, "幸福社区入户记录").unwrap();
        for (row, line) in (title..).zip(list.lines()) {
            for (column, cell) in (0..).zip(line.split(',')) {
                page.write_string(row, column, cell).unwrap();
            }
        }
        book.save_to_buffer().unwrap()
    };
    desk.write("a.xlsx", as_book(ROSTER, 2));
    desk.write("b.xlsx", as_book(SEEN, 1));
    desk.figures("link --left a.xlsx --right b.xlsx --out books.csv --json");
    assert_eq!(desk.read("books.csv"), desk.read("out.csv"));
    // What is wrong is told by the row of the sheet.
    desk.write("torn.xlsx", as_book(&format!("{SEEN}O5,,,,,,,,,\n"), 3));
    let (code, ..) =
        desk.run("link --left a.csv --right torn.xlsx --out torn.csv --rejects rejects.csv --json");
    assert_eq!(code, 1, "a row is refused");
    assert!(!desk.read("rejects.csv").contains("断行"), "its last cells are blank, and it is not torn");
    assert!(desk.read("rejects.csv").contains("torn.xlsx,9,"), "{}", desk.read("rejects.csv"));
}

#[test]
fn tabs_and_semicolons_separate_values_too() {
    let desk = Desk::new();
    desk.figures("link --left a.csv --right b.csv --out out.csv --json");
    // A value in quotes holds each of the separators, and a line break.
    let quoted = SEEN.replace("赵云,", "\"赵,;\t\n云\",");
    desk.write("quoted.csv", &quoted);
    desk.figures("link --left a.csv --right quoted.csv --out quoted-out.csv --json");
    for (separator, name) in [("\t", "tabs.csv"), (";", "semicolons.csv")] {
        desk.write(name, SEEN.replace(',', separator));
        desk.figures(&format!("link --left a.csv --right {name} --out again.csv --json"));
        assert_eq!(desk.read("again.csv"), desk.read("out.csv"), "{name}");
        let (head, tail) = quoted.split_once('"').unwrap();
        let (value, tail) = tail.split_once('"').unwrap();
        let list = format!("{}\"{value}\"{}", head.replace(',', separator), tail.replace(',', separator));
        desk.write("other.csv", list);
        desk.figures("link --left a.csv --right other.csv --out again.csv --json");
        assert_eq!(desk.read("again.csv"), desk.read("quoted-out.csv"), "{name}");
        let explain = format!("link-explain --left a.csv --right {name} --left-id P1 --right-id O1");
        let (code, told, err) = desk.run(&explain);
        assert!(code == 0 && told.contains("王伟 | 王玮"), "{told}{err}");
    }
}

#[test]
fn what_stands_in_the_first_line_is_said_and_no_value_is_repeated() {
    let desk = Desk::new();
    for (list, zh, en) in [
        ("编号，姓名，电话\n1，王伟，13800000001\n", "表头之间是“，”", "separated by \"，\""),
        ("id|name|phone\n1|王伟|13800000001\n", "表头之间是“|”", "separated by \"|\""),
        ("王伟,男,1980-03-05,13800000001\n", "第一行像是数据", "the first line looks like data"),
    ] {
        desk.write("c.csv", list);
        desk.refused("link --left a.csv --right c.csv --out out.csv", zh, en);
        let (_, _, err) = desk.run("dedupe --input c.csv --out out.csv");
        assert!(!err.contains("王伟") && !err.contains("13800000001"), "{err}");
    }
}

#[test]
fn headings_that_are_not_read_are_named_and_those_known_are_listed() {
    let desk = Desk::new();
    desk.write("c.csv", "id,姓名,手机号吗,联系电话,手机,noise\nX,佴晓钧,1,13800000002,13800000009,0\n");
    let (code, out, err) = desk.run("link --left a.csv --right c.csv --out out.csv --json");
    assert_eq!(code, 0, "{err}");
    let named = "c.csv：没有用到这些表头 / these headings are not read: 手机号吗, 手机\n";
    assert!(err.contains(named) && !err.contains("a.csv"), "{err}");
    let figures: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(figures["right_not_read"], serde_json::json!(["手机号吗", "手机"]));
    assert_eq!(figures["left_not_read"], serde_json::json!([]));
    // Whoever says so is not told again.
    desk.write("map.json", r#"{"手机号吗": "ignore", "手机": "ignore"}"#);
    let (_, _, err) = desk.run("link --left a.csv --right c.csv --out out.csv --mapping map.json");
    assert!(!err.contains("没有用到"), "{err}");
    for command in ["link", "dedupe"] {
        let (code, help, _) = desk.run(&format!("{command} --help"));
        assert_eq!(code, 0);
        for text in ["  id: id, ", "  name: name, ", "公民身份号码", "  postcode: ", "--mapping"] {
            assert!(help.contains(text), "{command}: {text}\n{help}");
        }
    }
}

#[test]
fn a_list_without_rows_links_to_nothing() {
    let desk = Desk::new();
    desk.write("c.csv", "id,姓名,电话\n");
    for line in ["--left a.csv --right c.csv", "--left c.csv --right b.csv", "--left c.csv --right c.csv"] {
        desk.figures(&format!("link {line} --out out.csv --json"));
        assert_eq!(desk.read("out.csv"), "left_id,right_id,probability,band\n");
    }
    desk.figures("dedupe --input c.csv --out out.csv --json");
    assert_eq!(desk.read("out.csv"), "id,cluster_id,probability\n");
}

#[test]
fn a_list_linked_with_itself_is_told_so() {
    let desk = Desk::new();
    let (code, _, err) = desk.run("link --left a.csv --right ./a.csv --out out.csv --one-to-one");
    assert_eq!(code, 0);
    assert!(err.contains("左右是同一个文件") && err.contains("use wanjia dedupe"), "{err}");
    let links = desk.read("out.csv");
    for row in rows(&links).iter().filter(|row| row[3] == "sure") {
        assert_eq!(row[0], row[1]);
    }
}

#[test]
fn bad_rows_are_counted_and_listed() {
    let desk = Desk::new();
    let list = "id,姓名,性别,出生日期,身份证号,电话
A,佴晓钧,女,1975-11-20,,13800000002
B,,,,,
C,王五,男,1980-02-30,110105194912310021,13800000001
D,李强,不明,1966-07-07,4201**,电话
E,\"赵,六\",男,1966-07-07,,13800000008
F,钱,七,男,1966-07-07,,13800000009
G,孙八,男,19";
    desk.write("c.csv", list);
    let (code, out, err) = desk.run("link --left a.csv --right c.csv --out out.csv --rejects no.csv --json");
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("3 行未参加比对") && err.contains("3 rows left out"), "{err}");
    assert!(!err.contains("佴晓钧") && !err.contains("13800000002"), "{err}");
    let figures: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((figures["right_rows"].as_u64(), figures["right_refused"].as_u64()), (Some(4), Some(3)));
    let rejects = desk.read("no.csv");
    let found: Vec<String> = rows(&rejects).iter().map(|row| row[1..5].join(",")).collect();
    assert_eq!(
        found,
        [
            "3,B,,refused",
            "4,C,id_number,accepted",
            "4,C,birth_date,accepted",
            "5,D,id_number,accepted",
            "5,D,phone,accepted",
            "5,D,sex,accepted",
            "7,F,,refused",
            "8,G,,refused",
        ]
    );
    assert!(rejects.contains("校验位") && rejects.contains("wrong check character"));
    assert!(rejects.contains("torn line") && !rejects.contains("王五"));
}

#[test]
fn a_quote_that_nobody_closes_swallows_no_row() {
    let desk = Desk::new();
    let rest = "P8,孙八,13800000008\nP9,周九,13800000009\n";
    for (broken, refused) in [("P7,\"王七,13800000007\n", 1), ("P7,\"王七\n", 1), ("\"P7\n\"\n", 2)] {
        desk.write("c.csv", format!("id,姓名,电话\n{broken}{rest}"));
        let (code, out, err) = desk.run("dedupe --input c.csv --out out.csv --rejects no.csv --json");
        assert_eq!(code, 1, "{broken}\n{err}");
        let figures: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (figures["rows"].as_u64(), figures["refused"].as_u64()),
            (Some(2), Some(refused)),
            "{broken}"
        );
        assert_eq!(rows(&desk.read("out.csv")).iter().map(|row| row[0]).collect::<Vec<_>>(), ["P8", "P9"]);
        assert_eq!(rows(&desk.read("no.csv"))[0][1], "2", "{broken}");
    }
}

#[test]
fn gbk_is_read_and_a_lone_gbk_row_is_noted() {
    let desk = Desk::new();
    desk.figures("link --left a.csv --right b.csv --out out.csv --json");
    let (gbk, _, _) = encoding_rs::GBK.encode(SEEN);
    desk.write("gbk.csv", &gbk);
    let figures = desk.figures("link --left a.csv --right gbk.csv --out gbk-out.csv --json");
    assert_eq!(figures["right_encoding"], "GBK");
    assert_eq!(desk.read("gbk-out.csv"), desk.read("out.csv"));
    // A file whose beginning is UTF-8 and which a sheet in GBK was pasted into, far behind.
    let mut mixed = b"id,name,phone,remark\n".to_vec();
    for at in 0..11_000 {
        mixed.extend_from_slice(format!("{at},,138{at:08},{}\n", "-".repeat(400)).as_bytes());
    }
    mixed.extend_from_slice(b"last,");
    mixed.extend_from_slice(&encoding_rs::GBK.encode("佴晓钧").0);
    mixed.extend_from_slice(b",13800000002,\n");
    desk.write("mixed.csv", mixed);
    let (code, _, err) = desk.run("link --left mixed.csv --right b.csv --out out.csv --rejects no.csv");
    assert_eq!(code, 0, "{err}");
    assert!(desk.read("no.csv").contains("11002,last,name,accepted,不是 UTF-8"), "{}", desk.read("no.csv"));
}

#[test]
fn ten_thousand_rows_with_one_phone_do_not_explode() {
    let desk = Desk::new();
    let mut list = "id,姓名,出生日期,电话\n".to_owned();
    let names = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周"];
    let given = ["伟", "强", "磊", "洋", "勇", "军", "杰", "涛", "超", "明"];
    for at in 0..10_000 {
        list += &format!(
            "{at},{}{}{},19{:02}-{:02}-{:02},02788888888\n",
            names[at % 10],
            given[at / 10 % 10],
            given[at / 100 % 10],
            30 + at % 70,
            1 + at / 7 % 12,
            1 + at / 83 % 28
        );
    }
    desk.write("c.csv", list);
    let figures = desk.figures("dedupe --input c.csv --out out.csv --json");
    assert_eq!(rows(&desk.read("out.csv")).len(), 10_000, "no row is dropped");
    let guarded = figures["summary"]["guarded"].as_array().unwrap();
    assert!(guarded.iter().any(|entry| entry[0] == "phone" && entry[1] == 10_000), "{guarded:?}");
    assert!(figures["summary"]["pairs_compared"].as_u64().unwrap() < 5_000_000);
}

#[test]
fn pieces_and_threads_change_nothing() {
    let desk = Desk::new();
    // Values in quotes full of line breaks, so that the pieces of the file begin inside one.
    let mut list = "id,姓名,电话,备注,房号\n".to_owned();
    for at in 0..3_000 {
        let remark = "无\n".repeat(500 + at % 13);
        list += &format!("N{at},王伟,139{at:08},\"{remark}\",{at}\n");
    }
    desk.write("c.csv", list);
    let figures = desk.figures("link --left c.csv --right b.csv --out one.csv --threads 1 --json");
    assert_eq!((figures["left_rows"].as_u64(), figures["left_refused"].as_u64()), (Some(3_000), Some(0)));
    desk.figures("link --left c.csv --right b.csv --out four.csv --threads 4 --json");
    assert_eq!(desk.read("one.csv"), desk.read("four.csv"));
}

#[test]
fn an_interrupt_leaves_no_half_written_file() {
    let desk = Desk::new();
    let mut list = "id,姓名,电话\n".to_owned();
    for at in 0..10_000 {
        list += &format!("{at},王伟,139{at:08}\n");
    }
    desk.write("c.csv", list);
    let before = desk.files();
    let mut child = desk
        .command("dedupe --input c.csv --out out.csv")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The moment the first byte of the output could be there, or the end.
    let mut seen = false;
    let status = loop {
        let writing = fs::read_dir(desk.folder.path())
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().ends_with(".part"));
        if writing && !seen {
            seen = true;
            interrupt(child.id());
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::yield_now();
    };
    match status.code() {
        // An interrupt that comes once everything stands under its name takes nothing back.
        Some(130) if desk.files() != before => {
            assert!(!desk.files().iter().any(|name| name.ends_with(".part")));
            assert_eq!(rows(&desk.read("out.csv")).len(), 10_000);
        }
        Some(130) => {}
        Some(0) => assert_eq!(rows(&desk.read("out.csv")).len(), 10_000),
        other => panic!("{other:?}"),
    }
    // And one that comes while the lists are read.
    let _ = fs::remove_file(desk.path("out.csv"));
    let mut child = desk.command("dedupe --input c.csv --out out.csv").stdout(Stdio::null()).spawn().unwrap();
    interrupt(child.id());
    child.wait().unwrap();
    assert!(!desk.files().iter().any(|name| name.ends_with(".part")));
    assert!(!Path::new(&desk.path("out.csv")).exists() || rows(&desk.read("out.csv")).len() == 10_000);
}

fn interrupt(process: u32) {
    assert!(Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap().success());
}

#[test]
fn no_output_replaces_an_input_or_another_output() {
    let desk = Desk::new();
    let base = "link --left a.csv --right b.csv";
    for options in ["--out b.csv", "--out out.csv --save-model a.csv", "--out out.csv --rejects ./b.csv"] {
        desk.refused(&format!("{base} {options}"), "输出会覆盖输入", "would replace an input");
    }
    for options in ["--rejects out.csv", "--rejects no.csv --save-model ./no.csv"] {
        desk.refused(&format!("{base} --out out.csv {options}"), "两项输出写到同一个文件", "two outputs");
    }
    assert_eq!((desk.read("a.csv"), desk.read("b.csv")), (ROSTER.to_owned(), SEEN.to_owned()));
    // A model that was read may be saved again.
    desk.figures(&format!("{base} --out out.csv --save-model model.json --json"));
    desk.figures(&format!("{base} --out out.csv --model model.json --save-model model.json --json"));
}

#[test]
fn ids_that_stand_twice_are_listed() {
    let desk = Desk::new();
    desk.write(
        "c.csv",
        "id,姓名,电话\n7,王伟,13800000001\n,李四,13900000000\n7,赵云,13900000009\n2,孙八,13800000008\n",
    );
    let (code, out, err) = desk.run("dedupe --input c.csv --out out.csv --rejects no.csv --json");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("\"refused\": 0") && err.contains("2 doubtful values"), "{out}{err}");
    let no = desk.read("no.csv");
    let found: Vec<String> = rows(&no).iter().map(|row| row[1..5].join(",")).collect();
    // The row without an id is called by its number, which another row bears.
    assert_eq!(found, ["4,7,,accepted", "5,2,,accepted"]);
    assert!(no.contains("编号与前面某行相同") && no.contains("an earlier row has the same id"));
}

#[test]
fn a_pipe_is_no_list() {
    let desk = Desk::new();
    let pipe = Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap();
    assert!(pipe.success());
    // Opened for reading and writing it waits for nobody.
    let open = fs::OpenOptions::new().read(true).write(true).open(desk.path("pipe")).unwrap();
    desk.refused("link --left a.csv --right pipe --out out.csv", "不是普通文件", "save the list to a file");
    desk.refused("dedupe --input . --out out.csv", "不是普通文件", "save the list to a file");
    drop(open);
}

/// The lines of a readme that link the samples.
fn told(readme: &str) -> Vec<String> {
    let text = fs::read_to_string(samples().join("..").join(readme)).unwrap();
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("wanjia "));
    let linking = lines.filter(|line| line.contains("samples/link/"));
    linking.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

#[test]
fn the_samples_link_as_the_readmes_tell() {
    let lines = told("README.md");
    assert_eq!(lines, told("README.zh-CN.md"));
    let [link, dedupe, explain] = lines.as_slice() else { panic!("{lines:?}") };
    let desk = Desk::new();
    fs::create_dir_all(desk.path("samples/link")).unwrap();
    for entry in fs::read_dir(samples().join("link")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, desk.path("samples/link").join(path.file_name().unwrap())).unwrap();
    }
    let figures = desk.figures(&format!("{link} --json"));
    for list in ["left_not_read", "right_not_read"] {
        assert_eq!(figures[list], serde_json::json!([]), "every heading is known");
    }
    // By sound, by a form of address, moved, with full-width digits, in traditional characters, by number; and O7 is
    // nobody listed.
    let links = desk.read("links.csv");
    let sure = links.lines().filter(|line| line.ends_with(",sure"));
    let pairs: Vec<String> = sure.map(|line| line.split(',').take(2).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(pairs, ["1,O1", "2,O2", "6,O3", "7,O4", "8,O5", "10,O6"], "{links}");
    // Who stands on the register twice, under a name of the same sound.
    let figures = desk.figures(&format!("{dedupe} --json"));
    assert_eq!(figures["not_read"], serde_json::json!([]));
    let clusters = desk.read("clusters.csv");
    let joined: Vec<&str> =
        clusters.lines().filter(|line| line.split(',').next() != line.split(',').nth(1)).collect();
    assert!(joined.len() == 2 && joined[1].starts_with("A5,A1,"), "{clusters}");
    let (code, out, err) = desk.run(explain);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("王东军 | 王冬军") && out.contains("同音 / same sound"), "{out}");
}
