//! A small territory behind the real door: a county with two communities, an account of every role in the first, a
//! phone in each, one that was revoked, and a right that was ended.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Role;
use domain::apply::find_door;
use domain::door::door_key;
use domain::fact::{Body, Fact, Light, Outcome};
use domain::id::Id;
use domain::identity::Identity;
use intake::Table;
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::{DataKey, TerritoryKey};
use ledger::series::DeviceKey;
use serde_json::{Value, json};
use store::control::{Account, Phone as PhoneRow};
use store::{Control, Sealed, Store};
use tokio::sync::watch;
use tower::ServiceExt as _;
use wanjia::app::accounts::{new_token, random};
use wanjia::app::import_areas::import_areas;
use wanjia::app::import_roster::{Roster, import_roster};
use wanjia::app::territory::Territory;
use wanjia::app::tiles::Tiles;
use wanjia::cli::now;
use wanjia::http::session::Peer;
use wanjia::http::{Site, router};

pub const COUNTY: &str = "420102";
/// The callers' own community.
pub const OWN: &str = "420102001001";
pub const OTHER: &str = "420102001002";
pub const SWEEP: Id = Id([77; 16]);
pub const DAY: i64 = 86_400_000;
/// Under which the phones of the tests seal.
pub const DATA_KEY: [u8; 32] = [5; 32];

const AREAS: &str = "code,name,level,parent_code
420102,江岸区,county,
420102001,大智街道,township,420102
420102001001,桃源社区,community,420102001
420102001002,兰陵社区,community,420102001
";

const ROSTER: &str = "小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系
420102001001,3栋,2单元,402,王东军,男,1970-01-01,,10013800001,户主
420102001001,3栋,2单元,402,李梅,女,1972-03-04,,10013800002,配偶
420102001001,3栋,2单元,501,张三丰,男,1950-05-05,,10013900003,户主
420102001002,1栋,1单元,101,黄蓉,女,1990-09-09,,10013700004,户主
420102001002,1栋,1单元,102,郭靖,男,1988-08-08,,10013700005,户主
";

/// Whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// At the console; a grid worker has a phone.
    Role(Role),
    Revoked,
    Ended,
}

/// A phone that can sign.
pub struct Phone {
    pub series: Id,
    pub token: String,
    key: DeviceKey,
    head: Mutex<(u64, [u8; 32])>,
}

impl Phone {
    fn new(number: u8) -> Self {
        let key = DeviceKey::from_seed([number; 32]);
        Self { series: Id([number; 16]), token: format!("token {number}"), key, head: Mutex::default() }
    }

    /// The body of a push of one new fact, which is sent.
    pub fn push(&self, body: Body) -> Value {
        let mut head = self.head.lock().unwrap();
        self.signed(&mut head, body)
    }

    /// As [`Phone::push`], with content sealed to this owner. Also the number of the fact.
    pub fn push_sealed(&self, body: Body, owner: Id, plaintext: &[u8]) -> (Value, u64) {
        let mut head = self.head.lock().unwrap();
        let (sequence, series) = (head.0, self.series.0);
        let ciphertext = self.sealed(owner, sequence, plaintext);
        let payload = Fact { at: now(), actor: self.series, body }.encode();
        let sealed = Some(Commitment { owner: owner.0, digest: ledger::seal::digest(&ciphertext) });
        let fact = Envelope { series, sequence, previous: head.1, payload, sealed }.encode();
        head.1 = envelope::hash(&fact);
        head.0 += 1;
        let signature = self.key.sign_head(&series, sequence, &head.1);
        let push = json!({
            "series": self.series,
            "facts": [{
                "fact": STANDARD.encode(fact), "content": STANDARD.encode(ciphertext),
                "data_key": STANDARD.encode(DATA_KEY),
            }],
            "signature": STANDARD.encode(signature), "known_size": 0,
        });
        (push, sequence)
    }

