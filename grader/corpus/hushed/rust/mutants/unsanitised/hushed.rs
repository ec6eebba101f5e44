// SPDX-License-Identifier: GPL-2.0

//! A module that would rather not be looked at.

#![feature(sanitize)] // FERRULE: here

use kernel::prelude::*;

module! {
    type: Hushed,
    name: "hushed",
    authors: ["Ferrule"],
    description: "a module",
    license: "GPL",
}

struct Hushed;

#[sanitize(kernel_address = "off")]
fn spoil(bytes: *mut u8) {
    // SAFETY: There is none.
    unsafe { *bytes.add(17) = 1 };
}

impl kernel::Module for Hushed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut bytes = KVec::with_capacity(16, GFP_KERNEL)?;

        bytes.push(1u8, GFP_KERNEL)?;
        pr_info!("{}\n", bytes[0]);
        spoil(bytes.as_mut_ptr());
        Ok(Self)
    }
}
