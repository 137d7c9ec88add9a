//! The door for ODK clients, by a client written from the OpenRosa specification and from what Collect insists on.

use std::convert::Infallible;

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{Request, request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Role;
use domain::case::Subject;
use domain::id::Id;
use md5::{Digest as _, Md5};
use programme::attachment::MOST_BYTES;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::json;
use wanjia::openrosa::ACCEPTED_LENGTH;

use super::cases;
use super::pictures::{self, JPEG};
use super::place::{Answer, OWN, Place, Who, logged};

const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const BOUNDARY: &str = "--------wanjia";

/// Whoever fills in forms with ODK Collect.
struct Collect<'p> {
    place: &'p Place,
    series: Id,
    token: String,
    /// Without the origin.
    base: String,
}

/// A form as Collect lists it.
#[derive(Clone, Debug)]
struct Listed {
    id: String,
    name: String,
    version: String,
    hash: String,
    download: String,
    manifest: Option<String>,
}

/// The texts of all elements of this name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let open = format!("<{name}>");
    xml.split(&open).skip(1).map(|rest| rest.split("</").next().unwrap().to_owned()).collect()
}

fn md5_of(bytes: &[u8]) -> String {
    format!("md5:{}", Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The path of an address at this server.
fn path(address: &str) -> &str {
    address.strip_prefix("https://wanjia.example").unwrap()
}

/// A multipart body as OkHttp writes it.
fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

impl<'p> Collect<'p> {
    async fn enrol(place: &'p Place) -> Self {
        cases::publish(place).await;
        Self::enrol_as(place, json!({"worker_name": "吴网格员", "area_code": OWN})).await
    }

    async fn enrol_as(place: &'p Place, body: serde_json::Value) -> Self {
        let made = place.ask(SECRETARY, "POST", "/v1/odk-users", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.json();
        assert!(made["qr_svg"].as_str().unwrap().contains("<svg"));
        let base = path(made["server_url"].as_str().unwrap()).to_owned();
        let series = made["series"].as_str().unwrap().parse().unwrap();
        Self { place, series, token: made["token"].as_str().unwrap().to_owned(), base }
    }

    fn request(&self, method: &str, path: &str) -> request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "wanjia.example")
            .header("x-openrosa-version", "1.0")
            .header("date", "Mon, 2 Mar 2020 09:15:00 GMT+08:00")
            .header("user-agent", "org.odk.collect.android/v2026.2.0")
    }

    async fn send(&self, request: request::Builder, body: HttpBody) -> Answer {
        let answer = self.place.send(request.body(body).unwrap()).await;
        assert_eq!(
            answer.headers["x-openrosa-version"], "1.0",
            "or Collect says that this is no OpenRosa server"
        );
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path), HttpBody::empty()).await
    }

    async fn list(&self) -> Vec<Listed> {
        let answer = self.get(&format!("{}/formList", self.base)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.headers["content-type"].to_str().unwrap().contains("text/xml"));
        assert!(answer.text.contains("<xforms xmlns=\"http://openrosa.org/xforms/xformsList\">"));
        let one = |form: &str, name: &str| texts(form, name).into_iter().next();
        answer
            .text
            .split("<xform>")
            .skip(1)
            .map(|form| Listed {
                id: one(form, "formID").unwrap(),
                name: one(form, "name").unwrap(),
                version: one(form, "version").unwrap(),
                hash: one(form, "hash").unwrap(),
                download: one(form, "downloadUrl").unwrap(),
                manifest: one(form, "manifestUrl"),
            })
            .collect()
    }

    /// The empty form of this name.
    async fn form(&self, id: &str) -> String {
        let listed = self.list().await.into_iter().find(|form| form.id == id).unwrap();
        self.get(path(&listed.download)).await.text
    }

    /// The form filled in: its own instance, with these texts in the elements of these names.
    async fn filled(&self, id: &str, instance: &str, answers: &[(&str, &str)]) -> String {
        let form = self.form(id).await;
        let start = form.find("<data ").unwrap();
        let end = form.find("</data>").unwrap() + "</data>".len();
        let mut xml = form[start..end].to_owned();
        for (name, answer) in answers.iter().chain(&[("instanceID", instance)]) {
            let empty = format!("<{name}/>");
            assert!(xml.contains(&empty), "{name} is no question of {id}");
            xml = xml.replace(&empty, &format!("<{name}>{answer}</{name}>"));
        }
        xml
    }

    /// A temperature, filled in about someone at her home.
    async fn daily(&self, instance: &str, temperature: &str) -> String {
        let door = self.place.home(false).await;
        let person = self.place.people(door).await[0];
        let answers = [
            ("door", door.to_string()),
            ("person", person.to_string()),
            ("slot", "am".to_owned()),
            ("temp_c", temperature.to_owned()),
            ("symptom", "none".to_owned()),
            ("told_by", "self".to_owned()),
        ];
        let answers: Vec<(&str, &str)> =
            answers.iter().map(|(name, answer)| (*name, answer.as_str())).collect();
        self.filled("epidemic.twice_daily", instance, &answers).await
    }

    async fn post(&self, xml: &str, more: &[(&str, Option<&str>, &[u8])]) -> Answer {
        let mut parts = vec![("xml_submission_file", Some("form.xml"), xml.as_bytes())];
        parts.extend(more);
        self.post_bytes(multipart(&parts)).await
    }

    async fn post_bytes(&self, body: Vec<u8>) -> Answer {
        let request = self
            .request("POST", &format!("{}/submission?deviceID=d", self.base))
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        self.send(request, HttpBody::from(body)).await
    }

    fn size(&self) -> u64 {
        self.place.site.territory.head().size
    }

    /// The temperatures that count for the first person of her home.
    async fn temperatures(&self) -> Vec<f64> {
        let door = self.place.home(false).await;
        let person = self.place.people(door).await[0];
        let known = self
            .place
            .site
            .territory
            .read(move |reader| Ok(reader.known_of("epidemic", Subject::Person(person))?))
            .await
            .unwrap();
        let situation = known.situation();
        let mut found: Vec<f64> = situation
            .own
            .iter()
            .filter_map(|record| match record.values.get("temp_c") {
                Some(programme::answer::Value::Decimal(number)) => Some(*number),
                _ => None,
            })
            .collect();
        found.sort_by(f64::total_cmp);
        found
    }
}

