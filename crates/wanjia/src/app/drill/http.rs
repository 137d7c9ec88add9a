//! Requests of the simulated phones and offices: blocking, one kept-open connection for each client.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde::de::DeserializeOwned;

/// Long enough for a loaded test machine; a server that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(120);
const LONGEST_ANSWER: u64 = 256 << 20;

/// Why a request brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The server answered with a problem document.
    #[error("{method} {path}: {status} {body}")]
    Refused { method: &'static str, path: String, status: u16, body: String },
    /// No answer: the connection was refused or broke. What was sent may or may not have arrived.
    #[error("{method} {path}: {cause}")]
    Cut { method: &'static str, path: String, cause: String },
    /// The answer came and is not what the contract says.
    #[error("{method} {path}: the answer breaks the contract: {cause}")]
    Contract { method: &'static str, path: String, cause: String },
}

impl Trouble {
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// A field of the problem document.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<serde_json::Value> {
        let Self::Refused { body, .. } = self else { return None };
        serde_json::from_str::<serde_json::Value>(body).ok()?.get(name).cloned()
    }
}

pub type Answer<T> = Result<T, Trouble>;

/// One client: a phone or a browser.
pub struct Client {
    agent: ureq::Agent,
    address: SocketAddr,
    /// Name and value of the header that says who calls.
    identity: Vec<(&'static str, String)>,
}

impl Client {
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections_per_host(1)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .build();
        Self { agent: config.new_agent(), address, identity: Vec::new() }
    }

    /// The server came back at another address.
    pub fn move_to(&mut self, address: SocketAddr) {
        let identity = std::mem::take(&mut self.identity);
        *self = Self { identity, ..Self::new(address) };
    }

    /// Every request from now on carries this header.
    pub fn carry(&mut self, name: &'static str, value: String) {
        self.identity.retain(|(known, _)| *known != name);
        self.identity.push((name, value));
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        parse("GET", path, &self.get_text(path)?)
    }

    pub fn get_text(&self, path: &str) -> Answer<String> {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in &self.identity {
            request = request.header(*name, value);
        }
        finish("GET", path, request.call()).map(|(_, body)| body)
    }

    pub fn delete(&self, path: &str) -> Answer<()> {
        let mut request = self.agent.delete(self.url(path));
        for (name, value) in &self.identity {
            request = request.header(*name, value);
        }
        finish("DELETE", path, request.call()).map(|_| ())
    }

    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &serde_json::Value) -> Answer<T> {
        parse("POST", path, &self.post_bytes(path, body.to_string().as_bytes())?)
    }

    /// For answers without a body.
    pub fn post_only(&self, path: &str, body: &serde_json::Value) -> Answer<()> {
        self.post_bytes(path, body.to_string().as_bytes()).map(|_| ())
    }

    pub fn post_bytes(&self, path: &str, body: &[u8]) -> Answer<String> {
        self.post_full(path, body).map(|(_, body)| body)
    }

    /// Posts JSON bytes; gives the `Set-Cookie` header, if any, and the body.
    pub fn post_full(&self, path: &str, body: &[u8]) -> Answer<(Option<String>, String)> {
        let mut request = self.agent.post(self.url(path)).content_type("application/json");
        for (name, value) in &self.identity {
            request = request.header(*name, value);
        }
        finish("POST", path, request.send(body))
    }

    /// Sends the beginning of a request, or all of it, and hangs up without reading an answer.
    pub fn post_and_hang_up(&self, path: &str, body: &[u8], share: f64) {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in &self.identity {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        let cut = ((bytes.len() as f64) * share.clamp(0.0, 1.0)) as usize;
        // Whether anything arrives is exactly what the phone cannot know.
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            let _ = stream.write_all(bytes.get(..cut).unwrap_or(&bytes));
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn finish(
    method: &'static str,
    path: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Answer<(Option<String>, String)> {
    let cut = |error: ureq::Error| Trouble::Cut { method, path: path.to_owned(), cause: error.to_string() };
    let answer = answer.map_err(cut)?;
    let status = answer.status().as_u16();
    let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let bytes = answer.into_body().with_config().limit(LONGEST_ANSWER).read_to_vec().map_err(cut)?;
    let body = String::from_utf8(bytes).map_err(|error| Trouble::Contract {
        method,
        path: path.to_owned(),
        cause: error.to_string(),
    })?;
    if (200..300).contains(&status) {
        Ok((cookie, body))
    } else {
        Err(Trouble::Refused { method, path: path.to_owned(), status, body })
    }
}

fn parse<T: DeserializeOwned>(method: &'static str, path: &str, body: &str) -> Answer<T> {
    serde_json::from_str(body).map_err(|error| Trouble::Contract {
        method,
        path: path.to_owned(),
        cause: format!("{error} in {}", body.chars().take(300).collect::<String>()),
    })
}
