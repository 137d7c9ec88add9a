//! What the command line leaves for others: a signed head to keep, a record of who read the names, a quiet end.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use domain::fact::{Body, Fact};
use ledger::envelope::Envelope;
use rusqlite::Connection;
use store::directory::Directory;

const AREAS: &str =
    "code,name,level,parent_code\n420102,江岸区,county,\n420102001001,桃源社区,community,420102\n";
const MORE: &str = "code,name,level,parent_code\n420102001002,兰陵社区,community,420102\n";
/// The total stands under the name, and its number under the relation.
const ROSTER: &str = "area_code,building,unit,room,name,sex,birth_date,id_number,phone,relation
420102001001,3,2,402,王东军,男,1970-01-01,,10013800001,户主
420102001001,3,2,402,李梅,女,1972-03-04,,10013800002,配偶
,,,,合计,,,,,2人
";
const VISITS: &str = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note
420102001001,3,2,402,2020-02-17T19:00:00+08:00,away,off,W1,2020-02-20,王东军去了孝感
";

struct Office {
    folder: tempfile::TempDir,
    sweep: String,
}

impl Office {
    fn new() -> Self {
        let mut office = Self { folder: tempfile::tempdir().unwrap(), sweep: String::new() };
        for (name, text) in
            [("areas.csv", AREAS), ("areas2.csv", MORE), ("roster.csv", ROSTER), ("visits.csv", VISITS)]
        {
            fs::write(office.path(name), text).unwrap();
        }
        office.expect(0, "init --data d");
        office.expect(0, "import areas --data d areas.csv");
        let told = office.expect(0, "import roster --data d roster.csv");
        assert!(told.contains("added 2 changed 0 left 0 refused 0 skipped 1"), "{told}");
        let open =
            "sweep open --data d --area 420102 --programme epidemic --deadline 2020-02-19T23:59:59+08:00";
        office.sweep = office.expect(0, open).lines().next().unwrap().to_owned();
        office.expect(0, &format!("import visits --data d --sweep {} visits.csv", office.sweep));
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wanjia"));
        command.current_dir(self.folder.path()).args(line.split_whitespace()).env_remove("WANJIA_KEY");
        command
    }

    fn expect(&self, code: i32, line: &str) -> String {
        let Output { status, stdout, stderr } = self.command(line).output().unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert_eq!(status.code(), Some(code), "{line}\n{told}");
        told
    }

    fn newest(&self) -> Body {
        let ledger = Connection::open(self.path("d/territory-main.db")).unwrap();
        let bytes: Vec<u8> = ledger
            .query_row("select fact from facts order by position desc limit 1", [], |row| row.get(0))
            .unwrap();
        Fact::decode(&Envelope::decode(&bytes).unwrap().payload).unwrap().body
    }

