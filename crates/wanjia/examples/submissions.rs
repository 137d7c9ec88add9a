//! Filled-in forms over real HTTP on this machine: as ODK Collect submits them, and, as the yardstick beside it, the same
//! answers as phones push them, one fact a request. Both from the same number of connections, into one territory.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on stops")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;
use domain::access::Role;
use domain::area::Level;
use domain::case::Subject;
use domain::fact::{Body, Fact, FoundBy, Place};
use domain::id::Id;
use domain::time::{day_of, from_day};
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::{DataKey, TerritoryKey};
use ledger::series::DeviceKey;
use programme::answer::{self, Given};
use programme::{Content, archive};
use store::control::Phone;
use store::packs::Publication;
use store::{Control, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use wanjia::app::accounts::new_token;
use wanjia::app::odk::{NewUser, add_user};
use wanjia::app::pack_files::read_pack_files;
use wanjia::app::territory::Territory;
use wanjia::cli::now;
use wanjia::http::{Site, listen, router};

const AREA: &str = "420102001001";
const OFFICE: Id = Id([9; 16]);
const KEY: [u8; 32] = [7; 32];

#[derive(Parser)]
struct Args {
    /// The pack whose form about a household is filled in
    #[arg(long, default_value = "programmes/epidemic")]
    pack: std::path::PathBuf,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 64)]
    connections: u64,
    #[arg(long, default_value_t = 2000)]
    doors: u64,
    /// It fails with fewer submissions a second
    #[arg(long, default_value_t = 1000.0)]
    bar: f64,
}

/// A territory with doors, and the programme in force around today.
fn furnish(root: &Path, args: &Args) -> Vec<Id> {
    let today = day_of(now());
    let (from, sunset) = (today - 30, today + 300);
    let mut files = read_pack_files(&args.pack).unwrap();
    let Some(Content::Bytes(manifest)) = files.get("programme.toml") else { panic!("no manifest") };
    let manifest = String::from_utf8(manifest.clone()).unwrap();
    let manifest = manifest
        .replace("in_force = 2020-03-01", &format!("in_force = {}", from_day(from)))
        .replace("sunset = 2020-12-31", &format!("sunset = {}", from_day(sunset)));
    files.insert("programme.toml".into(), Content::Bytes(manifest.into_bytes()));
    let pack = archive::encode(&files).unwrap();
    let doors: Vec<Id> = (0..args.doors).map(|door| Id::from_time(now(), random_like(door))).collect();
    let mut store = Store::create(root, "bench", TerritoryKey::from_bytes(KEY), now()).unwrap();
    store
        .write(now(), |batch| {
            let area = |code: &str, level, parent: Option<&str>| Body::AreaRegistered {
                code: code.into(),
                name: code.into(),
                level,
                parent: parent.map(str::to_owned),
            };
            batch.append(OFFICE, area("420102", Level::County, None), None)?;
            batch.append(OFFICE, area(AREA, Level::Community, Some("420102")), None)?;
            for (number, dwelling) in doors.iter().enumerate() {
                let body = Body::DwellingRegistered {
                    dwelling: *dwelling,
                    area: AREA.into(),
                    building: format!("{}栋", number / 100),
                    unit: "1单元".into(),
                    room: format!("{}", 100 + number % 100),
                    place: Place::Home,
                    found_by: FoundBy::Roster,
                };
                batch.append(OFFICE, body, None)?;
            }
            let publication =
                Publication { programme: "epidemic", version: "2020-03", from, sunset, pack: &pack };
            batch.publish_programme(OFFICE, &publication)?;
            Ok(())
        })
        .unwrap();
    doors
}

