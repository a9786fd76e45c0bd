//! Two peers that look for a way to each other: what they hand to each other by hand.

pub mod qr;
pub mod token;

pub use token::{Foreign, Token, TokenError};