    fn size(&self) -> u64 {
        let ledger = Connection::open(self.path("d/territory-main.db")).unwrap();
        ledger.query_row("select count(*) from facts", [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_head_kept_elsewhere_tells_a_rewritten_past() {
    let office = Office::new();
    fs::create_dir(office.path("earlier")).unwrap();
    for file in fs::read_dir(office.path("d")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), office.path("earlier").join(file.file_name())).unwrap();
    }
    office.expect(0, "import areas --data d areas2.csv");
    let head = office.expect(0, "checkpoint --data d");
    assert!(office.expect(0, "verify --data d").ends_with(&head), "verify prints it too");
    fs::write(office.path("kept.txt"), &head).unwrap();
    let told = office.expect(0, "verify --data d --head kept.txt");
    assert!(told.contains("kept in kept.txt") && told.contains("kept.txt 里保存的"), "{told}");
    office.expect(0, &format!("reconcile --data d --sweep {} --csv out.csv", office.sweep));
    assert_ne!(office.expect(0, "checkpoint --data d"), head);
    office.expect(0, "verify --data d --head kept.txt");
    // Another history under the same key: sound in itself, and not the one that was shown.
    fs::copy(office.path("d.key"), office.path("first.key")).unwrap();
    fs::remove_dir_all(office.path("d")).unwrap();
    fs::remove_file(office.path("d.key")).unwrap();
    office.expect(0, "init --data d");
    office.expect(0, "verify --data d");
    let told = office.expect(2, "verify --data d --head kept.txt");
    assert!(!told.contains("账本完整"), "{told}");
    assert!(told.contains("kept.txt") && told.contains("another territory's of the same name"), "{told}");
    // The same territory, put back to before the head was signed.
    fs::remove_dir_all(office.path("d")).unwrap();
    fs::rename(office.path("earlier"), office.path("d")).unwrap();
    office.expect(0, "verify --data d");
    let told = office.expect(2, "verify --data d --head kept.txt");
    assert!(
        told.contains("the head kept in kept.txt does not hold") && told.contains("末尾被截断"),
        "{told}"
    );
}

#[test]
fn a_file_that_holds_no_head_of_this_territory_is_named() {
    let office = Office::new();
    office.expect(0, "init --data other --territory hanyang");
    let other = office.expect(0, "checkpoint --data other");
    let head = office.expect(0, "checkpoint --data d");
    let changed = head.replacen("wanjia/main\n", "wanjia/main\n1", 1);
    let cases = [
        ("empty.txt", "", "empty.txt is empty", "empty.txt 是空的"),
        ("letter.txt", "Dear sir,\n", "letter.txt holds no signed tree head", "letter.txt 里不是签名的树头"),
        (
            "other.txt",
            &other,
            "other.txt is of \"wanjia/hanyang\", and this territory is \"wanjia/main\"",
            "属于",
        ),
        ("changed.txt", &changed, "changed.txt: ", "changed.txt："),
    ];
    for (name, text, en, zh) in cases {
        fs::write(office.path(name), text).unwrap();
        let told = office.expect(2, &format!("verify --data d --head {name}"));
        assert!(told.contains(en) && told.contains(zh), "{told}");
    }
    let told = office.expect(2, "verify --data d --head nowhere.txt");
    assert!(told.contains("nowhere.txt") && told.contains("没有这个文件"), "{told}");
}

#[test]
fn names_are_read_with_a_record_or_not_at_all() {
    let office = Office::new();
    let reconcile = format!("reconcile --data d --sweep {} --area 420102001001 --csv out.csv", office.sweep);
    let before = office.size();
    office.expect(0, &reconcile);
    assert_eq!(office.size(), before + 1);
    let Body::ListRevealed { area, purpose, persons, sweep } = office.newest() else { panic!("no record") };
    assert_eq!(
        (area.as_str(), purpose, persons, sweep.to_string()),
        ("420102001001", 0, 2, office.sweep.clone())
    );
    let with_names = fs::read_to_string(office.path("out.csv")).unwrap();
    assert!(with_names.contains("王东军") && with_names.contains("李梅"));

    office.expect(0, &format!("sheet --data d --sweep {} --area 420102001001 --xlsx a.xlsx", office.sweep));
    assert_eq!(office.size(), before + 1, "a sheet without names reads none");
    office.expect(
        0,
        &format!("sheet --data d --sweep {} --area 420102001001 --names --xlsx a.xlsx", office.sweep),
    );
    assert!(matches!(office.newest(), Body::ListRevealed { purpose: 3, .. }));

    // As while a server runs.
    let size = office.size();
    let held = Directory::find(&office.path("d")).unwrap().lock().unwrap();
    let told = office.expect(0, &reconcile);
    assert!(told.contains("left empty") && told.contains("姓名留空"), "{told}");
    let without = fs::read_to_string(office.path("out.csv")).unwrap();
    assert!(!without.contains("王东军") && !without.contains("李梅"));
    assert_eq!(without.lines().count(), with_names.lines().count(), "only the names are missing");
    drop(held);
    assert_eq!(office.size(), size);
}

#[test]
fn what_was_noted_at_a_door_is_erased_by_its_id() {
    let office = Office::new();
    let doors = Connection::open(office.path("d/territory-main.db")).unwrap();
    let id: String = doors.query_row("select hex(id) from dwelling", [], |row| row.get(0)).unwrap();
    drop(doors);
    assert!(office.expect(0, &format!("erase --data d --dwelling {id}")).contains("erased 1"));
    assert!(matches!(office.newest(), Body::NotesErased { .. }));
    let told = office.expect(0, "verify --data d");
    assert!(told.contains("contents 2 erased 1"), "{told}");
    office.expect(2, "erase --data d --dwelling 00000000000000000000000000000001");
    office.expect(2, "erase --data d");
}

#[test]
fn whoever_stops_reading_is_not_told_of_a_panic() {
    let office = Office::new();
    for line in ["verify --data d", &format!("reconcile --data d --sweep {} --csv -", office.sweep), "--help"]
    {
        let mut child = office.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("panicked"), "{line}: {told}");
    }
}
