//! Pictures that answers name: from a phone, out of order, and to whoever reads the answer.

use std::collections::BTreeMap;

use axum::body::Body as HttpBody;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Role;
use domain::case::Subject;
use domain::fact::Body;
use domain::id::Id;
use domain::time::day_of;
use programme::answer::{self, Given};
use programme::attachment::{MOST_BYTES, Named};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};
use wanjia::cli::now;

use super::cases::{CLERK, SECRETARY, publish};
use super::place::{Answer, DATA_KEY, Place, Who, account, authorization};

const WORKER: Who = Who::Role(Role::GridWorker);
const SERVICE: u64 = 1;
pub const JPEG: &[u8] = b"\xff\xd8\xff\xdb\0\x02\xff\xda\0\x02a wall with a crack\xff\xd9";

/// Someone found something wrong at a place, and took a picture of it.
async fn found(place: &Place, picture: &[u8]) -> (Id, u64) {
    let (receipt, of) = pushed(place, picture).await;
    assert_eq!(receipt["status"], "accepted", "{receipt}");
    of
}

async fn pushed(place: &Place, picture: &[u8]) -> (Value, (Id, u64)) {
    publish(place).await;
    let home = place.home(false).await;
    let named = Named { name: "wall.jpg".into(), digest: Some(ledger::seal::digest(picture)) };
    let text = |text: &str| Given::Text(text.to_owned());
    let answers = BTreeMap::from([
        ("kind".to_owned(), text("market")),
        ("open".to_owned(), text("yes")),
        ("finding".to_owned(), text("yes")),
        ("photo".to_owned(), Given::Text(named.to_string())),
    ]);
    let body = Body::Answered {
        subject: Subject::Dwelling(home),
        dwelling: home,
        case: None,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        form: "weak_place".into(),
        on: day_of(now()),
        replaces: None,
    };
    let (push, sequence) = place.own_phone.push_sealed(body, home, &answer::encode(&answers));
    let pushed = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await;
    assert_eq!(pushed.status, 200, "{}", pushed.text);
    (pushed.json()["receipts"][0].clone(), (home, sequence))
}

async fn attach(place: &Place, who: Who, (owner, sequence): (Id, u64), name: &str, bytes: &[u8]) -> Answer {
    let sealed = place.own_phone.sealed(owner, sequence, bytes);
    attach_sealed(place, who, sequence, name, sealed).await
}

async fn attach_sealed(place: &Place, who: Who, sequence: u64, name: &str, sealed: Vec<u8>) -> Answer {
    let phone = &place.own_phone;
    let uri = format!("/v1/attachments?series={}&sequence={sequence}&name={name}", phone.series);
    let mut request = Request::builder()
        .method("POST")
        .uri(uri)
        .header("host", "wanjia.example")
        .header("x-data-key", STANDARD.encode(DATA_KEY));
    if who == WORKER {
        request = request.header("authorization", authorization(phone));
    }
    place.send(request.body(HttpBody::from(sealed)).unwrap()).await
}

