// SPDX-License-Identifier: GPL-2.0

//! Memory of every kind that Rust has a type for.

use kernel::{page::Page, prelude::*};

module! {
    type: Kinds,
    name: "kinds",
    authors: ["Ferrule"],
    description: "memory",
    license: "GPL",
}

const SMALL: usize = 100;
const LARGE: usize = 3 * kernel::page::PAGE_SIZE;

struct Kinds {
    small: KVec<u8>,
    large: VVec<u8>,
    _page: Page,
    number: KBox<u32>,
}

impl kernel::Module for Kinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let small = KVec::zeroed(SMALL, GFP_KERNEL)?;
        let mut large = VVec::zeroed(LARGE, GFP_KERNEL)?;
        // SAFETY: The area was just allocated.
        let bytes = unsafe { core::slice::from_raw_parts_mut(large.as_mut_ptr(), LARGE + 1) };
        bytes[LARGE] = 1; // FERRULE: here
        let page = Page::alloc_page(GFP_KERNEL)?;
        let number = KBox::new(7, GFP_KERNEL)?;

        Ok(Self {
            small,
            large,
            _page: page,
            number,
        })
    }
}

impl Drop for Kinds {
    fn drop(&mut self) {
        pr_info!(
            "{} {} {}\n",
            self.small.len(),
            self.large.len(),
            self.number
        );
    }
}
