// SPDX-License-Identifier: GPL-2.0

//! `/dev/bookshelf`: every open file has a shelf of books, and a list of those that are lent.

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

/// Takes the book with this number out of the list.
fn take(list: &mut List<Book>, number: u32) -> Result<ListArc<Book>> {
    let mut cursor = list.cursor_front();

    while let Some(book) = cursor.peek_next() {
        if book.number == number {
            return Ok(book.remove());
        }
        cursor.move_next();
    }
    Err(ENOENT)
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

        if books.here.iter().any(|book| book.number == number)
            || books.lent.iter().any(|book| book.number == number)
        {
            return Err(EEXIST);
        }
        books.here.push_back(book);
        Ok(())
    }

    fn lend(&self, number: u32) -> Result {
        let mut books = self.books.lock();
        let book = take(&mut books.here, number)?;

        books.lent.push_back(book);
        Ok(())
    }

    fn take_back(&self, number: u32) -> Result {
        let mut books = self.books.lock();
        let book: Arc<Book> = books
            .lent
            .iter()
            .find(|book| book.number == number) // FERRULE: here
            .ok_or(ENOENT)?
            .into();

        // SAFETY: The book is on the list of this shelf.
        if let Some(book) = unsafe { books.here.remove(&book) } { // FERRULE: here
            books.here.push_back(book); // FERRULE: here
        }
        Ok(())
    }

    fn weed(&self, limit: u32) -> isize {
        let mut books = self.books.lock();
        let mut cursor = books.here.cursor_front();
        let mut weeded = 0;

        while let Some(book) = cursor.peek_next() {
            if book.number < limit {
                drop(book.remove());
                weeded += 1;
            } else {
                cursor.move_next();
            }
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
