//! Why a change was decided. Typed: the text is made here and nowhere else.
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {}
