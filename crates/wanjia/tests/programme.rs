//! Packs through the command line: a right one, a wrong one, and a folder that is none.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use domain::area::Level;
use domain::case::Subject;
use domain::fact::{Body, FoundBy, Place};
use domain::id::Id;
use domain::time::to_day;
use programme::answer::Given;

fn check(path: &Path) -> (Option<i32>, String, String) {
    run("check", path)
}

fn run(command: &str, path: &Path) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_wanjia")).args(["programme", command]).arg(path).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn epidemic() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes/epidemic")
}

/// A copy of the epidemic pack that may be spoilt.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&epidemic(), folder.path());
    folder
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_epidemic_pack_passes() {
    let (code, out, err) = check(&epidemic());
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("no mistakes") && out.contains("没有错误"), "{out}");
}

#[test]
fn mistakes_end_with_one_and_name_file_and_line() {
    let folder = copy();
    let form = folder.path().join("forms/twice_daily.md");
    let text = fs::read_to_string(&form).unwrap();
    fs::write(
        &form,
        text.replacen(
            "| choices",
            "| | text | minzu | 民族 | Ethnicity | | | | | | personal | observe | doctor | 14d |\n| choices",
            1,
        ),
    )
    .unwrap();
    fs::write(folder.path().join("rules.toml"), "[[rule]]\nid = 3\n").unwrap();
    let (code, out, err) = check(folder.path());
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    assert!(out.contains("forms/twice_daily.md:13:12: no form may ask for ethnicity"), "{out}");
    assert!(out.contains("任何表单都不许询问民族"), "{out}");
    assert!(out.contains("rules.toml:2:6: id must be"), "{out}");
}

#[test]
fn a_misspelt_role_is_one_mistake_and_its_state_is_still_there() {
    let folder = copy();
    let pathway = folder.path().join("pathways/contact.toml");
    let text = fs::read_to_string(&pathway).unwrap();
    let owner = ("owner = \"grid_worker\"", "owner = \"grid_wroker\"");
    let climbs = ("climbs_to = [\"community_secretary\"", "climbs_to = [\"grid_wroker\"");
    for (right, wrong) in [owner, climbs] {
        fs::write(&pathway, text.replacen(right, wrong, 1)).unwrap();
        let (code, out, _) = check(folder.path());
        assert_eq!(code, Some(1));
        assert!(out.contains("没有角色 grid_wroker") && !out.contains("没有状态"), "{out}");
        assert!(out.ends_with("1 mistake / 共 1 处错误\n"), "{out}");
    }
}

#[test]
fn a_folder_where_a_file_is_expected_is_told() {
    for inside in ["forms/x.md", "forms/y.xlsx", "pathways/z.toml"] {
        let folder = copy();
        fs::create_dir_all(folder.path().join(inside)).unwrap();
        let (code, out, _) = check(folder.path());
        assert_eq!(code, Some(1), "{out}");
        assert!(out.contains(&format!("{inside}: a folder stands where a file is expected")), "{out}");
        assert!(out.ends_with("1 mistake / 共 1 处错误\n"), "{out}");
    }
}

/// The sheets of a form's Markdown as a workbook.
fn save_workbook(markdown: &str, path: &Path) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let mut sheet: Option<(String, Vec<Vec<String>>)> = None;
    let mut sheets = Vec::new();
    for line in markdown.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<String> = line.split('|').skip(1).map(|cell| cell.trim().to_owned()).collect();
        if cells[0].is_empty() {
            sheet.as_mut().unwrap().1.push(cells[1..].to_vec());
        } else {
            sheets.extend(sheet.replace((cells[0].clone(), Vec::new())));
        }
    }
    for (name, rows) in sheets.into_iter().chain(sheet) {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                sheet.write(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), cell).unwrap();
            }
        }
    }
    book.save(path).unwrap();
}

#[test]
fn a_form_from_a_spreadsheet_is_read_like_its_text() {
    let folder = copy();
    let text = folder.path().join("forms/returnee.md");
    save_workbook(&fs::read_to_string(&text).unwrap(), &text.with_extension("xlsx"));
    let before = check(folder.path());
    assert_eq!(before.0, Some(1), "twice the same form");
    fs::remove_file(&text).unwrap();
    let (code, out, _) = check(folder.path());
    assert_eq!(code, Some(0), "{out}");
    assert_eq!(out, check(&epidemic()).1);
}

