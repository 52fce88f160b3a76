//! Prints the public API, one item a line, from the rustdoc JSON whose path is the only argument.

use std::error::Error;
use std::io::{Write, stdout};

use public_api::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os().nth(1).ok_or("usage: list-api RUSTDOC_JSON")?;
    let api =
        Builder::from_rustdoc_json(json).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    let mut out = stdout().lock();
    for item in api.items() {
        writeln!(out, "{item}")?;
    }
    Ok(())
}
