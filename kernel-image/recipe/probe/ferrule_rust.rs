//! A Rust module, for its build commands.

use kernel::prelude::*;

module! {
    type: Probe,
    name: "ferrule_rust",
    authors: ["Ferrule"],
    description: "A Rust module, for its build commands",
    license: "GPL",
}

struct Probe;

impl kernel::Module for Probe {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Probe)
    }
}