#[test]
fn a_workbook_that_is_none_is_one_mistake_among_others() {
    let folder = copy();
    fs::write(folder.path().join("forms/visitor.xlsx"), b"PK no workbook").unwrap();
    fs::write(folder.path().join("rule.toml"), "").unwrap();
    let (code, out, _) = check(folder.path());
    assert_eq!(code, Some(1));
    assert!(out.contains("forms/visitor.xlsx: ") && out.contains("rule.toml: "), "{out}");
    assert!(out.contains("2 mistakes"), "{out}");
}

fn heat() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&epidemic().join("../heat"), folder.path());
    folder
}

/// Nine mistakes of nine kinds in nine places: each command tells all of them at once, or refuses, and leaves nothing behind.
#[test]
fn every_mistake_is_told_at_once_by_every_command_and_nothing_is_half_done() {
    let territory = Territory::new();
    let facts = territory.sql::<i64>("select count(*) from facts");
    let folder = heat();
    let bad = folder.path();
    edit(bad, "parameters.toml", "value = 32", "value = \"hot\"");
    edit(bad, "forms/look_in.md", "| constraint |", "| constrant |");
    edit(
        bad,
        "forms/look_in.md",
        "| choices",
        "| | text | minzu | 民族 | Ethnicity | | | | | personal | care | doctor | 14d |\n| choices",
    );
    edit(bad, "rules.toml", "look_in.room_c >= param.hot_room_c && look_in", "look_in.room_c >= && look_in");
    edit(bad, "rules.toml", "within = \"doctor_h\"\n", "");
    edit(bad, "rules.toml", "today - look_in.on >", "today - look_in.onn >");
    edit(bad, "pathways/hot_room.toml", "to = \"cool\"", "to = \"hot\"");
    edit(bad, "pathways/hot_room.toml", "to = \"elsewhere\"", "to = \"hot\"");
    fs::write(bad.join("forms/nothing.csv"), "").unwrap();
    let manifest = fs::read_to_string(bad.join("programme.toml")).unwrap();
    let held = "[[restriction]]\ncode = \"stay_in\"\nname = { zh = \"留在家\", en = \"stay in\" }\nbasis = [\"elderly_act\"]\nowner = \"doctor\"\n";
    fs::write(bad.join("programme.toml"), format!("{manifest}\n{held}")).unwrap();

    let (code, checked, err) = check(bad);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{checked}");
    for part in [
        "parameters.toml:5:9: value must be a number",
        "value 应为数字",
        "forms/look_in.md:5:68: the column constrant cannot be translated",
        "不能转换 constrant 这一列",
        "forms/look_in.md:10:12: no form may ask for ethnicity",
        "forms/nothing.csv: there is no survey sheet",
        "rules.toml:4:27: the condition is not CEL",
        "条件不是正确的 CEL",
        "rules.toml:10:1: within is missing",
        "there is no field look_in.onn",
        "pathways/hot_room.toml:7:8: from hot no end can be reached",
        "从 hot 走不到任何结束",
        "programme.toml:31:1: the restriction stay_in has no end",
        "限制措施 stay_in 没有期限",
    ] {
        assert!(checked.contains(part), "{part}: {checked}");
    }
    // A parameter that has a mistake is there all the same, and what names it is not wrong for that.
    assert!(!checked.contains("there is no parameter"), "{checked}");

    let path = bad.to_str().unwrap();
    let out = territory.0.path().join("xforms");
    let pack = heat();
    let good = pack.path().to_str().unwrap();
    for words in [
        ["programme", "test", path].as_slice(),
        &["programme", "diff", good, path],
        &["programme", "diff", path, good],
        &["programme", "build", path, "--out", out.to_str().unwrap()],
        &["programme", "publish", "--data", "d", path],
        &["programme", "publish", "--data", "d", path, "--apply"],
    ] {
        let told = territory.expect(1, words);
        assert!(told.contains("parameters.toml:5:9") && told.contains("处错误"), "{words:?}: {told}");
        assert!(!told.contains("panicked"), "{words:?}: {told}");
    }
    assert!(!out.exists());
    assert_eq!(territory.sql::<i64>("select count(*) from facts"), facts);
    assert_eq!(territory.sql::<i64>("select count(*) from pack"), 0);
}

