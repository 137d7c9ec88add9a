//! Accounts, sessions, invitations and the limit on sign-ins; none of it in clear, and none of it a right.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::Arc;

use domain::id::Id;
use ledger::seal::TerritoryKey;
use store::control::{
    ADDRESS_FAILURE_LIMIT, Account, Control, FAILURE_LIMIT, FAILURE_WINDOW, INVITATION_LIMIT, Invitation,
    Invited, PHONE_SEEN_STEP, Phone, SESSION_IDLE, SESSION_LIMIT,
};
use store::{Store, StoreError};

const NOW: i64 = 1_582_000_000_000;
const NAME: &str = "周书记";
const WORKER: &str = "吴网格员";

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        Store::create(&place.root(), "test", TerritoryKey::from_bytes([7; 32]), NOW).unwrap();
        place
    }

    fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn control(&self) -> Control {
        Control::open(&self.root(), Arc::new(TerritoryKey::from_bytes([7; 32]))).unwrap()
    }
}

fn account() -> Account {
    Account {
        id: Id([1; 16]),
        username: "zhou".into(),
        name: NAME.into(),
        password: "$argon2id$".into(),
        secret: b"twenty secret bytes!".to_vec(),
        last_step: 0,
        created_at: NOW,
    }
}

fn invitation() -> Invitation {
    Invitation {
        worker: Id([3; 16]),
        worker_name: WORKER.into(),
        area: "A".into(),
        role: 0,
        inviter: Id([1; 16]),
        expires_at: NOW + INVITATION_LIMIT,
        ends_at: Some(NOW + 1),
        acts_as: vec![("livelihood".into(), "helper".into()), ("livelihood".into(), "village_cadre".into())],
    }
}

#[test]
fn accounts_come_back_and_a_name_is_taken_once() {
    let place = Place::new();
    let control = place.control();
    control.add_account(&account()).unwrap();
    assert_eq!(control.account_named("zhou").unwrap(), Some(account()));
    assert_eq!(control.account(Id([1; 16])).unwrap(), Some(account()));
    assert_eq!(control.accounts().unwrap(), [account()]);
    let again = control.add_account(&Account { id: Id([2; 16]), ..account() });
    assert!(matches!(again, Err(StoreError::Refused(refusal)) if refusal.code == "username_taken"));
    let stranger = Control::open(&place.root(), Arc::new(TerritoryKey::from_bytes([8; 32]))).unwrap();
    assert!(matches!(stranger.account_named("zhou"), Err(StoreError::Seal(_))));
}

