//! Planning through the command line: what is wrong with a list is named, and the rest is planned.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::process::Command;

use serde_json::Value;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self { folder }
    }

    /// Runs `wanjia plan`, which must end well; its report and the rows it wrote, without the header.
    fn plan(&self, line: &str) -> (Value, Vec<String>) {
        let run = Command::new(env!("CARGO_BIN_EXE_wanjia"))
            .current_dir(self.folder.path())
            .arg("plan")
            .args(line.split_whitespace())
            .args(["--out", "out.csv", "--json"])
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let written = fs::read_to_string(self.folder.path().join("out.csv")).unwrap();
        let rows = written.lines().skip(1).map(str::to_owned).collect();
        (serde_json::from_slice(&run.stdout).unwrap(), rows)
    }

    /// Runs `wanjia plan`, which must refuse; what it says.
    fn refuse(&self, line: &str) -> String {
        let run = Command::new(env!("CARGO_BIN_EXE_wanjia"))
            .current_dir(self.folder.path())
            .arg("plan")
            .args(line.split_whitespace())
            .args(["--out", "out.csv", "--json"])
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2));
        assert!(run.stdout.is_empty());
        assert!(!self.folder.path().join("out.csv").exists(), "nothing half done");
        String::from_utf8(run.stderr).unwrap()
    }
}

/// Code and name of everything that the report lists as uncovered.
fn uncovered(report: &Value) -> Vec<(String, String)> {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let list = report["uncovered"].as_array().unwrap();
    for item in list {
        let (name, zh, en) = (text(item, "name"), text(item, "zh"), text(item, "en"));
        assert!(zh.contains(&name) && en.contains(&name), "both languages name it: {item}");
    }
    list.iter().map(|item| (text(item, "code"), text(item, "name"))).collect()
}

fn named(report: &Value, code: &str, name: &str) -> bool {
    uncovered(report).iter().any(|(its, whose)| its == code && whose == name)
}

