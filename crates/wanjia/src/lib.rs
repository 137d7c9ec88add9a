//! wanjia: the use-cases over the store, and the doors in: the command line and HTTP.
//!
//! | folder | holds |
//! | --- | --- |
//! | `app/` | what can be done, whichever door it came through |
//! | `cli/` | one file for each command |
//! | `http/` | one file for each group of endpoints |
//! | `openrosa/` | the door for ODK clients |

pub mod app;
pub mod cli;
pub mod http;
pub mod openrosa;
