// SPDX-License-Identifier: GPL-2.0

//! `/dev/bookshelf`: every open file has a shelf, on which books stand in a row, and a list of the
//! books that are lent. A new file has neither.
//!
//! ```text
//! SHELF_ADD     the argument is the number of a new book, which goes to the
//!               end of the shelf.
//!               EEXIST: there is such a book, on the shelf or lent.
//!               ENOMEM: no memory.
//! SHELF_LEND    the argument is the number of a book on the shelf, which is
//!               lent from now on. ENOENT: it is not on the shelf.
//! SHELF_RETURN  the argument is the number of a lent book, which goes to the
//!               end of the shelf. ENOENT: it is not lent.
//! SHELF_WEED    every book on the shelf whose number is less than the argument
//!               is thrown away. Returns how many. Lent books stay.
//! read          gives the numbers of the books on the shelf in their order, a
//!               u32 each, as many as fit in whole; returns how many bytes.
//!               Each read begins with the first book.
//!
//! ADD, LEND and RETURN return 0 when they work. A bad pointer: EFAULT. Another
//! command: ENOTTY. When a file is closed, its books are thrown away.
//! ```

use kernel::{
    fs::{File, Kiocb},
    ioctl::_IO,
    iov::IovIterDest,
    list::{impl_list_arc_safe, impl_list_item, List, ListArc, ListLinks},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};

const SHELF_ADD: u32 = _IO('b' as u32, 1);
const SHELF_LEND: u32 = _IO('b' as u32, 2);
const SHELF_RETURN: u32 = _IO('b' as u32, 3);
const SHELF_WEED: u32 = _IO('b' as u32, 4);

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
        ListArc::pin_init(
            try_pin_init!(Self {
                number,
                links <- ListLinks::new(),
            }),
            GFP_KERNEL,
        )
    }
}

/// Looks for the book with this number in the list.
fn find(list: &List<Book>, number: u32) -> Result<Arc<Book>> {
    let book = list.iter().find(|book| book.number == number);

    Ok(book.ok_or(ENOENT)?.into())
}

module! {
    type: ShelfModule,
    name: "bookshelf",
    authors: ["Ferrule"],
    description: "Shelves of books",
    license: "GPL",
}

#[pin_data]
struct ShelfModule {
    #[pin]
    _misc: MiscDeviceRegistration<Shelf>,
}

impl kernel::InPlaceModule for ShelfModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"bookshelf" }),
        })
    }
}

struct Books {
    here: List<Book>,
    lent: List<Book>,
}

#[pin_data]
struct Shelf {
    #[pin]
    books: Mutex<Books>,
}

impl Shelf {
    fn add(&self, number: u32) -> Result {
        let book = Book::new(number)?;
        let mut books = self.books.lock();

        // TODO: refuse a number that is there.
        books.here.push_back(book);
        Ok(())
    }

    fn lend(&self, number: u32) -> Result {
        let mut books = self.books.lock();
        let book = find(&books.here, number)?;

        // SAFETY: The book was found on this list.
        if let Some(book) = unsafe { books.here.remove(&book) } {
            books.lent.push_back(book);
        }
        Ok(())
    }

    fn take_back(&self, number: u32) -> Result {
        let mut books = self.books.lock();
        let book = find(&books.lent, number)?;

        // SAFETY: The book was found on this list.
        // TODO: was it? A cursor takes a book out without `unsafe`, and cannot be wrong about it.
        if let Some(book) = unsafe { books.here.remove(&book) } {
            books.here.push_back(book);
        }
        Ok(())
    }

    fn weed(&self, limit: u32) -> isize {
        let mut books = self.books.lock();
        let mut weeded = 0;

        // TODO: a later book may go as well, and a larger number may stand in front of it. What
        // may be changed while a list is gone through, and by whom?
        while books
            .here
            .iter()
            .next()
            .is_some_and(|book| book.number < limit)
        {
            drop(books.here.pop_front());
            weeded += 1;
        }
        weeded
    }
}

#[vtable]
impl MiscDevice for Shelf {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Shelf {
                books <- new_mutex!(Books {
                    here: List::new(),
                    lent: List::new(),
                }),
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let shelf = kiocb.file();
        let books = shelf.books.lock();
        let mut done = 0;

        for book in &books.here {
            let number = book.number.to_ne_bytes();

            if iov.len() < number.len() {
                break;
            }
            if iov.copy_to_iter(&number) != number.len() {
                return Err(EFAULT);
            }
            done += number.len();
        }
        Ok(done)
    }

    fn ioctl(shelf: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            SHELF_ADD => shelf.add(arg as u32)?,
            SHELF_LEND => shelf.lend(arg as u32)?,
            SHELF_RETURN => shelf.take_back(arg as u32)?,
            SHELF_WEED => return Ok(shelf.weed(arg as u32)),
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}
