// SPDX-License-Identifier: GPL-2.0

//! `/dev/guestbook`: one book for everybody, in which each open file signs once.

use kernel::{
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOW, _IOWR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        global_lock,
    },
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const ENTRIES: usize = 16;

const BOOK_SIGN: u32 = _IOW::<Name>('g' as u32, 1);
const BOOK_ENTRY: u32 = _IOWR::<[u8; 24]>('g' as u32, 2);
const BOOK_NOW: u32 = _IO('g' as u32, 3);

type Name = [u8; 16];

#[derive(Clone, Copy)]
struct Entry {
    visit: *const Visit,
    name: Name,
}

// SAFETY: Whoever reads through the pointers holds the lock of the book.
unsafe impl Send for Entry {}

struct Book {
    entries: [Entry; ENTRIES],
    used: usize,
    visits: isize,
}

global_lock! {
    // SAFETY: `BookModule::init` initialises it before there is a device.
    unsafe(uninit) static BOOK: Mutex<Book> = Book {
        entries: [Entry { visit: core::ptr::null(), name: [0; 16] }; ENTRIES],
        used: 0,
        visits: 0,
    };
}

module! {
    type: BookModule,
    name: "guestbook",
    authors: ["Ferrule"],
    description: "A guest book",
    license: "GPL",
}

#[pin_data]
struct BookModule {
    #[pin]
    _misc: MiscDeviceRegistration<Visit>,
}

impl kernel::InPlaceModule for BookModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // SAFETY: Called once, as a module is initialised once.
        unsafe { BOOK.init() };

        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"guestbook" }),
        })
    }
}

/// Lives as long as its file; the book lives as long as the module.
struct Visit {
    signed: Atomic<bool>,
}

impl Visit {
    fn new() -> Self {
        BOOK.lock().visits += 1;
        Self {
            signed: Atomic::new(false),
        }
    }

    fn sign(&self, mut reader: UserSliceReader) -> Result<isize> {
        let name = reader.read::<Name>()?;
        let mut book = BOOK.lock();
        let index = book.used;

        if self.signed.load(Relaxed) {
            return Err(EBUSY);
        }
        *book.entries.get_mut(index).ok_or(ENOSPC)? = Entry {
            visit: self,
            name,
        };
        book.used += 1;
        self.signed.store(true, Relaxed);
        Ok(index as isize)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut book = BOOK.lock();

        self.signed.store(false, Relaxed);
        book.visits -= 1;
    }
}

fn show(mut reader: UserSliceReader, mut writer: UserSliceWriter) -> Result {
    let index = reader.read::<u32>()?;
    let book = BOOK.lock();
    let used = &book.entries[..book.used];
    let entry = used.get(index as usize).ok_or(ENOENT)?;

    // SAFETY: The visit signed this entry, so it was there, and the book is locked.
    let present = unsafe { (*entry.visit).signed.load(Relaxed) }; // FERRULE: here

    writer.write::<u32>(&index)?;
    writer.write::<u32>(&present.into())?;
    writer.write_slice(&entry.name)
}

#[vtable]
impl MiscDevice for Visit {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(KBox::new(Visit::new(), GFP_KERNEL)?)
    }

    fn ioctl(visit: &Self, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        match cmd {
            BOOK_SIGN => visit.sign(user.reader()),
            BOOK_ENTRY => {
                let (reader, writer) = user.reader_writer();

                show(reader, writer)?;
                Ok(0)
            }
            BOOK_NOW => Ok(BOOK.lock().visits),
            _ => Err(ENOTTY),
        }
    }
}