fn random_like(number: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// One connection that is kept open.
struct Wire {
    write: TcpStream,
    read: BufReader<TcpStream>,
}

impl Wire {
    fn open(address: SocketAddr) -> Self {
        let write = TcpStream::connect(address).unwrap();
        write.set_nodelay(true).unwrap();
        let read = BufReader::new(write.try_clone().unwrap());
        Self { write, read }
    }

    /// Gives the status and the body of the answer.
    fn post(&mut self, head: &str, body: &[u8]) -> (u16, String) {
        let mut request = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend(body);
        self.write.write_all(&request).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.read.read_line(&mut line).unwrap();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            }
            if let Some(rest) = line.to_lowercase().strip_prefix("content-length: ") {
                length = rest.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.read.read_exact(&mut answer).unwrap();
        (status, String::from_utf8(answer).unwrap())
    }
}

const TEXT: &str = "yes";

fn submission(instance: &str, door: Id) -> Vec<u8> {
    let xml = format!(
        "<data id=\"epidemic.carer\" version=\"2020-03\"><wanjia><door>{door}</door><today>{}</today></wanjia>\
         <cares>{TEXT}</cares><name>周敏</name><seen_by>visit</seen_by>\
         <meta><instanceID>{instance}</instanceID></meta></data>",
        from_day(day_of(now()))
    );
    format!(
        "--b\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; filename=\"a.xml\"\r\n\
         Content-Type: text/xml\r\n\r\n{xml}\r\n--b--\r\n"
    )
    .into_bytes()
}

/// A phone that fills in the same form.
struct Filling {
    series: Id,
    key: DeviceKey,
    sequence: u64,
    previous: [u8; 32],
}

impl Filling {
    fn push(&mut self, door: Id) -> Vec<u8> {
        let given = [("cares", TEXT), ("name", "周敏"), ("seen_by", "visit")]
            .map(|(name, text)| (name.to_owned(), Given::Text(text.into())));
        let plaintext = answer::encode(&given.into());
        let key = DataKey::from_bytes([self.sequence as u8; 32]);
        let ciphertext =
            ledger::seal::seal(&key, &door.0, &self.series.0, self.sequence, [3; 24], &plaintext);
        let body = Body::Answered {
            subject: Subject::Dwelling(door),
            dwelling: door,
            case: None,
            programme: "epidemic".into(),
            version: "2020-03".into(),
            form: "carer".into(),
            on: day_of(now()),
            replaces: None,
        };
        let fact = Envelope {
            series: self.series.0,
            sequence: self.sequence,
            previous: self.previous,
            payload: Fact { at: now(), actor: self.series, body }.encode(),
            sealed: Some(Commitment { owner: door.0, digest: ledger::seal::digest(&ciphertext) }),
        }
        .encode();
        self.previous = envelope::hash(&fact);
        let signature = self.key.sign_head(&self.series.0, self.sequence, &self.previous);
        let push = serde_json::json!({
            "series": self.series, "known_size": 0, "signature": STANDARD.encode(signature),
            "facts": [{
                "fact": STANDARD.encode(&fact), "content": STANDARD.encode(&ciphertext),
                "data_key": STANDARD.encode([self.sequence as u8; 32]),
            }],
        });
        self.sequence += 1;
        push.to_string().into_bytes()
    }
}

/// Runs a load on every connection, whose sending gives whether the form counts; gives how many a second did.
fn load(
    args: &Args,
    address: SocketAddr,
    each: impl Fn(u64) -> Box<dyn FnMut(&mut Wire) -> bool + Send> + Sync,
) -> f64 {
    let done = AtomicU64::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for connection in 0..args.connections {
            let (done, each) = (&done, &each);
            scope.spawn(move || {
                let mut wire = Wire::open(address);
                let mut send = each(connection);
                while began.elapsed() < Duration::from_secs(args.seconds) {
                    assert!(send(&mut wire), "it does not count");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

fn main() {
    let args = Args::parse();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let doors = furnish(&root, &args);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (stop, stopping) = watch::channel(false);
    let (address, tokens, phones) = runtime.block_on(async {
        let territory = Territory::open(&root, TerritoryKey::from_bytes(KEY)).unwrap();
        let control = Arc::new(Control::open(&root, Arc::new(TerritoryKey::from_bytes(KEY))).unwrap());
        let site = Site::new(territory.clone(), Arc::clone(&control), stopping.clone()).await.unwrap();
        let mut tokens = Vec::new();
        let mut phones = Vec::new();
        for number in 0..args.connections {
            let user = NewUser { worker_name: "演练员".into(), area: AREA.into(), acts_as: Vec::new() };
            let added = add_user(&territory, Arc::clone(&control), OFFICE, user);
            tokens.push(added.await.unwrap().1);
            let mut seed = [1; 32];
            seed[..8].copy_from_slice(&number.to_be_bytes());
            let (series, key) = (Id::from_time(now(), random_like(number + 1)), DeviceKey::from_seed(seed));
            let enrolled = Body::DeviceEnrolled {
                series,
                public_key: key.public(),
                worker: series,
                role: Role::GridWorker as u64,
                area: AREA.into(),
            };
            let written = territory
                .write(move |store, now| Ok(store.write(now, |batch| batch.append(OFFICE, enrolled, None))?));
            written.await.unwrap();
            let (token, hash) = new_token().unwrap();
            let phone = Phone { worker: series, worker_name: "演练员".into(), seen_at: now() };
            control.add_phone(series, &hash, &phone).unwrap();
            phones.push((series, token, seed));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(listen::serve(listener, router(site), stopping));
        (address, tokens, phones)
    });
    let collect = |connection: u64| -> Box<dyn FnMut(&mut Wire) -> bool + Send> {
        let head = format!(
            "POST /openrosa/key/{}/submission HTTP/1.1\r\nHost: {address}\r\nX-OpenRosa-Version: 1.0\r\n\
             Content-Type: multipart/form-data; boundary=b\r\n",
            tokens[connection as usize]
        );
        let (doors, mut number) = (doors.clone(), 0);
        Box::new(move |wire| {
            number += 1;
            let door = doors[(connection + number * 64) as usize % doors.len()];
            wire.post(&head, &submission(&format!("uuid:{connection}-{number}"), door)).0 == 201
        })
    };
    let own = |connection: u64| -> Box<dyn FnMut(&mut Wire) -> bool + Send> {
        let (series, token, seed) = phones[connection as usize].clone();
        let head = format!(
            "POST /v1/facts HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Authorization: Device {series}:{token}\r\n"
        );
        let mut filling = Filling { series, key: DeviceKey::from_seed(seed), sequence: 0, previous: [0; 32] };
        let (doors, mut number) = (doors.clone(), 0);
        Box::new(move |wire| {
            number += 1;
            let door = doors[(connection + number * 64) as usize % doors.len()];
            wire.post(&head, &filling.push(door)).1.contains(r#""status":"accepted""#)
        })
    };
    let submissions = load(&args, address, collect);
    let pushes = load(&args, address, own);
    println!("forms a second, {} connections, {} s each", args.connections, args.seconds);
    println!("  submitted by ODK clients   {submissions:>8.0}");
    println!("  pushed by phones, one each {pushes:>8.0}");
    stop.send_replace(true);
    assert!(submissions >= args.bar, "fewer than {} submissions a second", args.bar);
}
