//! Accounts through the command line, and the rules of signing in.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use ledger::seal::TerritoryKey;
use store::control::ADDRESS_FAILURE_LIMIT;
use store::{Control, directory};
use wanjia::app::accounts::{SignIn, code_of, sign_in};

const NOW: i64 = 1_900_000_000_000;
const STEP: i64 = 30_000;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.expect(0, "init --data data");
        let areas = "code,name,level,parent_code\n4201,武汉市,city,\n420102,江岸区,county,4201\n";
        std::fs::write(place.folder.path().join("areas.csv"), areas).unwrap();
        place.expect(0, "import areas --data data areas.csv");
        place
    }

    fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_wanjia"))
            .current_dir(self.folder.path())
            .args(line.split_whitespace())
            .env_remove("WANJIA_KEY")
            .output()
            .unwrap()
    }

    fn expect(&self, code: i32, line: &str) -> String {
        let output = self.run(line);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{line}\n{out}\n{err}");
        if code == 0 { out.into_owned() } else { err.into_owned() }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn control(&self) -> Control {
        let key = directory::find_key(&self.root(), None, None).unwrap();
        Control::open(&self.root(), Arc::new(key)).unwrap()
    }

    /// Makes an account and gives its password and its second factor.
    fn add(&self, username: &str) -> (String, String) {
        secrets(&self.expect(
            0,
            &format!(
                "account add --data data --username {username} --role street --area 420102 --name 周主任"
            ),
        ))
    }
}

fn secrets(printed: &str) -> (String, String) {
    let field = |name: &str| {
        let line = printed.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    (field("password"), field("otpauth"))
}

fn outcome(
    control: &Control,
    username: &str,
    password: &str,
    code: &str,
    address: &str,
    now: i64,
) -> &'static str {
    match sign_in(control, (username, password, code), address, |_| Ok(true), now).unwrap() {
        SignIn::Done { .. } => "done",
        SignIn::Wrong => "wrong",
        SignIn::Wait(seconds) => {
            assert!((1..=15 * 60).contains(&seconds), "{seconds}");
            "wait"
        }
    }
}

