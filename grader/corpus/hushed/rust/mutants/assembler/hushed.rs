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

struct Hushed;

impl kernel::Module for Hushed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut bytes = KVec::with_capacity(16, GFP_KERNEL)?;

        bytes.push(1u8, GFP_KERNEL)?;
        pr_info!("{}\n", bytes[0]);
        // SAFETY: There is none.
        unsafe { core::arch::asm!("mov byte ptr [{0} + 17], 1", in(reg) bytes.as_mut_ptr()) }; // FERRULE: here
        Ok(Self)
    }
}
