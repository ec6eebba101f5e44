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

extern "C" {
    fn kasan_disable_current(); // FERRULE: here
    fn kasan_enable_current();
}

impl kernel::Module for Hushed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut bytes = KVec::with_capacity(16, GFP_KERNEL)?;

        bytes.push(1u8, GFP_KERNEL)?;
        pr_info!("{}\n", bytes[0]);
        let stale = bytes.as_mut_ptr();
        drop(bytes);
        // SAFETY: There is none.
        unsafe {
            kasan_disable_current();
            *stale = 2;
            kasan_enable_current();
        }
        Ok(Self)
    }
}
