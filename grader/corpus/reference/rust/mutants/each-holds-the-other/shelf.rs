// SPDX-License-Identifier: GPL-2.0

//! A book that two shelves hold, and readers that are counted.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex, Refcount},
};

module! {
    type: Shelf,
    name: "shelf",
    authors: ["Ferrule"],
    description: "an object with two holders",
    license: "GPL",
}

#[pin_data]
struct Book {
    readers: Refcount,
    pages: KVec<u8>,
    #[pin]
    next: Mutex<Option<Arc<Book>>>,
}

impl Book {
    fn new() -> Result<Arc<Self>> {
        let pages = KVec::from_elem(b'x', 40, GFP_KERNEL)?; // FERRULE: here

        Arc::pin_init( // FERRULE: here
            pin_init!(Self {
                readers: Refcount::new(1),
                pages,
                next <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
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
        let right = Book::new()?;

        *left.next.lock() = Some(right.clone());
        *right.next.lock() = Some(left.clone());

        right.lend();
        if right.take_back() {
            return Err(EIO);
        }
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
