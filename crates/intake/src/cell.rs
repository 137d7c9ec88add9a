//! One cell at a time: what people write becomes what a program can compare.

mod codes;
pub mod date;
pub mod door;
pub mod id_number;
pub mod instant;
mod phone;
mod text;

pub use codes::{AWAY, light, outcome, sex};
pub use date::{DateFault, birth_date, date};
pub use id_number::{IdFault, IdNumber, check_character, id_number};
pub use instant::instant;
pub use phone::{PhoneFault, incomplete, phone};
pub use text::{area_code, fold_width, name, plain};

pub(crate) use text::is_han;
pub(crate) use text::looks_rounded;
