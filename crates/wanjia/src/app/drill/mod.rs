//! The rehearsal: a synthetic city, the real server, simulated phones and offices over real HTTP, and a recount of its
//! own.

pub mod agreement;
pub mod crash;
pub mod http;
pub mod office;
pub mod phone;
pub mod recount;
pub mod rehearsal;
pub mod report;
pub mod script;
pub mod server;