/// A form that reads and becomes no XForm is a mistake of the pack: found when it is checked, and never published.
#[test]
fn a_misspelt_column_of_a_form_is_found_before_it_is_published() {
    let territory = Territory::new();
    let folder = heat();
    edit(folder.path(), "forms/look_in.md", "| constraint |", "| constrant |");
    let (code, out, _) = check(folder.path());
    assert_eq!(code, Some(1), "{out}");
    assert!(
        out.contains("forms/look_in.md:5:68: the column constrant") && out.contains("1 mistake /"),
        "{out}"
    );
    let told = territory.publish(1, folder.path(), true);
    assert!(told.contains("constrant") && told.contains("没有发布"), "{told}");
    assert_eq!(territory.sql::<i64>("select count(*) from pack"), 0);
}

/// A rule whose finding nobody would have in a list is refused; what was published before that was asked stays readable.
#[test]
fn a_rule_that_reaches_nobody_is_refused_before_it_is_published() {
    let territory = Territory::new();
    let folder = heat();
    let climbs = "within = \"doctor_h\"\nclimbs_to = [\"community_secretary\"]\n";
    edit(folder.path(), "rules.toml", climbs, "within = \"doctor_h\"\n");
    let (code, out, _) = check(folder.path());
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("rules.toml:11:6: what H-R02 finds would stand in nobody's list"), "{out}");
    assert!(out.contains("H-R02 提示了也不会出现在任何人的清单里"), "{out}");
    assert!(territory.publish(1, folder.path(), true).contains("没有发布"));
    assert_eq!(run("test", folder.path()).0, Some(0), "its tests are about what flags");
}

/// What editors of other systems write: other ends of lines, and a mark before the first letter.
#[test]
fn other_ends_of_lines_and_a_mark_before_the_first_letter_change_nothing() {
    let plain = check(&epidemic());
    for mark in ["", "\u{feff}"] {
        let folder = copy();
        for (path, text) in texts(folder.path()) {
            fs::write(folder.path().join(path), format!("{mark}{}", text.replace('\n', "\r\n"))).unwrap();
        }
        assert_eq!(check(folder.path()), plain);
        assert_eq!(run("test", folder.path()).0, Some(0));
    }
}

#[test]
fn what_is_no_folder_of_a_pack_says_what_to_name() {
    let territory = Territory::new();
    let archive = territory.0.path().join("heat.zip");
    fs::write(&archive, b"PK\x03\x04").unwrap();
    let (zip, empty) = (archive.to_str().unwrap(), territory.0.path().join("empty"));
    fs::create_dir(&empty).unwrap();
    let empty = empty.to_str().unwrap();
    let pack = heat();
    let good = pack.path().to_str().unwrap();
    for (path, code, en, zh) in [
        (zip, 2, "this is a file; name the pack's folder", "压缩包请先解开"),
        (empty, 1, "the folder holds no programme.toml", "文件夹里没有 programme.toml"),
    ] {
        for words in [
            ["programme", "check", path].as_slice(),
            &["programme", "test", path],
            &["programme", "diff", good, path],
            &["programme", "build", path, "--out", "xforms"],
            &["programme", "publish", "--data", "d", path, "--apply"],
        ] {
            let told = territory.expect(code, words);
            assert!(told.contains(en) && told.contains(zh), "{words:?}: {told}");
        }
    }
    assert!(!territory.0.path().join("xforms").exists());
    assert_eq!(territory.sql::<i64>("select count(*) from pack"), 0);
}

