//! A day on which people are seen who are on no list under the name and at the door where they were seen: whom they may
//! be is proposed, and nobody is linked.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use domain::fact::{Body, Fact};
use ledger::envelope::Envelope;
use rusqlite::Connection;

const AREAS: &str = "code,name,level,parent_code
420102,江岸区,county,
420102001,大智街道,township,420102
420102001001,桃源社区,community,420102001
420102001002,兰陵社区,community,420102001
";
const HEADER: &str = "area_code,building,unit,room,name,sex,birth_date,id_number,phone,relation\n";
const LISTED: &str = "420102001001,3,2,402,王东军,男,1970-03-04,,10013800001,户主
420102001001,3,2,402,李梅,女,1972-03-04,,10013800002,配偶
420102001002,1,1,101,郭靖,男,1988-08-08,,,户主
420102001002,1,1,102,王秀兰,女,1951-05-05,,10013700009,户主
420102001002,1,1,102,李国强,男,1949-02-02,,10013700009,配偶
420102001002,1,1,103,欧阳锋,男,1960-06-06,,,户主
";
const VISITS: &str = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note
420102001001,5,1,301,2020-02-17T19:00:00+08:00,met,on,W1,,
420102001001,5,1,302,2020-02-17T19:05:00+08:00,met,on,W1,,
";
/// By sound, moved, by a form of address, and a stranger.
const SEEN: &str = "area_code,building,unit,room,at,name,sex,birth_date,id_number,phone
420102001001,5,1,301,2020-02-17T19:00:00+08:00,王冬军,男,1970-03-04,,
420102001001,5,1,302,2020-02-17T19:01:00+08:00,郭靖,男,1988-08-08,,
420102001001,5,1,302,2020-02-17T19:01:00+08:00,王阿姨,女,,,10013700009
420102001001,5,1,301,2020-02-17T19:02:00+08:00,慕容复,男,1999-09-09,,
";

struct Day {
    folder: tempfile::TempDir,
    sweep: String,
}

impl Day {
    fn new() -> Self {
        let mut day = Self { folder: tempfile::tempdir().unwrap(), sweep: String::new() };
        // Others, so that a name, a sound and a birth date are as common or as rare as in a small community.
        let mut roster = format!("{HEADER}{LISTED}");
        let (surnames, given) = ("赵钱孙周吴郑冯陈褚卫", "伟芳娜敏静丽强磊洋艳");
        for (number, (surname, one)) in
            surnames.chars().flat_map(|surname| given.chars().map(move |one| (surname, one))).enumerate()
        {
            let (year, month, day) = (1940 + number * 7 % 70, 1 + number % 12, 1 + number * 5 % 28);
            let (floor, door) = (1 + number / 10, 1 + number % 10);
            let sex = if number % 2 == 0 { "男" } else { "女" };
            writeln!(
                roster,
                "420102001001,9,1,{floor}{door:02},{surname}{one},{sex},{year}-{month:02}-{day:02},,,户主"
            )
            .unwrap();
        }
        for (name, text) in [
            ("areas.csv", AREAS),
            ("roster.csv", roster.as_str()),
            ("visits.csv", VISITS),
            ("seen.csv", SEEN),
        ] {
            fs::write(day.path(name), text).unwrap();
        }
        day.expect(0, "init --data d");
        day.expect(0, "import areas --data d areas.csv");
        day.expect(0, "import roster --data d roster.csv");
        let open =
            "sweep open --data d --area 420102 --programme epidemic --deadline 2020-02-19T23:59:59+08:00";
        day.sweep = day.expect(0, open).lines().next().unwrap().to_owned();
        day.expect(0, &format!("import visits --data d --sweep {} --persons seen.csv visits.csv", day.sweep));
        day
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn expect(&self, code: i32, line: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wanjia"));
        command.current_dir(self.folder.path()).args(line.split_whitespace()).env_remove("WANJIA_KEY");
        let output = command.output().unwrap();
        let told =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{line}\n{told}");
        told
    }

    fn propose(&self) -> String {
        self.expect(0, &format!("propose --data d --sweep {}", self.sweep))
    }

    fn coverage(&self) -> String {
        self.expect(0, &format!("coverage --data d --sweep {} --json", self.sweep))
    }

    /// The lines of the reconcile but for the names, and `id -> name`.
    fn reconcile(&self) -> (BTreeSet<String>, BTreeMap<String, String>) {
        self.expect(0, &format!("reconcile --data d --sweep {} --csv out.csv", self.sweep));
        let (mut lines, mut names) = (BTreeSet::new(), BTreeMap::new());
        for row in csv::Reader::from_path(self.path("out.csv")).unwrap().records() {
            let row = row.unwrap();
            names.insert(row[1].replace('-', ""), row[6].to_owned());
            lines.insert(row.iter().collect::<Vec<_>>().join(","));
        }
        (lines, names)
    }

    fn proposed(&self) -> Vec<Body> {
        let ledger = Connection::open(self.path("d/territory-main.db")).unwrap();
        let mut read = ledger.prepare("select fact from facts order by position").unwrap();
        let facts = read.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let bodies =
            facts.map(|fact| Fact::decode(&Envelope::decode(&fact.unwrap()).unwrap().payload).unwrap().body);
        bodies.filter(|body| matches!(body, Body::LinkProposed { .. })).collect()
    }
}

#[test]
fn the_moved_the_homophone_and_the_nickname_are_proposed_and_nobody_is_linked() {
    let day = Day::new();
    let (before, names) = day.reconcile();
    let coverage = day.coverage();
    let told = day.propose();
    assert!(told.contains("proposed 3 compared 4 waiting 3") && told.contains("提出 3 条"), "{told}");
    let name = |id: domain::id::Id| names[&id.to_string().replace('-', "")].as_str();
    let pairs: BTreeSet<(&str, &str)> = day
        .proposed()
        .into_iter()
        .map(|body| {
            let Body::LinkProposed { from, to, per_mille, model } = body else { panic!("{body:?}") };
            assert!((100..=1000).contains(&per_mille), "{} {} {per_mille}", name(from), name(to));
            assert_ne!(model, [0; 32]);
            (name(from), name(to))
        })
        .collect();
    assert_eq!(
        pairs,
        BTreeSet::from([("王冬军", "王东军"), ("郭靖", "郭靖"), ("王阿姨", "王秀兰")]),
        "{:?}",
        day.proposed()
    );
    assert_eq!(day.reconcile().0, before, "a proposal moves no line");
    assert_eq!(day.coverage(), coverage, "and no number");
    assert!(day.propose().contains("proposed 0 compared 4 waiting 3"), "what waits is not proposed again");
    day.expect(0, "verify --data d");
    day.expect(0, "rebuild --data d --check");
}

#[test]
fn the_same_facts_give_the_same_proposals() {
    let day = Day::new();
    fs::create_dir(day.path("copy")).unwrap();
    for entry in fs::read_dir(day.path("d")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, day.path("copy").join(path.file_name().unwrap())).unwrap();
    }
    fs::copy(day.path("d.key"), day.path("copy.key")).unwrap();
    day.propose();
    let first = day.proposed();
    fs::remove_dir_all(day.path("d")).unwrap();
    fs::rename(day.path("copy"), day.path("d")).unwrap();
    assert!(day.proposed().is_empty());
    day.propose();
    assert_eq!(day.proposed(), first);
}

