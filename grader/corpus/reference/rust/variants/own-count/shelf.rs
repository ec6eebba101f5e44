// SPDX-License-Identifier: GPL-2.0

//! The count lives in the object itself, and `ARef` uses it.

use core::ptr::NonNull;
use kernel::{
    prelude::*,
    sync::{
        aref::{ARef, AlwaysRefCounted},
        Refcount,
    },
};

module! {
    type: Shelf,
    name: "shelf",
    authors: ["Ferrule"],
    description: "an object with two holders",
    license: "GPL",
}

struct Book {
    holders: Refcount,
    pages: KVec<u8>,
}

// SAFETY: A `Book` is made by `Book::new` alone, in a `KBox`, and freed when its count gets to 0.
unsafe impl AlwaysRefCounted for Book {
    fn inc_ref(&self) {
        self.holders.inc();
    }

    unsafe fn dec_ref(book: NonNull<Self>) {
        // SAFETY: The caller owns a reference, so the book is alive.
        if unsafe { book.as_ref() }.holders.dec_and_test() {
            // SAFETY: That was the last reference, and the pointer came from `KBox::into_raw`.
            drop(unsafe { KBox::from_raw(book.as_ptr()) });
        }
    }
}

impl Book {
    fn new(pages: usize) -> Result<ARef<Self>> {
        let book = Self {
            holders: Refcount::new(1),
            pages: KVec::zeroed(pages, GFP_KERNEL)?,
        };
        let raw = KBox::into_raw(KBox::new(book, GFP_KERNEL)?);

        // SAFETY: A pointer out of a box is not NULL, and the count of 1 is this reference.
        Ok(unsafe { ARef::from_raw(NonNull::new_unchecked(raw)) })
    }
}

struct Shelf {
    left: ARef<Book>,
    _right: ARef<Book>,
}

impl kernel::Module for Shelf {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let left = Book::new(30)?;
        let right = left.clone();
        let third: ARef<Book> = (&*right).into();

        pr_info!("{} pages\n", third.pages.len());
        Ok(Self {
            left,
            _right: right,
        })
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        pr_info!("{} pages\n", self.left.pages.len());
    }
}