/// A sample list, as the readme names it.
fn sample(name: &str) -> String {
    format!("{}/../../samples/plan/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_samples_of_every_planner_make_a_plan_with_nothing_in_question() {
    let desk = Desk::new(&[]);
    let lines = [
        ("grids --buildings buildings.csv --adjacency adjacency.csv --target 300", 30),
        ("deploy --staff staff.csv --communities communities.csv", 20),
        ("pair --units units.csv --places places.csv", 12),
        ("rota --people people.csv --posts posts.csv --from 2026-01-05 --days 14", 98),
        ("rounds --stops stops.csv --vehicles vehicles.csv", 12),
        ("rounds --stops stops.csv --teams 2", 12),
        ("rounds --stops stops.csv --patrol", 12),
    ];
    for (line, rows) in lines {
        let words =
            line.split(' ').map(|word| if word.ends_with(".csv") { sample(word) } else { word.to_owned() });
        let (report, written) = desk.plan(&words.collect::<Vec<_>>().join(" "));
        assert_eq!(uncovered(&report), [], "{line}");
        assert_eq!(written.len(), rows, "{line}");
        assert!(report["lower_bound"].as_f64().unwrap() <= report["objective"].as_f64().unwrap(), "{line}");
    }
}

#[test]
fn a_time_or_date_written_otherwise_is_refused_with_row_column_value_and_how_it_is_written() {
    let rota = "rota --people people.csv --posts posts.csv --from 2026-01-05 --days 7";
    let posts = "post_id,opens,closes,shift_hours\nG1,08:00,20:00,6\n";
    let people = "person_id,away\nP1,\n";
    let stops = "stop_id,x_m,y_m,opens\nD1,0,0,8.30\n";
    for (files, line, said) in [
        (
            [("people.csv", people), ("posts.csv", "post_id,opens\nG1,8\nG2,08:30\n")],
            rota,
            ["3", "opens", "08:30", "08:00"],
        ),
        (
            [("people.csv", people), ("posts.csv", "post_id,closes\nG1,49\n")],
            rota,
            ["2", "closes", "49", "48"],
        ),
        (
            [("people.csv", people), ("posts.csv", "post_id,number\nG1,two\n")],
            rota,
            ["2", "number", "two", "12"],
        ),
        (
            [("people.csv", "person_id,away\nP1,1月6日\n"), ("posts.csv", posts)],
            rota,
            ["2", "away", "1月6日", "2026-01-31"],
        ),
        (
            [("stops.csv", stops), ("unused.csv", "")],
            "rounds --stops stops.csv --teams 1",
            ["2", "opens", "8.30", "08:30"],
        ),
    ] {
        let complaint = Desk::new(&files).refuse(line);
        for language in complaint.trim().lines() {
            assert!(said.iter().all(|word| language.contains(word)), "{complaint}");
        }
        assert_eq!(complaint.trim().lines().count(), 2, "in both languages");
    }
    // A full hour may be written as a time; six hours and six hours are one person's day.
    let desk = Desk::new(&[("people.csv", people), ("posts.csv", posts)]);
    let (report, rows) = desk.plan("rota --people people.csv --posts posts.csv --from 2026-01-05 --days 1");
    assert_eq!(rows, ["2026-01-05,G1,08:00,6,P1,", "2026-01-05,G1,14:00,6,P1,"]);
    assert_eq!(report["proven_optimal"], true);
}

#[test]
fn a_list_in_gbk_or_a_workbook_is_read_as_one_in_utf8() {
    let people = "姓名,技能\n陈建国,护士\n李秀兰,\n";
    let posts = "岗位,人数,要求技能,开始时间,结束时间,每班小时\n南门,1,护士,08:00,14:00,6\n";
    let line = |file: &str| format!("rota --people {file} --posts posts.csv --from 2026-01-05 --days 1");
    let desk = Desk::new(&[("people.csv", people), ("posts.csv", posts)]);
    let wanted = desk.plan(&line("people.csv"));
    assert_eq!(wanted.1, ["2026-01-05,南门,08:00,6,陈建国,"]);
    let (gbk, _, _) = encoding_rs::GBK.encode(posts);
    fs::write(desk.folder.path().join("posts.csv"), gbk).unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet();
    for (row, text) in (0..).zip(people.lines()) {
        for (column, cell) in (0..).zip(text.split(',')) {
            page.write_string(row, column, cell).unwrap();
        }
    }
    book.save(desk.folder.path().join("people.xlsx")).unwrap();
    assert_eq!(desk.plan(&line("people.xlsx")).1, wanted.1);
}

const DEPLOY: &str = "deploy --staff staff.csv --communities communities.csv";

#[test]
fn more_need_than_staff_is_shared_and_named() {
    let desk = Desk::new(&[
        ("staff.csv", "staff_id,x_m,y_m\nS1,0,0\nS2,10,0\nS3,20,0\n"),
        ("communities.csv", "community_id,x_m,y_m,need\nC1,0,0,4\nC2,1000,0,2\n"),
    ]);
    let (report, rows) = desk.plan(DEPLOY);
    assert_eq!(report["placed"], 3);
    // Half of what each asked for, and S3 walks 980 m rather than leave C2 with nobody.
    assert_eq!(rows, ["S1,C1,,0,", "S2,C1,,10,", "S3,C2,,980,"]);
    assert_eq!(report["objective"], 990.0);
    assert_eq!(report["gap"], 0.0);
    assert_eq!(
        uncovered(&report),
        [("short_of_staff".into(), "C1".into()), ("short_of_staff".into(), "C2".into())]
    );
}

#[test]
fn a_person_with_no_place_and_one_with_it_the_wrong_way_round_are_named_and_the_rest_is_placed() {
    let desk = Desk::new(&[
        ("staff.csv", "staff_id,lon,lat\nS1,112.50,30.50\nS2,,\nS3,30.50,112.50\n"),
        ("communities.csv", "community_id,lon,lat,need\nC1,112.51,30.50,3\nC2,30.5,112.5,1\n"),
    ]);
    let (report, rows) = desk.plan(DEPLOY);
    assert_eq!(report["placed"], 1);
    assert!(rows[0].starts_with("S1,C1,,"), "{rows:?}");
    assert_eq!(rows[1..], ["S2,,,,no_place", "S3,,,,no_place"]);
    assert!(named(&report, "no_place", "S2"));
    assert!(named(&report, "coordinates_swapped", "S3"));
    assert!(named(&report, "coordinates_swapped", "C2"));
    assert!(!named(&report, "coordinates_swapped", "S1"));
}

#[test]
fn who_is_too_far_or_lacks_the_skill_is_listed_with_the_reason() {
    let desk = Desk::new(&[
        ("staff.csv", "staff_id,x_m,y_m,skills\nS1,0,0,nurse\nS2,90000,0,nurse\nS3,0,0,\n"),
        ("communities.csv", "community_id,x_m,y_m,need_nurse\nC1,100,0,5\n"),
    ]);
    let (report, rows) = desk.plan(&format!("{DEPLOY} --max-km 5"));
    assert_eq!(rows, ["S1,C1,nurse,100,", "S2,,,,too_far", "S3,,,,no_role"]);
    assert!(named(&report, "too_far", "S2") && named(&report, "no_role", "S3"));
}

#[test]
fn a_building_with_no_neighbour_and_an_island_are_divided_apart_and_named() {
    let desk = Desk::new(&[
        (
            "buildings.csv",
            "community_id,building,households\nK,a,100\nK,b,100\nK,c,100\nK,alone,40\nK,far1,90\nK,far2,90\n",
        ),
        ("adjacency.csv", "community_id,a,b,length_m\nK,a,b,10\nK,b,c,10\nK,far1,far2,5\nK,a,ghost,5\n"),
    ]);
    let (report, rows) = desk.plan("grids --buildings buildings.csv --adjacency adjacency.csv --target 300");
    assert!(named(&report, "no_neighbour", "K/alone"));
    assert!(named(&report, "island", "K/far1"));
    assert!(named(&report, "unknown_building", "K/ghost"));
    let grid = |building: &str| {
        let row = rows.iter().find(|row| row.split(',').nth(1) == Some(building)).unwrap();
        row.split(',').nth(2).unwrap().to_owned()
    };
    assert_eq!(rows.len(), 6, "everyone else is planned for");
    assert!(grid("a") == grid("b") && grid("b") == grid("c") && grid("far1") == grid("far2"));
    assert!(grid("alone") != grid("a") && grid("alone") != grid("far1") && grid("a") != grid("far1"));
}

#[test]
fn a_post_that_nobody_can_hold_comes_first_and_the_others_are_held() {
    let desk = Desk::new(&[
        ("people.csv", "person_id,limits\nP1,\nP2,no_exposure\nP3,\nP4,\n"),
        ("posts.csv", "post_id,skill,opens,closes,shift_hours\nG1,,8,16,8\nX1,plumber,8,12,4\n"),
    ]);
    let (report, rows) = desk.plan("rota --people people.csv --posts posts.csv --from 2026-01-05 --days 3");
    assert_eq!(report["objective"], 12.0);
    assert_eq!(report["lower_bound"], 12.0, "proven least");
    assert_eq!(uncovered(&report), [("nobody_able".into(), "X1".into())]);
    assert!(rows[..3].iter().all(|row| row.contains(",X1,") && row.ends_with(",nobody_able")), "{rows:?}");
    assert!(rows[3..].iter().all(|row| row.contains(",G1,") && row.ends_with(',')), "{rows:?}");
    assert_eq!(rows.len(), 6);
}

#[test]
fn a_mark_against_exposure_is_respected() {
    let desk = Desk::new(&[
        ("people.csv", "person_id,limits\nP1,no_exposure\n"),
        ("posts.csv", "post_id,exposed,opens,closes\nF1,1,8,16\n"),
    ]);
    let (report, rows) = desk.plan("rota --people people.csv --posts posts.csv --from 2026-01-05 --days 1");
    assert_eq!(rows, ["2026-01-05,F1,08:00,8,,nobody_able"]);
    assert!(named(&report, "nobody_able", "F1"));
}

#[test]
fn a_place_without_coordinates_is_named_and_the_others_are_paired_and_visited() {
    let desk = Desk::new(&[
        ("units.csv", "unit_id,lon,lat\nU1,112.5,30.5\n"),
        ("places.csv", "place_id,lon,lat\nA,112.51,30.5\nB,,\nC,30.5,112.5\n"),
        ("stops.csv", "stop_id,x_m,y_m\nD1,0,0\nD2,50,0\nD3,,\n"),
    ]);
    let (report, rows) = desk.plan("pair --units units.csv --places places.csv");
    assert!(rows[0].starts_with("A,U1,"), "{rows:?}");
    assert!(named(&report, "no_place", "B") && named(&report, "coordinates_swapped", "C"));
    let (report, rows) = desk.plan("rounds --stops stops.csv --teams 1");
    assert_eq!(rows[0], ",,D3,,no_place");
    assert_eq!(rows.len(), 3);
    assert!(named(&report, "no_place", "D3"));
}

#[test]
fn a_cell_that_cannot_be_read_is_refused_by_file_row_and_column_and_nothing_is_written() {
    let desk = Desk::new(&[
        ("staff.csv", "staff_id,x_m,y_m\nS1,0,0\nS2,east,0\n"),
        ("communities.csv", "community_id,x_m,y_m,need\nC1,0,0,4\n"),
    ]);
    let said = desk.refuse(DEPLOY);
    assert!(said.contains("staff.csv row 3 column x_m"), "{said}");
    assert!(said.contains("staff.csv 第 3 行"), "{said}");
}

/// The README sends whoever has a list to the help.
#[test]
fn the_help_of_each_planner_tells_the_columns_that_go_in_and_come_out() {
    for (planner, columns) in [
        ("grids", ["community_id,building,households", "community_id,a,b", "community_id,building,grid"]),
        ("deploy", ["staff_id", "need_SKILL", "staff_id,community_id,role,distance_m,reason"]),
        ("pair", ["unit_id", "place_id", "place_id,unit_id,distance_m,changed"]),
        ("rota", ["person_id", "shift_hours", "date,post_id,starts,hours,person_id,reason"]),
        ("rounds", ["stop_id", "vehicle_id", "round,position,stop_id,arrives,reason"]),
    ] {
        let run =
            Command::new(env!("CARGO_BIN_EXE_wanjia")).args(["plan", planner, "--help"]).output().unwrap();
        let help = String::from_utf8(run.stdout).unwrap();
        for column in columns {
            assert!(help.contains(column), "{planner}: {column}\n{help}");
        }
    }
}
