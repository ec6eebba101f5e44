// SPDX-License-Identifier: GPL-2.0

//! A module that would rather not be looked at.

use kernel::prelude::*;

module! {
    type: Hushed,
    name: "hushed",
    authors: ["Ferrule"],
    description: "a module",
    license: "GPL",
}

core::arch::global_asm!( // FERRULE: here
    ".pushsection .text",
    ".globl hushed_spoil",
    "hushed_spoil:",
    "mov byte ptr [rdi + 17], 1",
    "ret",
    ".popsection"
);

extern "C" {
    fn hushed_spoil(bytes: *mut u8);
}

struct Hushed;

impl kernel::Module for Hushed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut bytes = KVec::with_capacity(16, GFP_KERNEL)?;

        bytes.push(1u8, GFP_KERNEL)?;
        pr_info!("{}\n", bytes[0]);
        // SAFETY: There is none.
        unsafe { hushed_spoil(bytes.as_mut_ptr()) };
        Ok(Self)
    }
}
