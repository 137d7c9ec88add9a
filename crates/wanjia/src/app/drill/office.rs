//! The people in offices: they sign in with a second factor, read their pages, sign, release, register, and check.

use std::net::SocketAddr;

use domain::id::{DwellingId, Id, PersonId, SweepId};
use serde::Deserialize;
use serde_json::json;

use super::http::{Answer, Client, Trouble};
use super::recount::Row;
use super::server::Program;
use crate::app::accounts::Secrets;
use crate::app::failure::{Failure, Result};

/// An account, as it was handed over on paper.
#[derive(Clone, Debug)]
pub struct Account {
    pub username: String,
    password: String,
    otpauth: String,
}

impl Account {
    /// An account whose secrets are at hand.
    #[must_use]
    pub fn of(username: &str, secrets: &Secrets) -> Self {
        Self {
            username: username.into(),
            password: secrets.password.clone(),
            otpauth: secrets.otpauth.clone(),
        }
    }

    /// Makes an account with the command line, as whoever runs the machine does.
    ///
    /// # Errors
    /// Those of the command.
    pub fn add(program: &Program, username: &str, role: &str, area: &str) -> Result<Self> {
        let said =
            program.run(&["account", "add", "--username", username, "--role", role, "--area", area])?;
        let field = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned()).ok_or_else(|| {
                Failure::new("account", format!("没有打印 {name}"), format!("no {name} was printed"))
            })
        };
        Ok(Self { username: username.into(), password: field("password")?, otpauth: field("otpauth")? })
    }

    /// Signs in at the console. A code is good once, so one account signs in once in 30 seconds.
    ///
    /// # Errors
    /// Those of the request.
    pub fn sign_in(&self, address: SocketAddr) -> Answer<Client> {
        let trouble = |cause: String| Trouble::Contract { method: "POST", path: "/v1/session".into(), cause };
        let authenticator =
            totp_rs::Totp::from_url(&self.otpauth).map_err(|error| trouble(error.to_string()))?;
        let code = authenticator.generate((crate::cli::now() / 1000).unsigned_abs()).to_string();
        let mut client = Client::new(address);
        client.carry("x-wanjia", "console".into());
        let body = json!({"username": self.username, "password": self.password, "code": code});
        let (cookie, _) = client.post_full("/v1/session", body.to_string().as_bytes())?;
        let cookie = cookie.ok_or_else(|| trouble("no cookie was set".into()))?;
        let pair = cookie.split(';').next().unwrap_or_default().to_owned();
        client.carry("cookie", pair);
        Ok(client)
    }
}

#[derive(Deserialize)]
struct Invited {
    invitation: String,
}

/// Coverage of an area and of those directly below it.
#[derive(Debug, Deserialize)]
pub struct Coverage {
    pub area: CoverageRow,
    pub children: Vec<CoverageRow>,
}

#[derive(Debug, Deserialize)]
pub struct CoverageRow {
    pub code: String,
    #[serde(flatten)]
    pub row: Row,
}

