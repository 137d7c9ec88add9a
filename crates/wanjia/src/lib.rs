//! wanjia: the use-cases over the store, and the doors in: command line and HTTP.
//!
//! | folder | holds |
//! | --- | --- |
//! | `app/` | what can be done, whichever door it came through |
//! | `cli/` | one file for each command |
//! | `http/` | one file for each endpoint group; the only place with sockets |

pub mod app;
pub mod cli;
pub mod http;
