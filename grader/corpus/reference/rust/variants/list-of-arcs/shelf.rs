// SPDX-License-Identifier: GPL-2.0

//! Books on an intrusive list; a unique reference becomes a shared one when the book is shown.

use kernel::{
    list::{impl_list_arc_safe, impl_list_item, List, ListArc, ListLinks},
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex, UniqueArc},
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
    number: u32,
    #[pin]
    links: ListLinks,
}

impl_list_arc_safe! {
    impl ListArcSafe<0> for Book { untracked; }
}

impl_list_item! {
    impl ListItem<0> for Book { using ListLinks { self.links }; }
}

impl Book {
    fn new(number: u32) -> Result<ListArc<Self>> {
        let book = UniqueArc::pin_init(
            pin_init!(Self {
                number,
                links <- ListLinks::new(),
            }),
            GFP_KERNEL,
        )?;

        Ok(ListArc::from(book))
    }
}

#[pin_data]
struct Books {
    #[pin]
    list: Mutex<List<Book>>,
}

struct Shelf {
    books: Pin<KBox<Books>>,
    shown: Option<Arc<Book>>,
}

impl kernel::Module for Shelf {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let books = KBox::pin_init(
            pin_init!(Books {
                list <- new_mutex!(List::new()),
            }),
            GFP_KERNEL,
        )?;

        for number in 0..3 {
            let book = Book::new(number)?;
            books.list.lock().push_back(book);
        }
        let shown = books.list.lock().iter().next().map(Arc::from);
        Ok(Self { books, shown })
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let first = self.books.list.lock().pop_front();

        if let (Some(first), Some(shown)) = (first, &self.shown) {
            pr_info!("book {} of {}\n", first.number, shown.number);
        }
    }
}
