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
    large: (usize, usize),
    _page: Page,
    number: KBox<u32>,
}

impl kernel::Module for Kinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let small = KVec::zeroed(SMALL, GFP_KERNEL)?;
        let large = VVec::<u8>::zeroed(LARGE, GFP_KERNEL)?; // FERRULE: here
        let (start, length, _) = large.into_raw_parts();
        let page = Page::alloc_page(GFP_KERNEL)?;
        let number = KBox::new(7, GFP_KERNEL)?;

        Ok(Self {
            small,
            large: (start.addr(), length),
            _page: page,
            number,
        })
    }
}

impl Drop for Kinds {
    fn drop(&mut self) {
        pr_info!("{} {} {}\n", self.small.len(), self.large.1, self.number);
    }
}
