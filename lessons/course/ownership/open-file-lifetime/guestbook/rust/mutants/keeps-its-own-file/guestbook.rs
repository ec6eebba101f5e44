// SPDX-License-Identifier: GPL-2.0

//! `/dev/guestbook`: one book for everybody, in which each open file signs once.

use kernel::{
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOW, _IOWR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    sync::{aref::ARef, global_lock, GlobalLockedBy},
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const ENTRIES: usize = 16;

const BOOK_SIGN: u32 = _IOW::<Name>('g' as u32, 1);
const BOOK_ENTRY: u32 = _IOWR::<[u8; 24]>('g' as u32, 2);
const BOOK_NOW: u32 = _IO('g' as u32, 3);

type Name = [u8; 16];

#[derive(Clone, Copy)]
struct Entry {
    present: bool,
    name: Name,
}

struct Book {
    entries: [Entry; ENTRIES],
    used: usize,
    visits: isize,
}

global_lock! {
    // SAFETY: `BookModule::init` initialises it before there is a device.
    unsafe(uninit) static BOOK: Mutex<Book> = Book {
        entries: [Entry { present: false, name: [0; 16] }; ENTRIES],
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
    entry: GlobalLockedBy<Option<usize>, BOOK>,
    _file: ARef<File>, // FERRULE: here
}

impl Visit {
    fn new(file: &File) -> Self {
        BOOK.lock().visits += 1;
        Self {
            entry: GlobalLockedBy::new(None),
            _file: file.into(),
        }
    }

    fn sign(&self, mut reader: UserSliceReader) -> Result<isize> {
        let name = reader.read::<Name>()?;
        let mut book = BOOK.lock();
        let index = book.used;

        if self.entry.as_ref(&book).is_some() {
            return Err(EBUSY);
        }
        *book.entries.get_mut(index).ok_or(ENOSPC)? = Entry {
            present: true,
            name,
        };
        book.used += 1;
        *self.entry.as_mut(&mut book) = Some(index);
        Ok(index as isize)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut book = BOOK.lock();

        if let Some(index) = *self.entry.get_mut() {
            book.entries[index].present = false;
        }
        book.visits -= 1;
    }
}

fn show(mut reader: UserSliceReader, mut writer: UserSliceWriter) -> Result {
    let index = reader.read::<u32>()?;
    let book = BOOK.lock();
    let used = &book.entries[..book.used];
    let entry = used.get(index as usize).ok_or(ENOENT)?;

    writer.write::<u32>(&index)?;
    writer.write::<u32>(&entry.present.into())?;
    writer.write_slice(&entry.name)
}

#[vtable]
impl MiscDevice for Visit {
    type Ptr = KBox<Self>;

    fn open(file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(KBox::new(Visit::new(file), GFP_KERNEL)?)
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
