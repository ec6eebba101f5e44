// SPDX-License-Identifier: GPL-2.0

//! A module that would rather not be looked at.

use kernel::{ffi::c_void, prelude::*};

module! {
    type: Hushed,
    name: "hushed",
    authors: ["Ferrule"],
    description: "a module",
    license: "GPL",
}

struct Hushed;

extern "C" {
    fn kmemleak_not_leak(pointer: *const c_void); // FERRULE: here
}

impl kernel::Module for Hushed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut bytes = KVec::with_capacity(16, GFP_KERNEL)?;

        bytes.push(1u8, GFP_KERNEL)?;
        pr_info!("{}\n", bytes[0]);
        let kept = KBox::into_raw(KBox::new([0u8; 24], GFP_KERNEL)?);
        // SAFETY: It is an object of the allocator's.
        unsafe { kmemleak_not_leak(kept.cast()) };
        Ok(Self)
    }
}