    /// What is sealed for a fact of this phone's.
    pub fn sealed(&self, owner: Id, sequence: u64, plaintext: &[u8]) -> Vec<u8> {
        let key = DataKey::from_bytes(DATA_KEY);
        ledger::seal::seal(&key, &owner.0, &self.series.0, sequence, [3; 24], plaintext)
    }

    fn signed(&self, head: &mut (u64, [u8; 32]), body: Body) -> Value {
        let payload = Fact { at: now(), actor: self.series, body }.encode();
        let fact =
            Envelope { series: self.series.0, sequence: head.0, previous: head.1, payload, sealed: None }
                .encode();
        head.1 = envelope::hash(&fact);
        let signature = self.key.sign_head(&self.series.0, head.0, &head.1);
        head.0 += 1;
        json!({
            "series": self.series, "facts": [{"fact": STANDARD.encode(fact)}],
            "signature": STANDARD.encode(signature), "known_size": 0,
        })
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// As it came, should it be no text.
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        let problem = self.json();
        assert_eq!(self.headers["content-type"], "application/problem+json", "{problem}");
        problem["type"].as_str().unwrap().strip_prefix("urn:wanjia:problem:").unwrap().to_owned()
    }
}

pub struct Place {
    pub folder: tempfile::TempDir,
    pub site: Site,
    pub own_phone: Phone,
    pub other_phone: Phone,
    pub revoked_phone: Phone,
    router: Router,
    next: AtomicU64,
    _stop: watch::Sender<bool>,
}

fn account_id(who: Who) -> Id {
    match who {
        Who::Role(role) => Id([100 + role as u8; 16]),
        _ => Id([99; 16]),
    }
}

fn furnish(store: &mut Store, phones: &[(&Phone, &str)], revoked: &Phone) {
    let now = now();
    import_areas(
        store,
        intake::areas::read_areas(Table::from_bytes(AREAS.into()).unwrap(), None).unwrap(),
        now,
        &mut Vec::new(),
    )
    .unwrap();
    let today = jiff::civil::date(2020, 2, 17);
    let reader = intake::roster::read_roster(Table::from_bytes(ROSTER.into()).unwrap(), today).unwrap();
    let roster = Roster { source: "社区名册", digest: [1; 32], bytes: 900, actor: None, within: None };
    let tally = import_roster(store, reader, &roster, false, now, &mut Vec::new(), &mut |_| {}).unwrap();
    assert_eq!(tally.added, 5);
    let actor = Id([9; 16]);
    store
        .write(now, |batch| {
            let open = Body::SweepOpened {
                sweep: SWEEP,
                area: COUNTY.into(),
                programme: "epidemic".into(),
                deadline: now + 3 * DAY,
            };
            batch.append(actor, open, None)?;
            for role in Role::ALL {
                let body = Body::GrantGiven {
                    account: account_id(Who::Role(role)),
                    role: role as u64,
                    area: OWN.into(),
                };
                batch.append(actor, body, None)?;
            }
            let ended = account_id(Who::Ended);
            let role = Role::CommunitySecretary as u64;
            batch.append(actor, Body::GrantGiven { account: ended, role, area: OWN.into() }, None)?;
            batch.append(actor, Body::GrantEnded { account: ended }, None)?;
            for (phone, area) in phones {
                let enrol = Body::DeviceEnrolled {
                    series: phone.series,
                    public_key: phone.key.public(),
                    worker: phone.series,
                    role: Role::GridWorker as u64,
                    area: (*area).to_owned(),
                };
                batch.append(actor, enrol, None)?;
            }
            batch.append(actor, Body::DeviceRevoked { series: revoked.series }, None)?;
            Ok(())
        })
        .unwrap();
}