/// Each of a pack's files may be missing: that is told, and nothing else goes wrong for it.
#[test]
fn a_missing_file_is_told_and_never_a_panic() {
    for name in texts(heat().path()).into_keys() {
        let folder = heat();
        fs::remove_file(folder.path().join(&name)).unwrap();
        let (code, out, err) = check(folder.path());
        let may_be_missing = ["overlays", "tests", "samples"].iter().any(|folder| name.starts_with(folder));
        assert_eq!(code, Some(if may_be_missing { 0 } else { 1 }), "{}: {out}{err}", name.display());
        assert_eq!(err, "", "{}", name.display());
    }
}

#[test]
fn a_folder_that_is_not_there_ends_with_two() {
    let (code, out, err) = check(Path::new("/nowhere/at/all"));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("没有这个文件或文件夹"), "{err}");
}

#[test]
fn a_link_out_of_the_folder_is_refused() {
    let folder = copy();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("README.md")).unwrap();
    let (code, _, err) = check(folder.path());
    assert_eq!(code, Some(2));
    assert!(err.contains("no links"), "{err}");
}

#[test]
fn the_epidemic_pack_passes_its_own_tests() {
    let (code, out, err) = run("test", &epidemic());
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains(" 0 failures") && out.contains("0 处不符"), "{out}");
}

#[test]
fn a_changed_threshold_that_a_test_knows_is_told_by_the_test() {
    let folder = copy();
    let parameters = folder.path().join("parameters.toml");
    let text = fs::read_to_string(&parameters).unwrap();
    fs::write(&parameters, text.replace("value = 37.3", "value = 37.5")).unwrap();
    let (code, out, _) = run("test", folder.path());
    assert_eq!(code, Some(1));
    assert!(
        out.contains("tests/person.toml:")
            && out.contains("the rules that flag should be E-R05, and are none"),
        "{out}"
    );
    assert!(out.contains("1 failure, "), "{out}");
}

#[test]
fn a_rule_that_no_test_sees_flag_is_named() {
    let folder = copy();
    fs::remove_file(folder.path().join("tests/others.toml")).unwrap();
    let (code, out, _) = run("test", folder.path());
    assert_eq!(code, Some(1));
    assert!(out.contains("no test sees these rules flag: E-R07-home, E-R08, E-R09"), "{out}");
}

#[test]
fn building_writes_every_form_or_nothing() {
    let folder = copy();
    let out = folder
        .path()
        .join("..")
        .join(format!("{}-xforms", folder.path().file_name().unwrap().to_str().unwrap()));
    let build = || {
        let output = Command::new(env!("CARGO_BIN_EXE_wanjia"))
            .args(["programme", "build"])
            .arg(folder.path())
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        output.status.code()
    };
    let form = folder.path().join("forms/shift.md");
    let text = fs::read_to_string(&form).unwrap();
    fs::write(&form, text.replace("| decimal | hours", "| range | hours")).unwrap();
    assert_eq!((build(), out.exists()), (Some(1), false));
    fs::write(&form, text).unwrap();
    assert_eq!(build(), Some(0));
    let forms = fs::read_dir(folder.path().join("forms")).unwrap().count();
    assert_eq!(fs::read_dir(&out).unwrap().count(), forms);
    assert!(
        fs::read_to_string(out.join("returnee.xml"))
            .unwrap()
            .contains("<data id=\"returnee\" version=\"2020-03\">")
    );
    assert_eq!(build(), Some(2), "it is there already");
    fs::remove_dir_all(&out).unwrap();
}

/// A territory, and how its commands end.
struct Territory(tempfile::TempDir);

impl Territory {
    fn new() -> Self {
        let territory = Self(tempfile::tempdir().unwrap());
        territory.expect(0, &["init", "--data", "d"]);
        territory
    }

    fn expect(&self, code: i32, words: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wanjia"));
        let command = command.current_dir(self.0.path()).args(words).env_remove("WANJIA_KEY");
        let Output { status, stdout, stderr } = command.output().unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert_eq!(status.code(), Some(code), "{words:?}\n{told}");
        told
    }

    fn publish(&self, code: i32, pack: &Path, apply: bool) -> String {
        let pack = pack.to_str().unwrap();
        let words = ["programme", "publish", "--data", "d", pack, "--apply"];
        self.expect(code, &words[..if apply { 6 } else { 5 }])
    }