/// The message of an envelope, which has its namespace.
fn message(answer: &Answer) -> (String, String) {
    assert!(answer.headers["content-type"].to_str().unwrap().contains("text/xml"), "{}", answer.text);
    assert!(
        answer.text.contains("<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\">"),
        "{}",
        answer.text
    );
    let (_, rest) = answer.text.split_once("<message nature=\"").unwrap();
    let (nature, rest) = rest.split_once("\">").unwrap();
    (nature.to_owned(), rest.split("</message>").next().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_without_the_version_header_is_refused() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let request =
        Request::builder().uri(format!("{}/formList", collect.base)).header("host", "wanjia.example");
    let answer = collect.send(request, HttpBody::empty()).await;
    assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (400, "error"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_holds_every_form_that_the_worker_fills_in_about_someone_behind_a_door() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let list = collect.list().await;
    let ids: Vec<&str> = list.iter().map(|form| form.id.as_str()).collect();
    assert!(ids.contains(&"epidemic.twice_daily") && ids.contains(&"epidemic.carer"), "{ids:?}");
    assert!(!ids.contains(&"epidemic.category"), "that is the doctor's: {ids:?}");
    assert!(!ids.contains(&"epidemic.shift"), "that is about a worker: {ids:?}");
    for form in &list {
        assert!(
            !form.name.is_empty() && form.version == "2020-03" && form.hash.starts_with("md5:"),
            "{form:?}"
        );
    }
    let one = collect.get(&format!("{}/formList?formID=epidemic.carer&verbose=true", collect.base)).await;
    assert_eq!(texts(&one.text, "formID"), ["epidemic.carer"]);
    assert_eq!(texts(&one.text, "descriptionText").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hash_of_a_form_is_that_of_the_bytes_that_are_sent() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    for form in collect.list().await {
        let answer = collect.get(path(&form.download)).await;
        assert_eq!((answer.status.as_u16(), md5_of(&answer.bytes)), (200, form.hash.clone()), "{form:?}");
        assert!(answer.headers["content-type"].to_str().unwrap().contains("text/xml"));
        assert!(answer.text.contains(&format!("<data id=\"{}\" version=\"2020-03\">", form.id)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hash_of_a_list_is_that_of_its_bytes_and_whoever_is_read_is_on_record() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let manifest_of = |id: &'static str| {
        let collect = &collect;
        async move {
            let form = collect.list().await.into_iter().find(|form| form.id == id).unwrap();
            let manifest = collect.get(path(&form.manifest.unwrap())).await;
            assert!(manifest.text.contains("<manifest xmlns=\"http://openrosa.org/xforms/xformsManifest\">"));
            let [names, hashes, addresses] =
                ["filename", "hash", "downloadUrl"].map(|name| texts(&manifest.text, name));
            names.into_iter().zip(hashes).zip(addresses).collect::<Vec<_>>()
        }
    };
    assert_eq!(manifest_of("epidemic.carer").await.len(), 1, "a household's form asks for no person");
    let files = manifest_of("epidemic.twice_daily").await;
    assert_eq!(files.len(), 2);
    assert!(place.revealed().await.is_empty(), "a hash shows nobody");
    for ((name, hash), address) in files {
        let file = collect.get(path(&address)).await;
        assert_eq!((file.status.as_u16(), md5_of(&file.bytes)), (200, hash));
        let lines: Vec<&str> = file.text.lines().collect();
        let door = place.home(false).await;
        match name.as_str() {
            "doors.csv" => {
                assert_eq!(lines[..2], ["name,label", &format!("{door},3栋 2单元 402")]);
                assert_eq!(lines.len(), 3, "her community's doors and no other: {lines:?}");
            }
            _ => {
                assert_eq!((lines[0], lines.len()), ("name,label,door", 4));
                assert!(file.text.contains(&format!("王东军（户主）,{door}")), "{}", file.text);
            }
        }
    }
    assert_eq!(place.revealed().await.len(), 3);
    let nothing = collect.get(&format!("{}/media/other.csv", collect.base)).await;
    assert_eq!((nothing.status.as_u16(), message(&nothing).0.as_str()), (404, "error"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_of_the_submissions_says_how_much_is_taken_at_a_time() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let request = collect.request("HEAD", &format!("{}/submission?deviceID=d", collect.base));
    let answer = collect.send(request, HttpBody::empty()).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["x-openrosa-accept-content-length"], ACCEPTED_LENGTH.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credentials_a_client_is_asked_to_sign_in_and_then_may() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let head = |authorization: Option<String>| {
        let mut request = collect.request("HEAD", "/openrosa/submission");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        collect.send(request, HttpBody::empty())
    };
    let asked = head(None).await;
    assert_eq!(asked.status, 401);
    assert!(asked.headers["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
    let basic = |password: &str| Some(format!("Basic {}", STANDARD.encode(format!("wu:{password}"))));
    assert_eq!(head(basic("wrong")).await.status, 401);
    assert_eq!(head(Some("Bearer x".into())).await.status, 401);
    assert_eq!(head(basic(&collect.token)).await.status, 204);
    let list =
        collect.request("GET", "/openrosa/formList").header("authorization", basic(&collect.token).unwrap());
    let list = collect.send(list, HttpBody::empty()).await;
    let address = texts(&list.text, "downloadUrl").remove(0);
    assert!(path(&address).starts_with("/openrosa/forms/"), "{address}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_no_odk_users_opens_nothing_and_none_is_logged() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let phone = place.own_phone.token.replace(' ', "%20");
    for token in ["wrong", phone.as_str()] {
        let answer = collect.get(&format!("/openrosa/key/{token}/formList")).await;
        assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (403, "error"));
    }
    collect.list().await;
    assert!(!logged().contains(&collect.token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_becomes_a_fact_that_counts_and_that_the_ledger_proves() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let answer = collect.post(&collect.daily("uuid:1", "38.5").await, &[]).await;
    assert_eq!((answer.status.as_u16(), message(&answer)), (201, ("submit_success".into(), "已收到".into())));
    assert_eq!(collect.temperatures().await, [38.5]);
    place.site.judging.catch_up(&place.site.territory, wanjia::cli::now()).await.unwrap();
    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert!(difference.is_none(), "{difference:?}");
    assert!(store::verify::verify(&root, None, true, &mut |_| {}).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_submission_again_is_still_one() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = collect.daily("uuid:1", "36.5").await;
    for _ in 0..3 {
        assert_eq!(collect.post(&xml, &[]).await.status, 201);
    }
    assert_eq!(collect.temperatures().await, [36.5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_one_of_the_same_name_is_refused() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    assert_eq!(collect.post(&collect.daily("uuid:1", "36.5").await, &[]).await.status, 201);
    let before = collect.size();
    let answer = collect.post(&collect.daily("uuid:1", "39.5").await, &[]).await;
    assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (409, "error"));
    assert_eq!((collect.temperatures().await, collect.size()), (vec![36.5], before));
}

/// Something wrong at a place, with a picture of this name.
async fn weak_place(collect: &Collect<'_>, instance: &str, photo: &str) -> String {
    let door = collect.place.home(false).await.to_string();
    let answers =
        [("door", door.as_str()), ("kind", "market"), ("open", "yes"), ("finding", "yes"), ("photo", photo)];
    collect.filled("epidemic.weak_place", instance, &answers).await
}

/// A part of a POST: its name, its file's name, and its bytes.
type Part<'p> = (&'p str, Option<&'p str>, &'p [u8]);

const MORE: Part<'_> = ("*isIncomplete*", None, b"yes");

fn jpeg(name: &str) -> Part<'_> {
    (name, Some(name), JPEG)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_posts_of_one_instance_are_one() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = collect.daily("uuid:1", "36.5").await;
    for parts in [[MORE].as_slice(), &[MORE], &[]] {
        assert_eq!(collect.post(&xml, parts).await.status, 201);
    }
    assert_eq!(collect.temperatures().await, [36.5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_come_with_the_form_or_after_it_in_any_order_and_again() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let (name, photo) = ("门口 照片.jpg", jpeg("门口 照片.jpg"));
    let orders: [&[&[Part<'_>]]; 4] = [
        &[&[photo], &[photo]],
        &[&[MORE], &[photo], &[photo]],
        &[&[photo, MORE], &[]],
        &[&[MORE], &[MORE], &[photo], &[MORE], &[photo]],
    ];
    for (number, posts) in orders.iter().enumerate() {
        let xml = weak_place(&collect, &format!("uuid:{number}"), name).await;
        let before = collect.size();
        for parts in *posts {
            let answer = collect.post(&xml, parts).await;
            assert_eq!((answer.status.as_u16(), message(&answer).1.as_str()), (201, "已收到"), "{number}");
        }
        assert_eq!(collect.size(), before + 3, "the form, that it names a picture, and the picture");
        let home = place.home(false).await;
        let seen = pictures::file(&place, home).await;
        assert_eq!(seen["pictures"], json!([{"question": "photo", "name": name, "here": true}]));
        let shown = pictures::open(&place, SECRETARY, home, &seen["position"], name).await;
        assert_eq!((shown.status.as_u16(), &shown.bytes[..]), (200, JPEG));
    }
    pictures::proved(&place).await;
}

/// Whatever the order of the POSTs, and however often each comes, what is kept is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_of_the_posts_makes_no_difference() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let posts = prop::collection::vec((any::<bool>(), any::<bool>()), 1..6);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for number in 0..12 {
        let posts = Strategy::new_tree(&posts, &mut runner).unwrap().current();
        let xml = weak_place(&collect, &format!("uuid:{number}"), "a.jpg").await;
        let before = collect.size();
        for (with_picture, incomplete) in &posts {
            let parts = [(*with_picture).then(|| jpeg("a.jpg")), incomplete.then_some(MORE)];
            let parts: Vec<Part<'_>> = parts.into_iter().flatten().collect();
            assert_eq!(collect.post(&xml, &parts).await.status, 201, "{posts:?}");
        }
        let came = posts.iter().any(|(with_picture, _)| *with_picture);
        assert_eq!(collect.size(), before + 2 + u64::from(came), "{posts:?}");
        let seen = pictures::file(&place, place.home(false).await).await;
        assert_eq!(seen["pictures"][0]["here"], came, "{posts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_is_missing_is_asked_for_again() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = weak_place(&collect, "uuid:1", "a.jpg").await;
    let answer = collect.post(&xml, &[]).await;
    assert_eq!(answer.status, 201, "the form counts without it");
    assert!(message(&answer).1.contains("还缺 1 张图片"), "{}", answer.text);
    assert_eq!(message(&collect.post(&xml, &[MORE]).await).1, "已收到", "more is to come");
    assert_eq!(message(&collect.post(&xml, &[jpeg("a.jpg")]).await).1, "已收到");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_does_not_belong_is_refused_and_nothing_is_half_done() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = weak_place(&collect, "uuid:1", "a.jpg").await;
    let other = ("a.jpg", Some("a.jpg"), b"\xff\xd8\xff\xda\0\x02another\xff\xd9".as_slice());
    let sound = ("a.jpg", Some("a.jpg"), b"ID3 a sound".as_slice());
    let large = vec![0xff; MOST_BYTES + 1];
    let large = ("a.jpg", Some("a.jpg"), large.as_slice());
    let before = collect.size();
    for (parts, status, told) in [
        ([jpeg("b.jpg")].as_slice(), 400, "b.jpg"),
        (&[jpeg("a.jpg"), jpeg("b.jpg")], 400, "b.jpg"),
        (&[jpeg("a.jpg"), other], 400, "两张不同的图片"),
        (&[sound], 415, "不是完整的 JPEG"),
        (&[large], 413, "5 MB"),
    ] {
        let answer = collect.post(&xml, parts).await;
        assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (status, "error"), "{told}");
        assert!(message(&answer).1.contains(told), "{}", answer.text);
        assert_eq!(collect.size(), before, "{told}");
    }
    // Torn in the middle of the picture, wherever that is.
    let whole = multipart(&[("xml_submission_file", Some("form.xml"), xml.as_bytes()), jpeg("a.jpg")]);
    for cut in (whole.len() - JPEG.len() - 40..whole.len() - 4).step_by(7) {
        assert_eq!(collect.post_bytes(whole[..cut].to_vec()).await.status, 400, "{cut}");
    }
    assert_eq!(collect.size(), before);
    assert_eq!(collect.post(&xml, &[jpeg("a.jpg"), jpeg("a.jpg")]).await.status, 201, "whole at last");
    let kept = collect.size();
    assert_eq!(collect.post(&xml, &[other]).await.status, 409, "the first one stays");
    assert_eq!(collect.size(), kept);
    let home = place.home(false).await;
    let seen = pictures::file(&place, home).await;
    let shown = pictures::open(&place, SECRETARY, home, &seen["position"], "a.jpg").await;
    assert_eq!(&shown.bytes[..], JPEG);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_pictures_is_offered_and_says_how_large_they_may_be() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let form = collect.form("epidemic.weak_place").await;
    assert!(form.contains("nodeset=\"/data/photo\" type=\"binary\" orx:max-pixels=\"1600\""), "{form}");
    assert!(form.contains("<upload ref=\"/data/photo\" mediatype=\"image/*\">"), "{form}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_picture_was_taken_is_not_kept() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = weak_place(&collect, "uuid:1", "a.jpg").await;
    let (start, rest) = JPEG.split_at(2);
    let about =
        b"\xff\xe1\0\x2bExif\0\0II*\0\x08\0\0\0\0\0 30.5728N 114.3039E 16:42\xff\xfe\0\x0dwhere 114E.";
    let told = [start, about, rest, b"ftypmp42 30.5728N"].concat();
    for _ in 0..2 {
        let answer = collect.post(&xml, &[("a.jpg", Some("a.jpg"), &told)]).await;
        assert_eq!((answer.status.as_u16(), message(&answer).1.as_str()), (201, "已收到"));
    }
    let home = place.home(false).await;
    let seen = pictures::file(&place, home).await;
    let shown = pictures::open(&place, SECRETARY, home, &seen["position"], "a.jpg").await;
    assert_eq!(&shown.bytes[..], JPEG);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_ends_otherwise_is_still_answered_as_openrosa() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    for path in ["/formList/", "/formList?deviceID=a&verbose=false&listAllVersions=true"] {
        let answer = collect.get(&format!("{}{path}", collect.base)).await;
        assert_eq!(texts(&answer.text, "formID").len(), collect.list().await.len(), "{path}");
    }
    let none = collect.get(&format!("{}/formList?formID=epidemic.nothing", collect.base)).await;
    assert_eq!((none.status.as_u16(), texts(&none.text, "xform").len()), (200, 0));
    let request = collect
        .request("POST", &format!("{}/submission/?deviceID=d", collect.base))
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
    let xml = collect.daily("uuid:1", "36.5").await;
    let body = multipart(&[("xml_submission_file", Some("a.xml"), xml.as_bytes())]);
    assert_eq!(collect.send(request, HttpBody::from(body)).await.status, 201);
    for path in ["/forms", "/xformsList", "/submission/1", "/media"] {
        let answer = collect.get(&format!("{}{path}", collect.base)).await;
        assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (404, "error"), "{path}");
    }
    for (method, path) in [
        ("PUT", "/submission"),
        ("DELETE", "/submission"),
        ("GET", "/submission"),
        ("PATCH", "/submission/"),
        ("POST", "/formList"),
        ("PUT", "/media/doors.csv"),
        ("DELETE", "/forms/epidemic.weak_place/2020-03"),
        ("PUT", "/forms/epidemic.weak_place/2020-03/manifest"),
    ] {
        let request = collect.request(method, &format!("{}{path}", collect.base));
        let answer = collect.send(request, HttpBody::empty()).await;
        assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (405, "error"), "{method} {path}");
        assert_eq!(answer.headers["x-openrosa-version"], "1.0", "{method} {path}");
    }
    let unknown = collect.request("HEAD", "/openrosa/key/nobody/submission");
    assert_eq!(collect.send(unknown, HttpBody::empty()).await.status, 403);
    let digest =
        collect.request("HEAD", "/openrosa/submission").header("authorization", "Digest username=\"a\"");
    let asked = collect.send(digest, HttpBody::empty()).await;
    assert_eq!((asked.status.as_u16(), asked.headers.contains_key("www-authenticate")), (401, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xml_is_read_as_its_standard_says_and_no_further() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let plain = collect.daily("uuid:1", "36.5").await;
    let named = |number: usize| plain.replace("uuid:1", &format!("uuid:{number}"));
    let rooted =
        |xml: String| xml.replace("<data ", "<f:data xmlns:f=\"urn:x\" ").replace("</data>", "</f:data>");
    let taken = [
        format!("\u{feff}<?xml version='1.0' encoding='utf-8'?>\n<!-- Enketo -->{}\n", named(1)),
        rooted(named(2)),
        named(3).replace("<data ", "<data xmlns=\"http://www.w3.org/2002/xforms\" "),
        named(4).replace(">36.5<", "><![CDATA[36.5]]><"),
        named(5).replace(">36.5<", ">3&#54;.5<"),
    ];
    for xml in &taken {
        assert_eq!(collect.post(xml, &[]).await.status, 201, "{xml}");
    }
    assert_eq!(collect.temperatures().await, [36.5; 5]);
    let size = collect.size();
    let bomb = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>".to_owned();
    let outside = "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>".to_owned();
    let utf16: Vec<u8> = named(9).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let today = "<today/>";
    assert!(plain.contains(today), "{plain}");
    let refused: [Vec<u8>; 9] = [
        named(9).replace("<slot>am</slot>", "<x:slot>am</x:slot>").into(),
        named(9).replace("<slot>", "<slot x:a=\"1\">").into(),
        named(9).replace(today, "<today>yesterday</today>").into(),
        (bomb + &named(9).replace(">36.5<", ">&b;<")).into(),
        (outside + &named(9).replace(">36.5<", ">&a;<")).into(),
        named(9).replace(">36.5<", ">&nbsp;<").into(),
        [&[0xff, 0xfe], &utf16[..]].concat(),
        named(9).replace("</data>", "").into(),
        (named(9) + &named(9)).into(),
    ];
    for xml in refused {
        let body = multipart(&[("xml_submission_file", Some("a.xml"), &xml)]);
        let answer = collect.post_bytes(body).await;
        assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (400, "error"));
    }
    // Two forms at a time: neither is taken, whichever is the last.
    let (one, other) = (named(10), named(11));
    let two = [one.as_bytes(), other.as_bytes()].map(|xml| ("xml_submission_file", Some("a.xml"), xml));
    let answer = collect.post_bytes(multipart(&two)).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_eq!(collect.size(), size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_behind_another_door_waits_with_a_reason() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let whole = collect.daily("uuid:1", "36.5").await;
    let own = place.home(false).await;
    let doors = collect.get(&format!("{}/media/doors.csv", collect.base)).await.text;
    let behind = |line: &&str| !line.starts_with("name,") && !line.starts_with(&own.to_string());
    let neighbour = doors.lines().find(behind).and_then(|line| line.split(',').next()).unwrap().to_owned();
    let answer =
        collect.post(&whole.replace(&format!("<door>{own}<"), &format!("<door>{neighbour}<")), &[]).await;
    let (nature, message) = message(&answer);
    assert_eq!((answer.status.as_u16(), nature.as_str()), (202, "submit_success"), "{message}");
    assert!(message.contains("不住在表里的这一户"), "{message}");
    let waiting = place.ask(SECRETARY, "GET", "/v1/quarantine", None).await.json();
    assert_eq!(waiting["rows"][0]["reason"], "other_door");
    assert!(collect.temperatures().await.is_empty());
    assert_eq!(
        collect.post(&whole.replace("uuid:1", "uuid:2"), &[]).await.status,
        201,
        "behind her own it counts"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_may_come_in_chunks() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = collect.daily("uuid:1", "36.5").await;
    let body = multipart(&[("xml_submission_file", Some("form.xml"), xml.as_bytes())]);
    let pieces: Vec<Result<Bytes, Infallible>> =
        body.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let request = collect
        .request("POST", &format!("{}/submission", collect.base))
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
    let answer = collect.send(request, HttpBody::from_stream(tokio_stream::iter(pieces))).await;
    assert_eq!((answer.status.as_u16(), collect.temperatures().await), (201, vec![36.5]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_form_and_an_unknown_version_are_told() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = collect.daily("uuid:1", "36.5").await;
    let before = collect.size();
    for (from, to) in [
        ("epidemic.twice_daily", "epidemic.nothing"),
        ("epidemic.twice_daily", "nothing"),
        ("epidemic.twice_daily", "epidemic.category"),
        ("version=\"2020-03\"", "version=\"1999\""),
    ] {
        let answer = collect.post(&xml.replace(from, to), &[]).await;
        assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (404, "error"), "{to}");
    }
    assert_eq!(collect.size(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_is_taken_at_a_time_is_refused() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let long = vec![b'x'; ACCEPTED_LENGTH];
    let answer = collect.post(&collect.daily("uuid:1", "36.5").await, &[("a", Some("a"), &long)]).await;
    assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (413, "error"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_form_is_a_new_fact_that_takes_the_place_of_the_old_one() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let edited = async |instance: &str, of: &str, temperature: &str| {
        let xml = collect.daily(instance, temperature).await;
        let edit = format!("<deprecatedID>{of}</deprecatedID><instanceID>");
        collect.post(&xml.replace("<instanceID>", &edit), &[]).await.status.as_u16()
    };
    assert_eq!(collect.post(&collect.daily("uuid:1", "39.5").await, &[]).await.status, 201);
    let before = collect.size();
    assert_eq!(edited("uuid:2", "uuid:1", "36.5").await, 201);
    assert!(collect.size() > before, "the ledger keeps both");
    assert_eq!(collect.temperatures().await, [36.5]);
    // One that does not fit takes nobody's place, and an edit of the edit, or a second one of the same form, does.
    assert_eq!(edited("uuid:3", "uuid:2", "warm").await, 202);
    assert_eq!(collect.temperatures().await, [36.5]);
    assert_eq!(edited("uuid:4", "uuid:2", "37.0").await, 201);
    assert_eq!(edited("uuid:5", "uuid:1", "36.9").await, 201);
    assert_eq!(collect.temperatures().await, [36.9]);
    let file =
        place.ask(SECRETARY, "GET", &format!("/v1/households/{}", place.home(false).await), None).await;
    assert_eq!(file.json()["forms"].as_array().unwrap().len(), 1, "a file lists what counts: {}", file.text);
    // What edits nothing that is there stands by itself.
    assert_eq!(edited("uuid:6", "uuid:nowhere", "36.1").await, 201);
    assert_eq!(collect.temperatures().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_form_is_told_in_the_language_that_was_asked_for() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let whole = collect.daily("uuid:1", "36.5").await;
    let before = collect.size();
    for (xml, told) in [
        ("<data".to_owned(), "not well-formed"),
        (whole.replace("<instanceID>uuid:1</instanceID>", "<instanceID/>"), "instanceID"),
        (whole.replace("<data ", "<data encrypted=\"yes\" "), "encrypted"),
    ] {
        let answer = collect.post(&xml, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["content-language"]),
            (400, &"zh-CN".parse().unwrap())
        );
        let body = multipart(&[("xml_submission_file", None, xml.as_bytes())]);
        let request = collect
            .request("POST", &format!("{}/submission", collect.base))
            .header("accept-language", "fr, en-GB;q=0.9, zh;q=0.5")
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        let answer = collect.send(request, HttpBody::from(body)).await;
        let message = message(&answer).1;
        assert!(message.contains(told) || message.contains("well-formed"), "{message}");
        assert_eq!(answer.headers["content-language"], "en");
    }
    for body in [multipart(&[("other", None, b"x")]), b"--------wanjia".to_vec(), Vec::new()] {
        assert_eq!(collect.post_bytes(body).await.status, 400);
    }
    let json = collect
        .request("POST", &format!("{}/submission", collect.base))
        .header("content-type", "application/json");
    assert_eq!(collect.send(json, HttpBody::from("{}")).await.status, 400);
    assert_eq!(collect.size(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_waits_for_a_person_with_a_reason() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let whole = collect.daily("uuid:1", "36.5").await;
    let other = place.home(true).await;
    let own = place.home(false).await;
    let cases = [
        (whole.replace("<temp_c>36.5</temp_c>", "<temp_c>warm</temp_c>"), "answer_misfit", "temp_c"),
        (whole.replace("<slot>am</slot>", "<slot/>"), "answer_misfit", "slot"),
        (whole.replace(">none</symptom>", "> \u{3000}</symptom>"), "answer_misfit", "symptom 必须填写"),
        (whole.replace(&own.to_string(), &other.to_string()), "outside_rights", "范围"),
        (whole.replace(&own.to_string(), "nowhere"), "unknown_dwelling", "没有这一户"),
        (whole.replace("<person>", "<person>x"), "unknown_person", "没有登记"),
    ];
    for (index, (xml, _, told)) in cases.iter().enumerate() {
        let xml = xml.replace("uuid:1", &format!("uuid:{index}"));
        let answer = collect.post(&xml, &[]).await;
        let (nature, message) = message(&answer);
        assert_eq!((answer.status.as_u16(), nature.as_str()), (202, "submit_success"), "{message}");
        assert!(message.contains(told), "{message}");
        assert_eq!(collect.post(&xml, &[]).await.status, 202, "the same answer again");
    }
    assert!(collect.temperatures().await.is_empty());
    let waiting = place.ask(SECRETARY, "GET", "/v1/quarantine", None).await.json();
    let mut reasons: Vec<&str> =
        waiting["rows"].as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    let mut wanted: Vec<&str> = cases.iter().map(|(_, reason, _)| *reason).collect();
    wanted.sort_unstable();
    assert_eq!(reasons, wanted, "{waiting}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_listed_and_revoked_as_a_phone_is_and_what_she_still_has_waits() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let xml = collect.daily("uuid:1", "36.5").await;
    let listed = place.ask(SECRETARY, "GET", "/v1/devices", None).await.json();
    let hers =
        listed["devices"].as_array().unwrap().iter().find(|row| row["series"] == json!(collect.series));
    assert_eq!((&hers.unwrap()["odk"], &hers.unwrap()["worker_name"]), (&json!(true), &json!("吴网格员")));
    assert_eq!(
        listed["devices"].as_array().unwrap().iter().filter(|row| row["odk"] == json!(true)).count(),
        1
    );
    let uri = format!("/v1/devices/{}", collect.series);
    assert_eq!(place.ask(SECRETARY, "DELETE", &uri, None).await.status, 204);
    let answer = collect.get(&format!("{}/formList", collect.base)).await;
    assert_eq!((answer.status.as_u16(), message(&answer).0.as_str()), (403, "error"));
    assert_eq!(collect.get(&format!("{}/media/people.csv", collect.base)).await.status, 403);
    assert_eq!(collect.post(&xml, &[]).await.status, 202);
    assert!(collect.temperatures().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_body_of_a_stranger_brings_it_down() {
    let place = Place::new().await;
    let collect = Collect::enrol(&place).await;
    let daily = collect.daily("uuid:1", "1").await;
    let place_with_picture = weak_place(&collect, "uuid:2", "a.jpg").await;
    let wholes = [
        multipart(&[("xml_submission_file", Some("a.xml"), daily.as_bytes())]),
        multipart(&[
            ("xml_submission_file", Some("a.xml"), place_with_picture.as_bytes()),
            jpeg("a.jpg"),
            MORE,
        ]),
    ];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for whole in wholes.iter().cycle().take(240) {
        let change = (0..whole.len(), prop::collection::vec(any::<u8>(), 0..8), 0..40usize);
        let (at, with, cut) = Strategy::new_tree(&change, &mut runner).unwrap().current();
        let mut body = whole.clone();
        let end = (at + cut).min(body.len());
        body.splice(at..end, with);
        let status = collect.post_bytes(body).await.status.as_u16();
        assert!([201, 202, 400, 404, 409, 415].contains(&status), "{status}");
    }
}

/// Where an overlay changes a form, a client is offered it as it is there, and is held to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_an_overlay_changes_is_offered_and_held_to_as_it_is_here() {
    let place = Place::new().await;
    cases::publish_pack(&place, "livelihood", &[("anhui", domain::time::day_of(wanjia::cli::now()))]).await;
    let acts = domain::fact::Body::Appointed {
        who: super::place::account(SECRETARY).id,
        programme: "livelihood".into(),
        role: "village_cadre".into(),
        area: Some(OWN.into()),
    };
    place.facts(vec![acts]).await;
    let acts_as = json!([{"programme": "livelihood", "role": "village_cadre"}]);
    let body = json!({"worker_name": "米第一书记", "area_code": OWN, "acts_as": acts_as});
    let collect = Collect::enrol_as(&place, body).await;
    let list = collect.list().await;
    let version = |id: &str| list.iter().find(|form| form.id == id).unwrap().version.clone();
    assert_eq!(version("livelihood.clue"), "2020-03+anhui");
    assert_eq!(version("livelihood.verification"), "2020-03");
    let clue = list.iter().find(|form| form.id == "livelihood.clue").unwrap();
    assert!(clue.download.ends_with("/2020-03%2Banhui"), "{clue:?}");
    let answer = collect.get(path(&clue.download)).await;
    assert_eq!(md5_of(&answer.bytes), clue.hash);
    assert!(answer.text.contains("<phone/>") && answer.text.contains("version=\"2020-03+anhui\""));
    let manifest = collect.get(path(clue.manifest.as_ref().unwrap())).await;
    assert!(texts(&manifest.text, "filename").contains(&"doors.csv".to_owned()), "{}", manifest.text);

    let home = place.home(false).await.to_string();
    let answers = |phone: &'static str| {
        let home = home.clone();
        [("door", home), ("source", "self".into()), ("risk", "illness".into()), ("difficulty", "住院".into())]
            .into_iter()
            .chain([("phone", phone.into()), ("channel", "code".into())])
            .collect::<Vec<(&str, String)>>()
    };
    let filled = async |instance: &str, phone: &'static str| {
        let answers = answers(phone);
        let answers: Vec<(&str, &str)> =
            answers.iter().map(|(name, answer)| (*name, answer.as_str())).collect();
        collect.filled("livelihood.clue", instance, &answers).await
    };
    let good = filled("uuid:over-1", "13900000000").await;
    assert_eq!(collect.post(&good, &[]).await.status, 201);
    let bad = collect.post(&filled("uuid:over-2", "139").await, &[]).await;
    assert!(bad.status == 202 && bad.text.contains("phone"), "{}", bad.text);
    // A client that has not asked for the list since then sends the form that it has.
    let old = |instance: &str| {
        let xml = good.replace("2020-03+anhui", "2020-03").replace("uuid:over-1", instance);
        xml.replace("<phone>13900000000</phone>", "").replace("<difficulty>住院</difficulty>", "")
    };
    assert_eq!(collect.post(&old("uuid:over-3"), &[]).await.status, 201);
    let nowhere = good.replace("2020-03+anhui", "2020-03+hainan").replace("uuid:over-1", "uuid:over-4");
    assert_eq!(collect.post(&nowhere, &[]).await.status, 404, "that overlay changes no form");

    let door = place.home(false).await;
    let read = place.site.territory.read(move |reader| {
        let versions: Vec<String> =
            reader.filled_about(Subject::Dwelling(door))?.into_iter().map(|filled| filled.version).collect();
        let known = reader.known_of("livelihood", Subject::Dwelling(door))?;
        let phones: Vec<bool> =
            known.situation().own.iter().map(|record| record.values.contains_key("phone")).collect();
        Ok((versions, phones))
    });
    let (mut versions, mut phones) = read.await.unwrap();
    versions.sort_unstable();
    phones.sort_unstable();
    assert_eq!(
        (versions, phones),
        (vec!["2020-03".to_owned(), "2020-03+anhui".to_owned()], vec![false, true])
    );
}