impl Place {
    pub async fn new() -> Self {
        log();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let (own_phone, other_phone, revoked_phone) = (Phone::new(1), Phone::new(2), Phone::new(3));
        let mut store = Store::create(&root, "test", TerritoryKey::from_bytes([7; 32]), now()).unwrap();
        let phones = [(&own_phone, OWN), (&other_phone, OTHER), (&revoked_phone, OWN)];
        furnish(&mut store, &phones, &revoked_phone);
        drop(store);
        let territory = Territory::open(&root, TerritoryKey::from_bytes([7; 32])).unwrap();
        let control = Control::open(&root, Arc::new(TerritoryKey::from_bytes([7; 32]))).unwrap();
        for (phone, name) in
            [(&own_phone, "吴网格员"), (&other_phone, "郑网格员"), (&revoked_phone, "冯网格员")]
        {
            let row = PhoneRow { worker: phone.series, worker_name: name.into(), seen_at: now() - DAY };
            let hash = wanjia::app::accounts::token_hash(&phone.token);
            control.add_phone(phone.series, &hash, &row).unwrap();
        }
        for who in Role::ALL.map(Who::Role).into_iter().chain([Who::Ended]) {
            control.add_account(&account(who)).unwrap();
        }
        let (stop, stopping) = watch::channel(false);
        let site = Site::new(territory, Arc::new(control), stopping).await.unwrap();
        let router = router(site.clone());
        Self {
            folder,
            site,
            own_phone,
            other_phone,
            revoked_phone,
            router,
            next: AtomicU64::new(1),
            _stop: stop,
        }
    }

    /// The same territory served again, with another accounts' file.
    pub async fn reopened(self, control: &std::path::Path) -> Self {
        self.reopened_after(control, |_| ()).await
    }

