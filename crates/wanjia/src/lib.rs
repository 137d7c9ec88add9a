//! wanjia: the use-cases over the store, and the door in: the command line.
//!
//! | folder | holds |
//! | --- | --- |
//! | `app/` | what can be done, whichever door it came through |
//! | `cli/` | one file for each command |

pub mod app;
pub mod cli;
