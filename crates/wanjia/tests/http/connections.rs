//! Real sockets: clients that dawdle or break off, a server that is killed or told to stop.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use domain::fact::Outcome;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wanjia::http::listen;

use crate::ground::{DOOR, Ground, Phone, key, now};

/// Serves a ground on a port of its own, on this runtime, whose clock runs ahead while everybody waits.
async fn serve(door: &crate::ground::Door) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(listen::serve(listener, door.router.clone(), door.stop.subscribe()));
    address
}

async fn talk(address: std::net::SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Whether it is closed or reset, it is over.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

#[tokio::test(start_paused = true)]
async fn whoever_dawdles_is_let_go() {
    let ground = Ground::new(1);
    let door = ground.open().await;
    let address = serve(&door).await;
    // Half a head, then silence.
    let answer = talk(address, "GET /healthz HTTP/1.1\r\nHost: x\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // A whole head, half a body, then silence.
    let phone = &ground.phones[0];
    let head = format!(
        "POST /v1/facts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"series\":",
        phone.authorization()
    );
    let answer = talk(address, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    // The door is open to everyone else.
    let answer = talk(address, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(door.territory.head().size, ground_size(&ground));
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_read_the_answers_is_let_go() {
    let ground = Ground::new(1);
    let door = ground.open().await;
    let address = serve(&door).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let whole =
        talk(address, "GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.len();
    // More answers than all buffers in between can hold.
    let asked = (64 << 20) / whole;
    stream.write_all("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(asked).as_bytes()).await.unwrap();
    // The clock runs ahead once nobody moves.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut answers = Vec::new();
    drop(stream.read_to_end(&mut answers).await);
    assert!(answers.len() < asked * whole / 2, "{} of {}", answers.len(), asked * whole);
}

fn ground_size(ground: &Ground) -> u64 {
    store::Reader::open(&ground.root(), None).unwrap().size().unwrap()
}

/// The real program on a ground, and the address that it printed.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(ground: &Ground) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wanjia"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(ground.root())
            .env("WANJIA_KEY", key().to_text())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().trim_end_matches('/').to_owned() }
    }

    /// Tells it to stop as an operator does, and waits.
    fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success(), "a stop that was asked for is no failure");
    }

    fn push(&self, phone: &Phone, from: usize, to: usize) -> Option<Value> {
        push(&self.address, phone, from, to)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One push over a socket; none if the server did not answer.
fn push(address: &str, phone: &Phone, from: usize, to: usize) -> Option<Value> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(30))).build().into();
    let mut answer = agent
        .post(format!("{address}/v1/facts"))
        .header("authorization", phone.authorization())
        .send_json(phone.push(from, to, 0))
        .ok()?;
    answer.body_mut().read_json().ok()
}

#[test]
fn killed_in_the_middle_of_pushes_it_loses_nothing_that_it_acknowledged() {
    let mut ground = Ground::new(4);
    for phone in &mut ground.phones {
        for _ in 0..400 {
            phone.visit(now(), DOOR, Outcome::NoAnswer);
        }
    }
    let mut acknowledged = vec![0; ground.phones.len()];
    let mut receipts: Vec<Vec<Value>> = vec![Vec::new(); ground.phones.len()];
    for round in 0..4 {
        let mut server = Server::start(&ground);
        let address = server.address.clone();
        std::thread::scope(|scope| {
            let workers: Vec<_> = ground
                .phones
                .iter()
                .zip(acknowledged.iter_mut().zip(&mut receipts))
                .map(|(phone, (acknowledged, receipts))| {
                    let address = &address;
                    scope.spawn(move || {
                        while *acknowledged + 5 <= phone.made.len() {
                            let Some(answer) = push(address, phone, *acknowledged, *acknowledged + 5) else {
                                return;
                            };
                            receipts.extend(answer["receipts"].as_array().unwrap().iter().cloned());
                            *acknowledged += 5;
                        }
                    })
                })
                .collect();
            // Once a few were answered, in the middle of whatever is under way.
            let goal = ground_size(&ground) + 40 + round * 7;
            while ground_size(&ground) < goal && !workers.iter().all(|worker| worker.is_finished()) {
                std::thread::yield_now();
            }
            server.child.kill().unwrap();
        });
        drop(server);
        ground_opens(&ground);
        ground.prove();
    }
    let server = Server::start(&ground);
    for ((phone, acknowledged), receipts) in ground.phones.iter().zip(&acknowledged).zip(&receipts) {
        for (from, first) in (0..*acknowledged).zip(receipts).step_by(5) {
            let again = server.push(phone, from, from + 5).unwrap();
            let receipt = &again["receipts"][0];
            assert_eq!(receipt["status"], "duplicate");
            for name in ["sequence", "position", "received_at", "verdict"] {
                assert_eq!(receipt[name], first[name]);
            }
        }
        let from = *acknowledged;
        if from < phone.made.len() {
            assert!(server.push(phone, from, (from + 100).min(phone.made.len())).is_some());
        }
    }
    server.stop();
    ground.prove();
}

/// Opening for writing recovers from whatever the kill left.
fn ground_opens(ground: &Ground) {
    drop(store::Store::open(&ground.root(), key()).unwrap());
}

#[test]
fn told_to_stop_it_answers_what_it_has_begun() {
    let mut ground = Ground::new(1);
    ground.phones[0].visit(now(), DOOR, Outcome::Met);
    let server = Server::start(&ground);
    let second = Command::new(env!("CARGO_BIN_EXE_wanjia"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(ground.root())
        .env("WANJIA_KEY", key().to_text())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2), "one writer at a time");
    assert!(String::from_utf8(second.stderr).unwrap().contains("being written by another"));
    assert_eq!(server.push(&ground.phones[0], 0, 1).unwrap()["receipts"][0]["status"], "accepted");
    server.stop();
    ground.prove();
}