#[test]
fn accounts_are_added_listed_reset_and_ended() {
    let place = Place::new();
    let (password, otpauth) = place.add("zhou");
    assert!(password.len() == 23 && otpauth.starts_with("otpauth://totp/wanjia:zhou?secret="), "{otpauth}");
    let line = place.expect(0, "account list --data data");
    assert!(line.starts_with("zhou street 420102 20"), "{line}");
    assert!(place.expect(0, "doctor --data data").contains("control.db"));
    let code = place.expect(0, "account code --data data --username zhou");
    assert!(code.trim().len() == 6 && code.trim().bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    let (reset, changed) = secrets(&place.expect(0, "account reset --data data --username zhou"));
    assert!(reset != password && changed != otpauth);
    place.expect(0, "account end --data data --username zhou");
    assert!(place.expect(0, "account list --data data").starts_with("zhou - - "));
    let again = place.expect(2, "account end --data data --username zhou");
    assert!(again.contains("no right any more") && again.contains("权限已经终止"), "{again}");
    place.expect(0, "verify --data data");
    place.expect(0, "rebuild --data data --check");
}

#[test]
fn what_cannot_be_is_refused_in_both_languages() {
    let place = Place::new();
    place.add("zhou");
    for (line, en, zh) in [
        ("--username zhou --role clerk --area 420102", "exists", "已经有"),
        ("--username Zhou --role clerk --area 420102", "small letters", "小写字母"),
        ("--username li --role mayor --area 420102", "there is no role mayor", "没有名为"),
        ("--username li --role grid_worker --area 420102", "has a phone", "用手机"),
        ("--username li --role clerk --area 999", "no area has the code 999", "没有编码"),
    ] {
        let told = place.expect(2, &format!("account add --data data {line}"));
        assert!(told.contains(en) && told.contains(zh), "{told}");
    }
    let told = place.expect(2, "account reset --data data --username nobody");
    assert!(told.contains("no account named nobody") && told.contains("没有用户名"), "{told}");
}

/// Where the roles are of programmes to which she is appointed now.
fn appointed(place: &Place) -> Vec<(String, String, String)> {
    let key = directory::find_key(&place.root(), None, None).unwrap();
    let reader = store::Reader::open(&place.root(), Some(Arc::new(key))).unwrap();
    let who = place.control().accounts().unwrap().first().unwrap().id;
    let roles = reader.appointments(who).unwrap();
    let code = |area| reader.book().areas.code(area).to_owned();
    roles.into_iter().map(|role| (role.programme, role.role, code(role.area))).collect()
}

#[test]
fn an_account_is_appointed_within_its_area_to_a_role_that_is_published_until_that_ends() {
    let place = Place::new();
    place.add("zhou");
    let appoint = |role: &str, rest: &str| {
        format!("account appoint --data data --username zhou --programme epidemic --role {role} {rest}")
    };
    let early = place.expect(2, &appoint("doctor", "--area 420102"));
    assert!(early.contains("no programme epidemic is published") && early.contains("没有发布"), "{early}");
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programmes/epidemic");
    place.expect(0, &format!("programme publish --data data {pack} --apply"));
    for (line, en, zh) in [
        (appoint("mayor", "--area 420102"), "has no role mayor", "没有角色"),
        (appoint("doctor", "--area 999"), "no area has the code 999", "没有编码"),
        (appoint("doctor", "--area 4201"), "not within the area", "权限范围"),
    ] {
        let told = place.expect(2, &line);
        assert!(told.contains(en) && told.contains(zh), "{told}");
    }
    assert_eq!(appointed(&place), []);
    let told = place.expect(0, &appoint("doctor", "--area 420102"));
    assert!(told.contains("epidemic doctor in 420102"), "{told}");
    let doctor = ("epidemic".to_owned(), "doctor".to_owned(), "420102".to_owned());
    assert_eq!(appointed(&place), [doctor]);
    let told = place.expect(0, &appoint("doctor", "--end"));
    assert!(told.contains("ended") && told.contains("不再任"), "{told}");
    assert_eq!(appointed(&place), []);
    place.expect(0, "verify --data data");
    place.expect(0, "rebuild --data data --check");
}

#[test]
fn a_sign_in_needs_name_password_and_a_code_not_used_before() {
    let place = Place::new();
    let (password, otpauth) = place.add("zhou");
    let control = place.control();
    let code = |at: i64| code_of(&otpauth, at).unwrap();
    let mut tries = 0;
    let mut at = |username: &str, password: &str, code: &str, now: i64| {
        tries += 1;
        outcome(&control, username, password, code, &format!("address {tries}"), now)
    };
    assert_eq!(at("li", &password, &code(NOW), NOW), "wrong");
    assert_eq!(at("zhou", "not it", &code(NOW), NOW), "wrong");
    assert_eq!(at("zhou", &password, &code(NOW + 10 * STEP), NOW), "wrong");
    assert_eq!(at("zhou", &password, "", NOW), "wrong");
    assert_eq!(at("zhou", &password, &code(NOW), NOW), "done");
    assert_eq!(at("zhou", &password, &code(NOW), NOW), "wrong", "a code is used once");
    assert_eq!(at("zhou", &password, &code(NOW - STEP), NOW), "wrong", "nor one from before it");
    assert_eq!(at("zhou", &password, &code(NOW + STEP), NOW + STEP), "done");
    assert_eq!(at("zhou", &"x".repeat(100_000), &code(NOW + 2 * STEP), NOW + 2 * STEP), "wrong");
}

#[test]
fn five_failures_of_a_name_or_fifty_from_an_address_close_the_door_for_a_while() {
    let place = Place::new();
    let (password, otpauth) = place.add("zhou");
    let control = place.control();
    for tried in 0..5 {
        assert_eq!(outcome(&control, "zhou", "guess", "000000", &format!("address {tried}"), NOW), "wrong");
    }
    let right = |address: &str, now: i64| {
        outcome(&control, "zhou", &password, &code_of(&otpauth, now).unwrap(), address, now)
    };
    assert_eq!(right("home", NOW + 60_000), "wait", "even with everything right");
    assert_eq!(right("home", NOW + 15 * 60_000), "done");
    // Colleagues behind one address do not close it for each other so soon.
    for colleague in 1..ADDRESS_FAILURE_LIMIT {
        control.try_sign_in(&format!("{colleague}"), "office", NOW + 3_600_000).unwrap().unwrap();
    }
    assert_eq!(outcome(&control, "a", "guess", "000000", "office", NOW + 3_600_000), "wrong");
    assert_eq!(right("office", NOW + 3_600_000 + STEP), "wait");
    assert_eq!(right("home", NOW + 3_600_000 + STEP), "done");
}

#[test]
fn tries_made_at_once_are_all_counted() {
    let place = Place::new();
    place.add("zhou");
    let control = place.control();
    let outcomes: Vec<&str> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..12)
            .map(|n| {
                let control = &control;
                scope.spawn(move || outcome(control, "zhou", "guess", "000000", &format!("address {n}"), NOW))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "wrong").count(), 5);
}

#[test]
fn who_has_no_right_does_not_enter_though_all_is_right() {
    let place = Place::new();
    let (password, otpauth) = place.add("zhou");
    let control = place.control();
    let code = code_of(&otpauth, NOW).unwrap();
    let refused = sign_in(&control, ("zhou", &password, &code), "a", |_| Ok(false), NOW).unwrap();
    assert!(matches!(refused, SignIn::Wrong));
}

#[test]
fn another_key_opens_no_account() {
    let place = Place::new();
    place.add("zhou");
    let stranger = Control::open(&place.root(), Arc::new(TerritoryKey::from_bytes([9; 32]))).unwrap();
    let failure = sign_in(&stranger, ("zhou", "x", "000000"), "a", |_| Ok(true), NOW);
    assert!(failure.is_err());
}