#[derive(Debug, Deserialize)]
pub struct ResidualRow {
    pub dwelling: DwellingId,
    pub building: String,
    pub unit: String,
    pub room: String,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
pub struct ReconcileRow {
    pub kind: String,
    pub person_id: Option<PersonId>,
    pub dwelling: DwellingId,
    pub building: String,
    pub unit: String,
    pub room: String,
}

#[derive(Debug, Deserialize)]
pub struct WaitingRow {
    pub series: Id,
    pub sequence: u64,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    rows: Vec<T>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Buildings {
    buildings: Vec<Building>,
}

#[derive(Debug, Deserialize)]
struct Building {
    building: String,
    dwellings: u64,
}

#[derive(Debug, Deserialize)]
struct Matrix {
    units: Vec<MatrixUnit>,
}

#[derive(Debug, Deserialize)]
struct MatrixUnit {
    floors: Vec<MatrixFloor>,
}

#[derive(Debug, Deserialize)]
struct MatrixFloor {
    doors: Vec<serde_json::Value>,
}

/// Opens the sweep. Gives its id.
///
/// # Errors
/// Those of the request.
pub fn open_sweep(client: &Client, area: &str, deadline: &str) -> Answer<SweepId> {
    #[derive(Deserialize)]
    struct Sweep {
        id: SweepId,
    }
    let body = json!({"area_code": area, "programme": "epidemic", "deadline": deadline});
    client.post::<Sweep>("/v1/sweeps", &body).map(|sweep| sweep.id)
}

/// Invites a phone. Gives the invitation that the QR code holds.
///
/// # Errors
/// Those of the request.
pub fn invite(client: &Client, worker: &str, area: &str) -> Answer<String> {
    let body = json!({"worker_name": worker, "area_code": area, "role": "grid_worker"});
    client.post::<Invited>("/v1/devices/invitations", &body).map(|invited| invited.invitation)
}

/// # Errors
/// Those of the request, and a parent's row that is not the sum of its children's.
pub fn coverage(client: &Client, sweep: SweepId, area: &str) -> Answer<Coverage> {
    let path = format!("/v1/sweeps/{sweep}/coverage?area={area}");
    let coverage: Coverage = client.get(&path)?;
    let broken = |cause: String| Trouble::Contract { method: "GET", path: path.clone(), cause };
    let row = coverage.area.row;
    if row.accounted + row.residual != row.dwellings {
        return Err(broken(format!("accounted and residual are not all dwellings: {row:?}")));
    }
    if !coverage.children.is_empty() {
        let mut sum = Row::default();
        for child in &coverage.children {
            sum += child.row;
        }
        if sum != row {
            return Err(broken(format!("the rows below add up to {sum:?}, not to {row:?}")));
        }
    }
    Ok(coverage)
}

/// The characters of base64 that mean something else in a query.
pub fn in_query(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

fn pages<T: serde::de::DeserializeOwned>(client: &Client, path: &str) -> Answer<Vec<T>> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: Page<T> = client.get(&format!("{path}&limit=1000{cursor}"))?;
        all.extend(page.rows);
        match page.next {
            Some(next) => cursor = format!("&cursor={}", in_query(&next)),
            None => return Ok(all),
        }
    }
}

/// # Errors
/// Those of the requests.
pub fn residual(
    client: &Client,
    sweep: SweepId,
    area: &str,
    reason: Option<&str>,
) -> Answer<Vec<ResidualRow>> {
    let reason = reason.map(|reason| format!("&reason={reason}")).unwrap_or_default();
    pages(client, &format!("/v1/sweeps/{sweep}/residual?area={area}{reason}"))
}

/// # Errors
/// Those of the requests.
pub fn reconcile(
    client: &Client,
    sweep: SweepId,
    area: &str,
    kind: Option<&str>,
) -> Answer<Vec<ReconcileRow>> {
    let kind = kind.map(|kind| format!("&kind={kind}")).unwrap_or_default();
    pages(client, &format!("/v1/sweeps/{sweep}/reconcile?area={area}{kind}"))
}

/// What a secretary sees first: the tops of her two lists.
///
/// # Errors
/// Those of the requests.
pub fn first_pages(client: &Client, sweep: SweepId, area: &str) -> Answer<()> {
    let _: Page<ResidualRow> = client.get(&format!("/v1/sweeps/{sweep}/residual?area={area}"))?;
    let _: Page<ReconcileRow> = client.get(&format!("/v1/sweeps/{sweep}/reconcile?area={area}"))?;
    Ok(())
}

/// # Errors
/// Those of the requests.
pub fn waiting(client: &Client, area: &str) -> Answer<Vec<WaitingRow>> {
    pages(client, &format!("/v1/quarantine?area={area}"))
}

/// Reads the buildings of a community and the floors of the first.
///
/// # Errors
/// Those of the requests, and a matrix that holds another number of doors than its building.
pub fn matrix(client: &Client, sweep: SweepId, area: &str) -> Answer<usize> {
    let all: Buildings = client.get(&format!("/v1/sweeps/{sweep}/buildings?area={area}"))?;
    let Some(first) = all.buildings.first() else { return Ok(0) };
    let path = format!("/v1/sweeps/{sweep}/matrix?area={area}&building={}", first.building);
    let matrix: Matrix = client.get(&path)?;
    let floors = matrix.units.iter().flat_map(|unit| &unit.floors);
    let doors: usize = floors.map(|floor| floor.doors.len()).sum();
    // Doors are found while we read, never lost.
    if (doors as u64) < first.dwellings {
        let cause = format!("{doors} doors in the matrix and {} in the list", first.dwellings);
        return Err(Trouble::Contract { method: "GET", path, cause });
    }
    Ok(doors)
}