    fn sql<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        let ledger = rusqlite::Connection::open(self.0.path().join("d/territory-main.db")).unwrap();
        ledger.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// The second version: one limit shorter, one question more, one rule that tells another role.
fn second() -> tempfile::TempDir {
    let folder = copy();
    edit(folder.path(), "programme.toml", "version = \"2020-03\"", "version = \"2020-04\"");
    edit(folder.path(), "programme.toml", "in_force = 2020-03-01", "in_force = 2020-04-01");
    edit(folder.path(), "pathways/dependant.toml", "within = \"carer_h\"", "within = \"triage_h\"");
    edit(
        folder.path(),
        "forms/carer.md",
        "| choices",
        "| | text | carer_note | 照护交接 | Handed over | | | | | | personal | care | carer | case+14d |\n| choices",
    );
    folder
}

#[test]
fn a_version_is_published_once_and_the_record_holds_its_bytes() {
    let territory = Territory::new();
    let facts = || territory.sql::<i64>("select count(*) from facts");
    let before = facts();
    let told = territory.publish(0, &epidemic(), false);
    for part in ["no version before it", "nothing was written", "community_secretary", "之前没有版本"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(facts(), before, "a dry run writes nothing");

    territory.publish(0, &epidemic(), true);
    assert_eq!(facts(), before + 1);
    assert!(territory.publish(0, &epidemic(), true).contains("published already"));
    assert_eq!(facts(), before + 1, "the same again is no second fact");

    let spoilt = copy();
    edit(spoilt.path(), "pathways/dependant.toml", "within = \"carer_h\"", "within = \"triage_h\"");
    assert!(territory.publish(2, spoilt.path(), true).contains("published with other contents"));
    edit(spoilt.path(), "programme.toml", "version = \"2020-03\"", "version = \"2020-03b\"");
    assert!(territory.publish(2, spoilt.path(), true).contains("in force from 2020-03-01 too"));
    edit(spoilt.path(), "pathways/dependant.toml", "within = \"triage_h\"", "within = \"nothing\"");
    assert!(territory.publish(1, spoilt.path(), true).contains("pathways/dependant.toml"));
    assert_eq!(facts(), before + 1, "what was refused left nothing");

    let second = second();
    let told = territory.publish(0, second.path(), true);
    assert!(told.contains("what changes after version 2020-03") && told.contains("carer_note"), "{told}");
    assert_eq!(territory.sql::<i64>("select count(*) from edition"), 2);
    territory.expect(0, &["verify", "--data", "d"]);
    territory.expect(0, &["rebuild", "--data", "d"]);
    assert_eq!(territory.sql::<i64>("select count(*) from edition"), 2);
    assert_eq!(territory.sql::<i64>("select count(*) from pack"), 2, "a rebuild keeps the packs");
}

/// Someone who was feverish on arrival two days before the last day of the programme.
fn arrived(territory: &Territory) {
    let root = territory.0.path().join("d");
    let key = store::directory::find_key(&root, None, None).unwrap();
    let mut store = store::Store::open(&root, key).unwrap();
    let (office, door, person) = (store.book().own_series, Id([1; 16]), Id([2; 16]));
    let text = |text: &str| Given::Text(text.into());
    let given = [
        ("from_area", text("湖北武汉")),
        ("arrived_on", text("2020-12-28")),
        ("transport", text("train")),
        ("listed_area_14d", text("no")),
        ("near_case_14d", text("no")),
        ("dwelling_suitable", text("yes")),
        ("temp_c", Given::Decimal(38.5)),
        ("symptom", Given::List(vec![text("fever")])),
    ];
    let given = given.into_iter().map(|(name, given)| (name.to_owned(), given)).collect();
    let plain = programme::answer::encode(&given);
    let area = "420102002003".to_owned();
    let facts = [
        Body::AreaRegistered {
            code: area.clone(),
            name: area.clone(),
            level: Level::Community,
            parent: None,
        },
        Body::DwellingRegistered {
            dwelling: door,
            area,
            building: "3".into(),
            unit: "2".into(),
            room: "402".into(),
            place: Place::Home,
            found_by: FoundBy::Roster,
        },
        Body::PersonRegistered { person, dwelling: door },
    ];
    let answered = Body::Answered {
        subject: Subject::Person(person),
        dwelling: door,
        case: None,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        form: "returnee".into(),
        on: to_day("2020-12-28".parse().unwrap()),
    };
    store
        .write(1_609_200_000_000, |batch| {
            for fact in facts {
                batch.append(office, fact, None)?;
            }
            let sealed = store::Sealed { owner: person, plaintext: &plain, fresh: true };
            batch.append(office, answered, Some(sealed))
        })
        .unwrap();
}

#[test]
fn who_changes_under_a_new_version_is_told_before_it_is_published() {
    let territory = Territory::new();
    territory.publish(0, &epidemic(), true);
    arrived(&territory);
    let told = territory.publish(0, second().path(), false);
    assert!(told.contains("no flag comes or goes, 2 people and doors"), "{told}");

    let wider = second();
    edit(wider.path(), "rules.toml", "today - returnee.on <= 1 &&", "today - returnee.on <= 3 &&");
    let told = territory.publish(0, wider.path(), false);
    for part in
        ["judged on 2020-12-30 by both, 2 people and doors", "E-R05-arrival +1 -0", "抵达时发热或有症状"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("3-2-402"), "doors are told when they are asked for");
    let wider = wider.path().to_str().unwrap();
    let words = ["programme", "publish", "--data", "d", wider, "--list", "--apply"];
    let told = territory.expect(0, &words);
    assert!(told.contains("420102002003 3-2-402 + E-R05-arrival A fever or a symptom on arrival"), "{told}");
    assert_eq!(territory.sql::<i64>("select count(*) from edition"), 2);
}

#[test]
fn verify_misses_a_pack_and_tells_one_that_was_changed() {
    let territory = Territory::new();
    territory.publish(0, &epidemic(), true);
    let ledger = rusqlite::Connection::open(territory.0.path().join("d/territory-main.db")).unwrap();
    ledger.execute("update pack set bytes = x'80'", []).unwrap();
    assert!(territory.expect(2, &["verify", "--data", "d"]).contains("not those that were published"));
    ledger.execute("delete from pack", []).unwrap();
    assert!(
        territory.expect(2, &["verify", "--data", "d"]).contains("the bytes of epidemic 2020-03 are missing")
    );
}

#[test]
fn a_difference_is_told_in_words() {
    let (old, new) = (epidemic(), second());
    let words = ["programme", "diff", old.to_str().unwrap(), new.path().to_str().unwrap()];
    let output = Command::new(env!("CARGO_BIN_EXE_wanjia")).args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}

/// The tutorial as it stands: its files are written in their order, its commands run, and what it shows is what the program
/// says. What it makes is the pack in the repository.
#[test]
fn the_tutorial_makes_the_heat_pack() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tutorial = fs::read_to_string(root.join("docs/write-a-programme.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut files, mut commands) = (0, 0);
    for block in tutorial.split("\n```").skip(1).step_by(2) {
        let (information, content) = block.split_once('\n').unwrap();
        if let Some(("toml" | "text", path)) = information.split_once(' ') {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{content}\n")).unwrap();
            files += 1;
        } else {
            assert_eq!(information, "console", "{block}");
            for shown in content.split("$ wanjia ").skip(1) {
                let (command, expected) = shown.split_once('\n').unwrap();
                let output = Command::new(env!("CARGO_BIN_EXE_wanjia"))
                    .args(command.split(' '))
                    .current_dir(folder.path())
                    .output()
                    .unwrap();
                assert_eq!(
                    String::from_utf8(output.stdout).unwrap().trim_end(),
                    expected.trim_end(),
                    "{command}"
                );
                commands += 1;
            }
        }
    }
    assert!(files >= 9 && commands >= 5, "{files} files, {commands} commands");
    let (made, kept) = (texts(&folder.path().join("heat")), texts(&root.join("programmes/heat")));
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    for (path, text) in &made {
        assert_eq!(text, &kept[path], "{}", path.display());
    }
}

fn texts(folder: &Path) -> std::collections::BTreeMap<std::path::PathBuf, String> {
    let mut all = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}