pub async fn file(place: &Place, home: Id) -> Value {
    let uri = format!("/v1/households/{home}/file?purpose=service");
    let answer = place.ask(SECRETARY, "GET", &uri, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["answers"][0].clone()
}

pub async fn open(place: &Place, who: Who, home: Id, position: &Value, name: &str) -> Answer {
    let body = json!({"position": position, "name": name, "purpose": "service"});
    place.ask(who, "POST", &format!("/v1/households/{home}/pictures"), Some(body)).await
}

/// The ledger, its views and what is sealed stand.
pub async fn proved(place: &Place) {
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
    place.site.territory.stop().await;
    let root = place.folder.path().join("data");
    let proved = store::verify::verify(&root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_comes_after_its_fact_and_is_shown_to_whoever_reads_the_answer_with_a_fact_that_says_so() {
    let place = Place::new().await;
    let (home, sequence) = found(&place, JPEG).await;
    let seen = file(&place, home).await;
    assert_eq!(seen["pictures"], json!([{"question": "photo", "name": "wall.jpg", "here": false}]), "{seen}");
    assert_eq!(open(&place, SECRETARY, home, &seen["position"], "wall.jpg").await.code(), "picture_missing");

    assert_eq!(attach(&place, WORKER, (home, sequence), "wall.jpg", JPEG).await.status, 204);
    let size = place.site.territory.head().size;
    assert_eq!(attach(&place, WORKER, (home, sequence), "wall.jpg", JPEG).await.status, 204, "again");
    // A locked phone has no token at hand: that these are the bytes is enough.
    assert_eq!(attach(&place, Who::Nobody, (home, sequence), "wall.jpg", JPEG).await.status, 204);
    assert_eq!(place.site.territory.head().size, size, "it is kept once");

    let seen = file(&place, home).await;
    assert_eq!(seen["pictures"][0]["here"], true);
    let photo = seen["answers"].as_array().unwrap().iter().find(|own| own["question"]["code"] == "photo");
    assert_eq!(photo.unwrap()["en"], "wall.jpg", "and not its hash");
    let before = place.revealed().await.len();
    let shown = open(&place, SECRETARY, home, &seen["position"], "wall.jpg").await;
    assert_eq!((shown.status.as_u16(), &shown.bytes[..]), (200, JPEG));
    let header = |name: &str| shown.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/jpeg");
    assert_eq!(header("content-disposition"), "attachment");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("sandbox"));
    assert!(header("cache-control").contains("no-store"));
    let revealed = place.revealed().await;
    assert_eq!(revealed.len(), before + 1);
    assert_eq!(revealed.last(), Some(&(account(SECRETARY).id, home, SERVICE)));

    // Whoever does not read the answer, another door, another name, and a browser that follows an address get nothing.
    assert_eq!(open(&place, CLERK, home, &seen["position"], "wall.jpg").await.status, 403);
    assert_eq!(open(&place, Who::Role(Role::Street), home, &seen["position"], "wall.jpg").await.status, 404);
    let away = place.home(true).await;
    assert_eq!(open(&place, SECRETARY, away, &seen["position"], "wall.jpg").await.status, 404);
    assert_eq!(open(&place, SECRETARY, home, &seen["position"], "door.jpg").await.code(), "no_picture");
    let uri = format!("/v1/households/{home}/pictures");
    assert_eq!(place.ask(SECRETARY, "GET", &uri, None).await.status, 405);
    assert_eq!(place.revealed().await.len(), before + 1);
    proved(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_bytes_that_the_fact_names_are_taken() {
    let place = Place::new().await;
    publish(&place).await;
    let home = place.home(false).await;
    assert_eq!(attach(&place, WORKER, (home, 0), "wall.jpg", JPEG).await.code(), "no_fact");
    let of = found(&place, JPEG).await;
    let size = place.site.territory.head().size;
    let other = b"\xff\xd8\xff\xe0 another wall";
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", other).await.code(), "attachment_differs");
    assert_eq!(attach(&place, Who::Nobody, of, "wall.jpg", other).await.status, 401);
    assert_eq!(attach(&place, WORKER, of, "door.jpg", JPEG).await.code(), "not_named");
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", b"<svg onload='x'/>").await.code(), "no_picture");
    let torn = place.own_phone.sealed(of.0, of.1, JPEG);
    let torn = torn[..torn.len() - 1].to_vec();
    assert_eq!(attach_sealed(&place, WORKER, of.1, "wall.jpg", torn).await.code(), "sealed_key");
    let moved = place.own_phone.sealed(of.0, of.1 + 1, JPEG);
    assert_eq!(attach_sealed(&place, WORKER, of.1, "wall.jpg", moved).await.code(), "sealed_key");
    let large = vec![0xff; MOST_BYTES + 41];
    assert_eq!(attach_sealed(&place, WORKER, of.1, "wall.jpg", large).await.status, 413);
    assert_eq!(place.site.territory.head().size, size, "nothing half done");
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", JPEG).await.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_of_what_waits_is_kept_and_counts_when_that_is_released() {
    let place = Place::new().await;
    place.facts(vec![Body::DeviceRevoked { series: place.own_phone.series }]).await;
    let (receipt, (home, sequence)) = pushed(&place, JPEG).await;
    assert_eq!(receipt["reason"], "device_revoked", "{receipt}");
    assert_eq!(attach(&place, WORKER, (home, sequence), "wall.jpg", JPEG).await.status, 204);
    place.facts(vec![Body::Released { series: place.own_phone.series, sequence }]).await;
    let seen = file(&place, home).await;
    assert_eq!(open(&place, SECRETARY, home, &seen["position"], "wall.jpg").await.status, 200);
    proved(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_what_was_answered_erases_its_pictures_and_lets_none_come_after() {
    let place = Place::new().await;
    let of = found(&place, JPEG).await;
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", JPEG).await.status, 204);
    let seen = file(&place, of.0).await;
    let home = of.0;
    place
        .site
        .territory
        .write(move |store, now| {
            let actor = store.book().own_series;
            store::erase::erase_notes(store, actor, home, 0, now)?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(open(&place, SECRETARY, home, &seen["position"], "wall.jpg").await.code(), "no_picture");
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", JPEG).await.code(), "attachment_gone");
    proved(&place).await;
    for name in ["vault-test.db", "territory-test.db", "keys-test.db"] {
        let bytes = std::fs::read(place.folder.path().join("data").join(name)).unwrap();
        assert!(!bytes.windows(JPEG.len()).any(|window| window == JPEG), "{name}");
    }
}

/// The programme is over, and with it what was answered under it: the day's round erases the answers with their picture, and
/// the household's file says when.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_past_its_end_is_erased_once_a_day_with_its_pictures_and_the_file_says_so() {
    let place = Place::new().await;
    let of = found(&place, JPEG).await;
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", JPEG).await.status, 204);
    let seen = file(&place, of.0).await;
    let household = format!("/v1/households/{}", of.0);
    let shown = async || place.ask(SECRETARY, "GET", &household, None).await.json()["forms"][0].clone();
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
    assert_eq!(shown().await.get("erased_on"), None);

    let sunset = now() + 400 * 24 * 3_600_000;
    place.site.judging.catch_up(&place.site.territory, sunset).await.unwrap();
    let today = domain::time::from_day(day_of(now())).to_string();
    assert_eq!(shown().await["erased_on"], today, "{}", shown().await);
    assert_eq!(file(&place, of.0).await, Value::Null);
    assert_eq!(open(&place, SECRETARY, of.0, &seen["position"], "wall.jpg").await.code(), "no_picture");
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", JPEG).await.code(), "attachment_gone");
    let size = place.site.territory.head().size;
    place.site.judging.catch_up(&place.site.territory, sunset).await.unwrap();
    assert_eq!(place.site.territory.head().size, size, "it is done once");
    proved(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_in_from_paper_does_without_a_picture() {
    let place = Place::new().await;
    publish(&place).await;
    let asked = place.ask(CLERK, "GET", "/v1/forms/epidemic/2020-03/weak_place/questions", None).await.json();
    assert_eq!(asked["simple"], true, "{asked}");
    assert!(asked["questions"].as_array().unwrap().iter().all(|own| own["question"]["code"] != "photo"));
    let home = place.home(false).await;
    let mut typed = json!({
        "programme": "epidemic", "form": "weak_place", "dwelling": home,
        "answers": {"kind": "market", "open": "yes", "finding": "yes", "photo": "a.jpg"},
    });
    assert_eq!(place.ask(CLERK, "POST", "/v1/answers", Some(typed.clone())).await.code(), "picture_typed");
    typed["answers"].as_object_mut().unwrap().remove("photo");
    assert_eq!(place.ask(CLERK, "POST", "/v1/answers", Some(typed)).await.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_whose_bytes_were_changed_on_the_disk_is_told_apart_from_one_that_is_missing() {
    let place = Place::new().await;
    let of = found(&place, JPEG).await;
    assert_eq!(attach(&place, WORKER, of, "wall.jpg", JPEG).await.status, 204);
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
    place.site.territory.stop().await;
    let root = place.folder.path().join("data");
    let summary = store::verify::verify(&root, None, true, &mut |_| {}).unwrap();
    assert_eq!((summary.pictures_named, summary.pictures_kept), (1, 1));
    let vault = rusqlite::Connection::open(root.join("vault-test.db")).unwrap();
    let newest =
        "position = (select max(position) from content where length(ciphertext) > 40 and owner = ?1)";
    let changed =
        format!("update content set ciphertext = zeroblob(length(ciphertext)) where owner = ?1 and {newest}");
    assert_eq!(vault.execute(&changed, [of.0.0]).unwrap(), 1);
    let altered = store::verify::verify(&root, None, false, &mut |_| {}).unwrap_err();
    assert_eq!(
        vault.execute(&format!("delete from content where owner = ?1 and {newest}"), [of.0.0]).unwrap(),
        1
    );
    let missing = store::verify::verify(&root, None, false, &mut |_| {}).unwrap_err();
    assert_ne!(altered.en.split(':').nth(1), missing.en.split(':').nth(1), "{altered:?} {missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bytes_of_a_stranger_bring_it_down() {
    let place = Place::new().await;
    let of = found(&place, JPEG).await;
    let whole = place.own_phone.sealed(of.0, of.1, JPEG);
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        (0..whole.len(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut bytes = whole.clone();
            bytes[at] ^= byte;
            bytes
        }),
    ];
    let strategy = (bytes, "[ -~]{0,12}|wall.jpg", any::<u64>());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..60 {
        let (bytes, name, sequence) = strategy.new_tree(&mut runner).unwrap().current();
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        for sequence in [of.1, sequence] {
            let answer = attach_sealed(&place, WORKER, sequence, &name, bytes.clone()).await;
            assert!(answer.status.as_u16() < 500, "{}", answer.text);
        }
    }
}
