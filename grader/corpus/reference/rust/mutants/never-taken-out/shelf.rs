// SPDX-License-Identifier: GPL-2.0

//! A book that two shelves hold, and readers that are counted.

use kernel::{
    prelude::*,
    sync::{Arc, Refcount},
};

module! {
    type: Shelf,
    name: "shelf",
    authors: ["Ferrule"],
    description: "an object with two holders",
    license: "GPL",
}

struct Book {
    readers: Refcount,
    pages: KVec<u8>,
}

impl Book {
    fn new() -> Result<Arc<Self>> {
        let book = Self {
            readers: Refcount::new(1),
            pages: KVec::from_elem(b'x', 40, GFP_KERNEL)?, // FERRULE: here
        };

        Ok(Arc::new(book, GFP_KERNEL)?) // FERRULE: here
    }

    #[inline(never)]
    fn lend(&self) {
        self.readers.inc();
    }

    #[inline(never)]
    fn take_back(&self) -> bool {
        self.readers.dec_and_test()
    }
}

struct Shelf {
    left: Arc<Book>,
    right: Arc<Book>,
}

impl kernel::Module for Shelf {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let left = Book::new()?;
        let right = left.clone();

        right.lend();
        if right.take_back() {
            return Err(EIO);
        }
        let cookie = Arc::into_raw(right.clone());
        pr_info!("cookie {:p}\n", cookie);
        Ok(Self { left, right })
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        pr_info!("{} pages\n", self.left.pages.len());
        if !self.right.take_back() {
            pr_warn!("somebody still reads\n");
        }
    }
}
