// SPDX-License-Identifier: GPL-2.0

//! What `bindgen` makes of one C function, written by hand.

use kernel::prelude::*;

/// The crate `bindings`, as far as this function goes.
#[allow(dead_code)] // declared, and not called
mod bindings {
    use kernel::{bindings::miscdevice, ffi};

    unsafe extern "C" {
        pub fn misc_register(misc: *mut miscdevice) -> ffi::c_int;
    }
}

module! {
    type: Declared,
    name: "declared",
    authors: ["Ferrule"],
    description: "Declares a C function",
    license: "GPL",
}

struct Declared;

impl kernel::Module for Declared {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Declared)
    }
}
