//! A small territory with phones, and the door before it. Each test file uses its part of it.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::area::Level;
use domain::fact::{Body as FactBody, Fact, FoundBy, Light, Outcome, Place};
use domain::id::Id;
use domain::identity::Identity;
use ledger::checkpoint::{self, Checkpoint};
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::{DataKey, TerritoryKey};
use ledger::series::DeviceKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Control, Store, control};
use tokio::sync::watch;
use tower::ServiceExt as _;
use wanjia::app::territory::Territory;
use wanjia::http::{self, Site};

pub const SWEEP: Id = Id([77; 16]);
/// A door of community A with one listed person.
pub const DOOR: Id = Id([1; 16]);
/// A door of community B, which no phone may touch.
pub const FAR_DOOR: Id = Id([2; 16]);
pub const PERSON: Id = Id([60; 16]);
pub const NAME: &str = "王东军";
pub const SEED: [u8; 32] = [7; 32];
const TOKEN: &str = "a token that is long enough to look like one";

pub fn key() -> TerritoryKey {
    TerritoryKey::from_bytes(SEED)
}

pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The territory's folder, and phones that are enrolled in it.
pub struct Ground {
    folder: tempfile::TempDir,
    pub phones: Vec<Phone>,
}

impl Ground {
    pub fn new(phones: u8) -> Self {
        let ground = Self {
            folder: tempfile::tempdir().unwrap(),
            phones: (0..phones).map(|number| Phone::new(100 + number)).collect(),
        };
        let mut store = Store::create(&ground.root(), "test", key(), now()).unwrap();
        let actor = Id([9; 16]);
        store
            .write(now(), |batch| {
                for (code, level, parent) in [
                    ("C", Level::County, None),
                    ("A", Level::Community, Some("C")),
                    ("B", Level::Community, Some("C")),
                ] {
                    let parent = parent.map(str::to_owned);
                    let area =
                        FactBody::AreaRegistered { code: code.into(), name: code.into(), level, parent };
                    batch.append(actor, area, None)?;
                }
                for (dwelling, area) in [(DOOR, "A"), (FAR_DOOR, "B")] {
                    batch.append(actor, door(dwelling, area, "402", FoundBy::Roster), None)?;
                }
                let identity =
                    Identity { name: NAME.into(), relation: "户主".into(), ..Identity::default() };
                let sealed = store::Sealed { owner: PERSON, plaintext: &identity.encode(), fresh: true };
                let listed = FactBody::PersonRegistered { person: PERSON, dwelling: DOOR };
                batch.append(actor, listed, Some(sealed))?;
                let programme = "epidemic".into();
                let opened =
                    FactBody::SweepOpened { sweep: SWEEP, area: "C".into(), programme, deadline: now() };
                batch.append(actor, opened, None)?;
                for phone in &ground.phones {
                    let enrolled = FactBody::DeviceEnrolled {
                        series: phone.series,
                        public_key: phone.key.public(),
                        worker: phone.series,
                        role: 0,
                        area: "A".into(),
                    };
                    batch.append(actor, enrolled, None)?;
                }
                Ok(())
            })
            .unwrap();
        drop(store);
        let control = ground.control();
        for phone in &ground.phones {
            let known = control::Phone { worker: phone.series, worker_name: "工".into(), seen_at: now() };
            control.add_phone(phone.series, &Sha256::digest(TOKEN).into(), &known).unwrap();
        }
        ground
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn control(&self) -> Control {
        Control::open(&self.root(), Arc::new(key())).unwrap()
    }

    pub async fn open(&self) -> Door {
        let territory = Territory::open(&self.root(), key()).unwrap();
        let (stop, stopping) = watch::channel(false);
        let site = Site::new(territory.clone(), Arc::new(self.control()), stopping).await.unwrap();
        Door { router: http::router(site), territory, stop }
    }

    /// Proves the directory, as `wanjia verify` does.
    pub fn prove(&self) {
        let proved = store::verify::verify(&self.root(), None, true, &mut |_| {});
        assert!(proved.is_ok(), "{:?}", proved.err());
    }
}

pub fn door(dwelling: Id, area: &str, room: &str, found_by: FoundBy) -> FactBody {
    FactBody::DwellingRegistered {
        dwelling,
        area: area.into(),
        building: "3栋".into(),
        unit: "2单元".into(),
        room: room.into(),
        place: Place::Home,
        found_by,
    }
}

/// The door of a running territory.
pub struct Door {
    pub router: Router,
    pub territory: Territory,
    pub stop: watch::Sender<bool>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The code of the problem that it must be.
    pub fn problem(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        for text in ["title", "detail", "detail_en"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem["type"].as_str().unwrap().strip_prefix("urn:wanjia:problem:").unwrap().to_owned()
    }
}

impl Door {
    pub async fn ask(&self, request: Request<Body>) -> Answer {
        read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub async fn get(&self, phone: &Phone, path: &str) -> Answer {
        self.ask(phone.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn push(&self, phone: &Phone, from: usize, to: usize, known_size: u64) -> Answer {
        self.post(phone, phone.push(from, to, known_size).to_string()).await
    }

    pub async fn post(&self, phone: &Phone, body: String) -> Answer {
        let request = phone.request("POST", "/v1/facts").header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }
}

pub async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Answer { status: parts.status, headers: parts.headers, bytes }
}

/// A fact as the phone keeps it, until its receipt comes.
#[derive(Clone)]
pub struct Made {
    pub envelope: Vec<u8>,
    pub content: Option<(Vec<u8>, [u8; 32])>,
}

/// A phone that makes facts.
pub struct Phone {
    pub series: Id,
    pub key: DeviceKey,
    pub made: Vec<Made>,
    head: [u8; 32],
}

impl Phone {
    pub fn new(number: u8) -> Self {
        let key = DeviceKey::from_seed([number; 32]);
        Self { series: Id([number; 16]), key, made: Vec::new(), head: [0; 32] }
    }

    pub fn record(&mut self, at: i64, body: FactBody, identity: Option<(Id, &Identity)>) {
        let sequence = self.made.len() as u64;
        let sealed = identity.map(|(owner, identity)| {
            let key = [3; 32];
            let series = self.series.0;
            let bytes = DataKey::from_bytes(key);
            let sealed = ledger::seal::seal(&bytes, &owner.0, &series, sequence, [4; 24], &identity.encode());
            (Commitment { owner: owner.0, digest: ledger::seal::digest(&sealed) }, sealed, key)
        });
        let envelope = Envelope {
            series: self.series.0,
            sequence,
            previous: self.head,
            payload: Fact { at, actor: self.series, body }.encode(),
            sealed: sealed.as_ref().map(|(commitment, ..)| commitment.clone()),
        }
        .encode();
        self.head = envelope::hash(&envelope);
        self.made.push(Made { envelope, content: sealed.map(|(_, sealed, key)| (sealed, key)) });
    }

    pub fn visit(&mut self, at: i64, dwelling: Id, outcome: Outcome) {
        let body = FactBody::Visited {
            sweep: SWEEP,
            dwelling,
            outcome,
            light: Light::Off,
            evidence: 0,
            recheck_on: None,
            occupants: None,
        };
        self.record(at, body, None);
    }

    /// The body of a push of the facts `from..to`.
    pub fn push(&self, from: usize, to: usize, known_size: u64) -> Value {
        let made = &self.made[from..to];
        let hash = envelope::hash(&made.last().unwrap().envelope);
        let signature = self.key.sign_head(&self.series.0, to as u64 - 1, &hash);
        let facts = made.iter().map(|made| match &made.content {
            None => json!({ "fact": STANDARD.encode(&made.envelope) }),
            Some((content, key)) => json!({
                "fact": STANDARD.encode(&made.envelope),
                "content": STANDARD.encode(content),
                "data_key": STANDARD.encode(key),
            }),
        });
        json!({
            "series": self.series,
            "facts": facts.collect::<Vec<_>>(),
            "signature": STANDARD.encode(signature),
            "known_size": known_size,
        })
    }

    pub fn authorization(&self) -> String {
        format!("Device {}:{TOKEN}", self.series)
    }

    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header(header::AUTHORIZATION, self.authorization())
    }
}

/// Base64 hashes as they stand in answers.
pub fn hashes(list: &Value) -> Vec<[u8; 32]> {
    list.as_array().unwrap().iter().map(hash).collect()
}

pub fn hash(text: &Value) -> [u8; 32] {
    STANDARD.decode(text.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// Opens a checkpoint as a phone does.
pub fn open_checkpoint(note: &str) -> Checkpoint {
    let authority = checkpoint::CheckpointKey::from_seed("wanjia/test", key().checkpoint_seed()).unwrap();
    checkpoint::open(note, "wanjia/test", &authority.public()).unwrap()
}

/// Drives all of them at once and gives what they came to, in their order.
pub async fn join_all<T>(work: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut work: Vec<_> = work.into_iter().map(|work| (Box::pin(work), None)).collect();
    std::future::poll_fn(|context| {
        for (work, done) in &mut work {
            if done.is_none()
                && let std::task::Poll::Ready(value) = work.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if work.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    work.into_iter().filter_map(|(_, done)| done).collect()
}
