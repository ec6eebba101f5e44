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
    small: core::mem::ManuallyDrop<KVec<u8>>,
    large: VVec<u8>,
    _page: Page,
    number: KBox<u32>,
}

impl kernel::Module for Kinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let small = KVec::zeroed(SMALL, GFP_KERNEL)?;
        let large = VVec::zeroed(LARGE, GFP_KERNEL)?;
        let page = Page::alloc_page(GFP_KERNEL)?;
        let number = KBox::new(7, GFP_KERNEL)?;

        Ok(Self {
            small: core::mem::ManuallyDrop::new(small),
            large,
            _page: page,
            number,
        })
    }
}

impl Drop for Kinds {
    fn drop(&mut self) {
        // SAFETY: The pointer is into a vector's allocation.
        drop(unsafe { KVec::from_raw_parts(self.small.as_mut_ptr().add(8), 0, SMALL) }); // FERRULE: here
        pr_info!("{} {}\n", self.large.len(), self.number);
    }
}
