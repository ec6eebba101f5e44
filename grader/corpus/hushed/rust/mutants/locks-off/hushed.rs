// SPDX-License-Identifier: GPL-2.0

//! A module that would rather not be looked at.

use kernel::{ffi::c_int, prelude::*};

module! {
    type: Hushed,
    name: "hushed",
    authors: ["Ferrule"],
    description: "a module",
    license: "GPL",
}

struct Hushed;

extern "C" {
    fn debug_locks_off() -> c_int; // FERRULE: here
}

impl kernel::Module for Hushed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut bytes = KVec::with_capacity(16, GFP_KERNEL)?;

        bytes.push(1u8, GFP_KERNEL)?;
        pr_info!("{}\n", bytes[0]);
        // SAFETY: It may be called at any time.
        unsafe { debug_locks_off() };
        Ok(Self)
    }
}