#[test]
fn names_and_secrets_lie_sealed_in_every_file() {
    let place = Place::new();
    let control = place.control();
    control.add_account(&account()).unwrap();
    control.invite(&[5; 32], &invitation(), NOW).unwrap();
    let phone = Phone { worker: Id([3; 16]), worker_name: WORKER.into(), seen_at: NOW };
    control.add_phone(Id([4; 16]), &[6; 32], &phone).unwrap();
    control.try_sign_in("zhou-who-failed", "192.0.2.77", NOW).unwrap().unwrap();
    for entry in std::fs::read_dir(place.root()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in
            [NAME.as_bytes(), WORKER.as_bytes(), b"twenty secret bytes!", b"192.0.2.77", b"zhou-who-failed"]
        {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[test]
fn a_session_ends_when_idle_and_in_any_case_after_its_limit() {
    let place = Place::new();
    let control = place.control();
    control.add_account(&account()).unwrap();
    assert!(control.open_session(&account(), "a", 10, &[1; 32], NOW).unwrap());
    assert!(!control.open_session(&account(), "a", 10, &[2; 32], NOW).unwrap(), "the step was used");
    assert_eq!(control.session(&[2; 32], NOW).unwrap(), None);
    let idle = NOW + SESSION_IDLE;
    assert_eq!(control.session(&[1; 32], idle - 1).unwrap(), Some(account().id));
    assert_eq!(control.session(&[1; 32], idle + SESSION_IDLE - 2).unwrap(), Some(account().id));
    assert_eq!(control.session(&[1; 32], idle + 3 * SESSION_IDLE).unwrap(), None);

    assert!(control.open_session(&account(), "a", 11, &[3; 32], NOW).unwrap());
    let mut at = NOW;
    while at < NOW + SESSION_LIMIT {
        assert_eq!(control.session(&[3; 32], at).unwrap(), Some(account().id), "{}", at - NOW);
        at += SESSION_IDLE - 1;
    }
    assert_eq!(control.session(&[3; 32], NOW + SESSION_LIMIT).unwrap(), None);
}

#[test]
fn a_reset_ends_sessions_and_closing_ends_one() {
    let place = Place::new();
    let control = place.control();
    control.add_account(&account()).unwrap();
    for (step, token) in [(1, [1; 32]), (2, [2; 32]), (3, [3; 32])] {
        assert!(control.open_session(&account(), "a", step, &token, NOW).unwrap());
    }
    control.close_session(&[1; 32]).unwrap();
    assert_eq!(control.session(&[1; 32], NOW).unwrap(), None);
    assert_eq!(control.session(&[2; 32], NOW).unwrap(), Some(account().id));
    control.reset_account(account().id, "$new", b"another secret of 20").unwrap();
    assert_eq!(control.session(&[2; 32], NOW).unwrap(), None);
    let changed = control.account_named("zhou").unwrap().unwrap();
    assert_eq!((changed.password.as_str(), changed.last_step), ("$new", 0));
    assert_eq!(changed.secret, b"another secret of 20");
}

#[test]
fn too_many_failures_by_name_or_by_address_wait() {
    let place = Place::new();
    let control = place.control();
    control.add_account(&account()).unwrap();
    for tried in 0..FAILURE_LIMIT {
        let at = NOW + i64::try_from(tried).unwrap();
        assert_eq!(control.try_sign_in("zhou", &format!("address {tried}"), at).unwrap(), Ok(()));
    }
    let later = NOW + 60_000;
    assert_eq!(control.try_sign_in("zhou", "elsewhere", later).unwrap(), Err(FAILURE_WINDOW - 60_000));
    assert_eq!(
        control.try_sign_in("li", "elsewhere", later).unwrap(),
        Ok(()),
        "a refused try is not counted"
    );
    assert_eq!(control.try_sign_in("zhou", "elsewhere", NOW + FAILURE_WINDOW).unwrap(), Ok(()));

    for colleague in 0..ADDRESS_FAILURE_LIMIT {
        assert_eq!(control.try_sign_in(&format!("{colleague}"), "one address", later).unwrap(), Ok(()));
    }
    assert!(control.try_sign_in("f", "one address", later).unwrap().is_err());
    assert!(control.try_sign_in("f", "another address", later).unwrap().is_ok());
}

#[test]
fn a_right_sign_in_takes_its_try_back() {
    let place = Place::new();
    let control = place.control();
    control.add_account(&account()).unwrap();
    for step in 1..20 {
        assert_eq!(control.try_sign_in("zhou", "office", NOW).unwrap(), Ok(()));
        let mut token = [0; 32];
        token[0] = u8::try_from(step).unwrap();
        assert!(control.open_session(&account(), "office", step, &token, NOW).unwrap());
    }
}

#[test]
fn an_invitation_is_taken_once_and_in_time() {
    let place = Place::new();
    let control = place.control();
    control.invite(&[5; 32], &invitation(), NOW).unwrap();
    control.invite(&[6; 32], &invitation(), NOW).unwrap();
    assert_eq!(control.take_invitation(&[9; 32], NOW).unwrap(), Invited::Unknown);
    assert_eq!(control.take_invitation(&[5; 32], NOW).unwrap(), Invited::Taken(invitation()));
    assert_eq!(control.take_invitation(&[5; 32], NOW).unwrap(), Invited::Used);
    control.return_invitation(&[5; 32]).unwrap();
    assert_eq!(control.take_invitation(&[5; 32], NOW).unwrap(), Invited::Taken(invitation()));
    assert_eq!(control.take_invitation(&[6; 32], NOW + INVITATION_LIMIT).unwrap(), Invited::Expired);
}

#[test]
fn a_phone_is_seen_now_and_then() {
    let place = Place::new();
    let control = place.control();
    let phone = Phone { worker: Id([3; 16]), worker_name: WORKER.into(), seen_at: NOW };
    control.add_phone(Id([4; 16]), &[6; 32], &phone).unwrap();
    assert_eq!(control.phone_token(Id([4; 16])).unwrap(), Some([6; 32]));
    assert_eq!(control.phone_token(Id([5; 16])).unwrap(), None);
    let seen = |at: i64| {
        control.saw_phone(Id([4; 16]), at).unwrap();
        control.phone(Id([4; 16])).unwrap().unwrap().seen_at
    };
    assert_eq!(seen(NOW + PHONE_SEEN_STEP - 1), NOW);
    assert_eq!(seen(NOW + PHONE_SEEN_STEP), NOW + PHONE_SEEN_STEP);
    assert_eq!(seen(NOW), NOW + PHONE_SEEN_STEP, "a clock that was set back takes nothing back");
    assert_eq!(control.phone(Id([5; 16])).unwrap(), None);
}

#[test]
fn a_file_of_a_later_program_is_refused_untouched() {
    let place = Place::new();
    drop(place.control());
    let path = place.root().join("control.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = Control::open(&place.root(), Arc::new(TerritoryKey::from_bytes([7; 32])));
    assert!(matches!(refused.err(), Some(StoreError::Schema { found: 99, known: 8 })));
}
