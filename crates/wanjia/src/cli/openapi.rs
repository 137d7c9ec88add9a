//! `wanjia openapi`: the machine-readable contract of the HTTP door.

use clap::Args;

use super::Outcome;
use crate::app::failure::{Failure, Result};

/// Print the OpenAPI document of the HTTP door
#[derive(Debug, Args)]
pub struct OpenapiArgs {}

/// # Errors
/// If standard output cannot be written.
pub fn run(_: &OpenapiArgs) -> Result<Outcome> {
    let document = crate::http::document()
        .to_pretty_json()
        .map_err(|error| Failure::new("openapi", error.to_string(), error.to_string()))?;
    println!("{document}");
    Ok(Outcome::Done)
}