#[test]
fn an_erased_person_is_proposed_no_more() {
    let day = Day::new();
    day.propose();
    let (_, names) = day.reconcile();
    let (erased, _) = names.iter().find(|(_, name)| *name == "王东军").unwrap();
    let id: domain::id::Id = erased.parse().unwrap();
    day.expect(0, &format!("erase --data d --person {id}"));
    let views = Connection::open(day.path("d/territory-main.db")).unwrap();
    let left: u32 = views
        .query_row("select count(*) from proposal where candidate = ?1 or person = ?1", [id.0], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(left, 0);
    drop(views);
    assert!(day.propose().contains("proposed 0"));
    day.expect(0, "rebuild --data d --check");
}

#[test]
fn decisions_re_weigh_the_model_when_asked_and_name_nobody() {
    let day = Day::new();
    day.propose();
    let told = day.expect(0, "propose --data d --learn");
    assert!(told.contains("nothing was learnt") && told.contains("没有学到什么"), "{told}");
    assert!(!told.contains("before") && !day.path("d/linkage.json").exists(), "{told}");
    let pairs: Vec<_> = day
        .proposed()
        .into_iter()
        .map(|body| match body {
            Body::LinkProposed { from, to, model, .. } => (from, to, model),
            body => panic!("{body:?}"),
        })
        .collect();
    let key = store::directory::find_key(&day.path("d"), None, None).unwrap();
    let mut store = store::Store::open(&day.path("d"), key).unwrap();
    store
        .write(1_582_000_000_000, |batch| {
            for (from, to, _) in &pairs {
                let actor = domain::id::Id([9; 16]);
                batch.append(actor, Body::LinkDeclined { from: *from, to: *to }, None)?;
            }
            Ok(())
        })
        .unwrap();
    drop(store);
    let told = day.expect(0, "propose --data d --learn");
    assert!(told.contains("learnt from 0 linked and 3 declined") && told.contains("3 对认作两人"), "{told}");
    assert!(told.contains("name: same sound / 同音"), "{told}");
    let levels: Vec<&str> =
        told.lines().filter_map(|line| line.split_once("  ")).map(|line| line.0).collect();
    assert!(levels.len() > 20 && levels.iter().collect::<BTreeSet<_>>().len() == levels.len(), "{told}");
    let text = fs::read_to_string(day.path("d/linkage.json")).unwrap();
    let model: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(model["shift"].as_f64().unwrap() < 0.0, "three times no makes every pair less likely");
    for name in ["王", "郭靖", "10013700009"] {
        assert!(!text.contains(name));
    }
    // The same decisions again teach nothing more.
    day.expect(0, "propose --data d --learn");
    assert_eq!(fs::read_to_string(day.path("d/linkage.json")).unwrap(), text);
    assert!(day.propose().contains("proposed 0"), "what was declined is not proposed again");
    day.expect(0, "verify --data d");
    day.expect(0, "rebuild --data d --check");
    fs::write(day.path("d/linkage.json"), "{}").unwrap();
    let told = day.expect(2, &format!("propose --data d --sweep {}", day.sweep));
    assert!(told.contains("linkage.json is no model") && told.contains("初始模型"), "{told}");
}

#[test]
fn what_cannot_be_proposed_for_is_refused() {
    let day = Day::new();
    let told = day.expect(2, "propose --data d --sweep 00000000000000000000000000000001");
    assert!(told.contains("no sweep") && told.contains("没有编号"), "{told}");
    day.expect(2, "propose --data nowhere --sweep 00000000000000000000000000000001");
    day.expect(0, &format!("sweep close --data d --sweep {} --sign-all", day.sweep));
    let told = day.expect(2, &format!("propose --data d --sweep {}", day.sweep));
    assert!(told.contains("is closed"), "{told}");
}
