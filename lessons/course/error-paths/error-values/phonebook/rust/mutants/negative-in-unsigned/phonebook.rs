// SPDX-License-Identifier: GPL-2.0

//! `/dev/phonebook`: every open file is a small book of names and numbers.

use kernel::{
    fs::File,
    ioctl::{_IOC_SIZE, _IOW, _IOWR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    transmute::{AsBytes, FromBytes},
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const NAME: usize = 16;
const SLOTS: usize = 4;

const PHONEBOOK_ADD: u32 = _IOW::<Entry>('p' as u32, 1);
const PHONEBOOK_FIND: u32 = _IOWR::<Entry>('p' as u32, 2);
const PHONEBOOK_REMOVE: u32 = _IOW::<Entry>('p' as u32, 3);

#[repr(C)]
struct Entry {
    name: [u8; NAME],
    number: u32,
}

// SAFETY: Bytes and an integer: every bit pattern is a valid `Entry`.
unsafe impl FromBytes for Entry {}

// SAFETY: 16 bytes followed by a 4-byte integer: there is no padding.
unsafe impl AsBytes for Entry {}

impl Entry {
    /// What a program passed, if its name is one that may be used.
    fn get(reader: &mut UserSliceReader) -> Result<KBox<Self>> {
        let entry = KBox::new(reader.read::<Self>()?, GFP_KERNEL)?;
        let length = entry
            .name
            .iter()
            .position(|byte| !byte.is_ascii_lowercase())
            .ok_or(EINVAL)?;

        if length == 0 || entry.name[length..].iter().any(|&byte| byte != 0) {
            return Err(EINVAL);
        }
        Ok(entry)
    }
}

module! {
    type: PhonebookModule,
    name: "phonebook",
    authors: ["Ferrule"],
    description: "A book of names and numbers",
    license: "GPL",
}

#[pin_data]
struct PhonebookModule {
    #[pin]
    _misc: MiscDeviceRegistration<Phonebook>,
}

impl kernel::InPlaceModule for PhonebookModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"phonebook" }),
        })
    }
}

struct Slots([Option<KBox<Entry>>; SLOTS]);

impl Slots {
    /// The slot that has this name.
    fn find(&self, name: &[u8; NAME]) -> Result<usize> {
        self.0
            .iter()
            .position(|slot| slot.as_ref().is_some_and(|entry| entry.name == *name))
            .ok_or(ENOENT)
    }

    /// A slot that is free.
    fn free(&self) -> Result<usize> {
        self.0.iter().position(Option::is_none).ok_or(ENOSPC)
    }
}

#[pin_data]
struct Phonebook {
    #[pin]
    slots: Mutex<Slots>,
}

impl Phonebook {
    fn add(&self, mut reader: UserSliceReader) -> Result {
        let entry = Entry::get(&mut reader)?;
        let mut slots = self.slots.lock();

        if slots.find(&entry.name).is_ok() {
            return Err(EEXIST);
        }
        let slot = slots.free()?;

        slots.0[slot] = Some(entry);
        Ok(())
    }

    fn find(&self, mut reader: UserSliceReader, mut writer: UserSliceWriter) -> Result {
        let wanted = Entry::get(&mut reader)?;
        let slots = self.slots.lock();
        let slot = slots.find(&wanted.name);
        let entry = slots.0[slot].as_ref().ok_or(ENOENT)?; // FERRULE: here

        writer.write::<Entry>(entry)
    }

    fn remove(&self, mut reader: UserSliceReader) -> Result {
        let entry = Entry::get(&mut reader)?;
        let mut slots = self.slots.lock();
        let slot = slots.find(&entry.name)?;

        slots.0[slot] = None;
        Ok(())
    }
}

#[vtable]
impl MiscDevice for Phonebook {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Phonebook {
                slots <- new_mutex!(Slots([const { None }; SLOTS])),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(book: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        match cmd {
            PHONEBOOK_ADD => book.add(user.reader())?,
            PHONEBOOK_FIND => {
                let (reader, writer) = user.reader_writer();
                book.find(reader, writer)?;
            }
            PHONEBOOK_REMOVE => book.remove(user.reader())?,
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}