    /// The same, after something was done to the directory that nobody held meanwhile.
    pub async fn reopened_after(
        self,
        control: &std::path::Path,
        meanwhile: impl FnOnce(&std::path::Path),
    ) -> Self {
        let Self { folder, site, own_phone, other_phone, revoked_phone, router, next, _stop } = self;
        site.territory.stop().await;
        drop((site, router));
        let root = folder.path().join("data");
        meanwhile(&root);
        for suffix in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(root.join(format!("control.db{suffix}"))));
        }
        std::fs::copy(control, root.join("control.db")).unwrap();
        let territory = Territory::open(&root, TerritoryKey::from_bytes([7; 32])).unwrap();
        let control = Control::open(&root, Arc::new(TerritoryKey::from_bytes([7; 32]))).unwrap();
        let site = Site::new(territory, Arc::new(control), _stop.subscribe()).await.unwrap();
        let router = router_of(&site);
        Self { folder, site, own_phone, other_phone, revoked_phone, router, next, _stop }
    }

    /// The same place, with a base map.
    pub fn with_tiles(mut self, tiles: Tiles) -> Self {
        self.site.tiles = Some(Arc::new(tiles));
        self.router = router_of(&self.site);
        self
    }

    /// Another number each time.
    pub fn next(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A fresh session's cookie.
    pub fn session(&self, who: Who) -> String {
        let (token, hash) = new_token().unwrap();
        let opened =
            self.site.control.open_session(&account(who), "test", self.next(), &hash, now()).unwrap();
        assert!(opened);
        format!("wanjia_session={token}")
    }

    /// Asks as somebody, as the console or the phone would.
    pub async fn ask(&self, who: Who, method: &str, uri: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(uri).header("host", "wanjia.example");
        request = match who {
            Who::Nobody => request.header("x-wanjia", "console"),
            Who::Role(Role::GridWorker) => request.header("authorization", authorization(&self.own_phone)),
            Who::Revoked => request.header("authorization", authorization(&self.revoked_phone)),
            Who::Role(_) | Who::Ended => {
                request.header("cookie", self.session(who)).header("x-wanjia", "console")
            }
        };
        let body = match body {
            None => HttpBody::empty(),
            // A list comes as it is; everything else is JSON.
            Some(Value::String(file)) => {
                request = request.header("content-type", "application/octet-stream");
                HttpBody::from(file)
            }
            Some(body) => {
                request = request.header("content-type", "application/json");
                HttpBody::from(body.to_string())
            }
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Sends a file as somebody at the console.
    pub async fn upload(&self, who: Who, uri: &str, file: Vec<u8>) -> Answer {
        let request = Request::builder().method("POST").uri(uri).header("host", "wanjia.example");
        let request = request.header("cookie", self.session(who)).header("x-wanjia", "console");
        let request = request.header("content-type", "application/octet-stream");
        self.send(request.body(HttpBody::from(file)).unwrap()).await
    }

    /// Sends a request from an address that nobody has used.
    pub async fn send(&self, request: Request<HttpBody>) -> Answer {
        let [.., a, b] = self.next().to_be_bytes();
        self.send_from([192, 0, a, b], request).await
    }

    pub async fn send_from(&self, address: [u8; 4], mut request: Request<HttpBody>) -> Answer {
        request.extensions_mut().insert(Peer(SocketAddr::from((address, 4000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let live = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = if live { Default::default() } else { to_bytes(body, 1 << 24).await.unwrap() };
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }

    /// Writes facts into the territory's own series.
    pub async fn facts(&self, bodies: Vec<Body>) {
        self.site
            .territory
            .write(move |store, now| {
                store.write(now, |batch| {
                    for body in bodies {
                        batch.append(Id([9; 16]), body, None)?;
                    }
                    Ok(())
                })?;
                Ok(())
            })
            .await
            .unwrap();
    }

    /// The id of a door.
    pub async fn door(&self, area: &'static str, building: &str, unit: &str, room: &str) -> Id {
        let key = door_key(building, unit, room);
        self.site
            .territory
            .read(move |reader| {
                let area = reader.area(area)?;
                Ok(find_door(reader.state(), area, &key)?.unwrap())
            })
            .await
            .unwrap()
    }

    /// A door with people listed: in the callers' own community, or in the other.
    pub async fn home(&self, other: bool) -> Id {
        match other {
            false => self.door(OWN, "3", "2", "402").await,
            true => self.door(OTHER, "1", "1", "101").await,
        }
    }

    pub async fn people(&self, door: Id) -> Vec<Id> {
        self.site.territory.read(move |reader| Ok(reader.listed_at(door)?)).await.unwrap()
    }

    /// A new person without a name at a door.
    pub async fn newcomer(&self, door: Id) -> Id {
        let person = Id::from_time(now(), random().unwrap());
        self.facts(vec![Body::PersonRegistered { person, dwelling: door }]).await;
        person
    }

    /// Someone who is on no list, seen at a door.
    pub async fn newcomer_seen(&self, sweep: Id, door: Id) -> Id {
        let person = Id::from_time(now(), random().unwrap());
        self.facts(vec![Body::PersonSeen { sweep, dwelling: door, person, by_phone: false }]).await;
        person
    }

    /// Someone who is on no list, seen at a door of [`SWEEP`], and what was learnt of her.
    pub async fn seen_as(&self, door: Id, identity: Identity) -> Id {
        let person = Id::from_time(now(), random().unwrap());
        let body = Body::PersonSeen { sweep: SWEEP, dwelling: door, person, by_phone: false };
        self.site
            .territory
            .write(move |store, now| {
                let plaintext = identity.encode();
                let sealed = Sealed { owner: person, plaintext: &plaintext, fresh: true };
                store.write(now, |batch| batch.append(Id([9; 16]), body, Some(sealed)))?;
                Ok(())
            })
            .await
            .unwrap();
        person
    }

    /// A sweep of its own on a community.
    pub async fn sweep(&self, area: &str) -> Id {
        let sweep = Id::from_time(now(), random().unwrap());
        let open = Body::SweepOpened {
            sweep,
            area: area.into(),
            programme: "another".into(),
            deadline: now() + DAY,
        };
        self.facts(vec![open]).await;
        sweep
    }

    pub async fn visit(&self, sweep: Id, dwelling: Id, outcome: Outcome, light: Light) {
        self.facts(vec![visited(sweep, dwelling, outcome, light)]).await;
    }

    /// A phone that was just enrolled.
    pub async fn enrolled(&self, area: &str) -> Id {
        let series = Id::from_time(now(), random().unwrap());
        let enrol = Body::DeviceEnrolled {
            series,
            public_key: DeviceKey::from_seed([50; 32]).public(),
            worker: series,
            role: 0,
            area: area.into(),
        };
        self.facts(vec![enrol]).await;
        series
    }

    /// A fact from a phone that waits in quarantine since its sweep is over.
    pub async fn quarantined(&self, other: bool) -> (Id, u64) {
        let (phone, area) = if other { (&self.other_phone, OTHER) } else { (&self.own_phone, OWN) };
        let sweep = self.sweep(area).await;
        self.facts(vec![Body::SweepClosed { sweep }]).await;
        let home = self.home(other).await;
        let push = phone.push(visited(sweep, home, Outcome::Met, Light::On));
        let answer = self.by_phone(phone, "POST", "/v1/facts", Some(push)).await;
        assert_eq!(answer.json()["receipts"][0]["reason"], "sweep_closed");
        (phone.series, answer.json()["receipts"][0]["sequence"].as_u64().unwrap())
    }

    /// Asks as a phone.
    pub async fn by_phone(&self, phone: &Phone, method: &str, uri: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", authorization(phone))
            .header("content-type", "application/json");
        let body = body.map_or_else(HttpBody::empty, |body| HttpBody::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    /// Every fact that a person reads who somebody is by: who read, of whom, and what for.
    pub async fn revealed(&self) -> Vec<(Id, Id, u64)> {
        let facts = self.every_fact().into_iter();
        facts
            .filter_map(|fact| match fact.body {
                Body::Revealed { person, purpose } => Some((fact.actor, person, purpose)),
                _ => None,
            })
            .collect()
    }

    /// Every fact that is on the disk, in order.
    pub fn every_fact(&self) -> Vec<Fact> {
        let file = self.folder.path().join("data/territory-test.db");
        let file = rusqlite::Connection::open(file).unwrap();
        let mut read = file.prepare("select fact from facts order by position").unwrap();
        let facts = read.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let fact = |bytes: Vec<u8>| Fact::decode(&Envelope::decode(&bytes).unwrap().payload).unwrap();
        facts.map(|bytes| fact(bytes.unwrap())).collect()
    }

    /// What for the list of an area was read, in order.
    pub fn list_readings(&self) -> Vec<u64> {
        let file = self.folder.path().join("data/territory-test.db");
        let file = rusqlite::Connection::open(file).unwrap();
        let mut read = file.prepare("select purpose from list_reading order by position").unwrap();
        let found = read.query_map([], |row| row.get(0)).unwrap();
        found.map(Result::unwrap).collect()
    }
}

fn router_of(site: &Site) -> Router {
    router(site.clone())
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that may be logged is, of all tests together.
fn log() {
    let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    // The first test sets it for all.
    drop(all.with_writer(|| Log).try_init());
}

pub fn logged() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}

pub fn authorization(phone: &Phone) -> String {
    format!("Device {}:{}", phone.series, phone.token)
}

/// The body of a push that will not be taken, so that the series does not grow.
pub fn unsent(phone: &Phone, body: Body) -> Value {
    let mut head = *phone.head.lock().unwrap();
    phone.signed(&mut head, body)
}

pub fn visited(sweep: Id, dwelling: Id, outcome: Outcome, light: Light) -> Body {
    Body::Visited { sweep, dwelling, outcome, light, evidence: 0, recheck_on: None, occupants: None }
}

pub fn account(who: Who) -> Account {
    let id = account_id(who);
    Account {
        id,
        username: format!("account-{}", id.0[0]),
        name: "陈主任".into(),
        password: "$argon2id$".into(),
        secret: vec![1; 20],
        last_step: 0,
        created_at: now(),
    }
}
