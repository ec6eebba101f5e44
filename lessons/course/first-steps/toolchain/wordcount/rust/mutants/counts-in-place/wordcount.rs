// SPDX-License-Identifier: GPL-2.0

//! `/dev/wordcount`: counts the words that are written to it.

use kernel::{
    fmt,
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    str::CString,
    sync::Mutex,
};

const TEXT_MAX: usize = 4096;
const WORD_MAX: usize = 16;
const WORDS_MAX: usize = 64;

/// A word, and how often it was seen.
#[derive(Clone)]
struct Entry {
    letters: [u8; WORD_MAX],
    len: usize,
    count: u32,
}

impl Entry {
    fn new(word: &[u8]) -> Result<Self> {
        let mut letters = [0; WORD_MAX];
        let len = word.len();

        letters.get_mut(..len).ok_or(EINVAL)?.copy_from_slice(word);
        letters.make_ascii_lowercase();
        Ok(Entry {
            letters,
            len,
            count: 1,
        })
    }

    fn word(&self) -> &[u8] {
        &self.letters[..self.len]
    }
}

/// Counts the words of `text` into `table`, which is of no use when that fails.
fn count(table: &mut KVec<Entry>, text: &[u8]) -> Result {
    let words = text
        .split(|byte| !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty());

    for word in words {
        let new = Entry::new(word)?;

        if let Some(entry) = table.iter_mut().find(|entry| entry.word() == new.word()) {
            entry.count += 1;
        } else if table.len() < WORDS_MAX {
            table.push(new, GFP_KERNEL)?; // FERRULE: here
        } else {
            return Err(ENOSPC);
        }
    }
    Ok(())
}

module! {
    type: WordcountModule,
    name: "wordcount",
    authors: ["Ferrule"],
    description: "Counts words",
    license: "GPL",
}

#[pin_data]
struct WordcountModule {
    #[pin]
    _misc: MiscDeviceRegistration<Wordcount>,
}

impl kernel::InPlaceModule for WordcountModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"wordcount" }),
        })
    }
}

#[pin_data]
struct Wordcount {
    #[pin]
    table: Mutex<KVec<Entry>>,
}

#[vtable]
impl MiscDevice for Wordcount {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Wordcount {
                table <- new_mutex!(KVec::new()),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let size = iov.len();
        let mut text = KVec::new();

        if size > TEXT_MAX {
            return Err(E2BIG);
        }
        if iov.copy_from_iter_vec(&mut text, GFP_KERNEL)? < size {
            return Err(EFAULT);
        }

        let device = kiocb.file();
        let mut table = device.table.lock();

        count(&mut table, &text)?;
        Ok(size)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let mut text = KVec::new();

        for entry in kiocb.file().table.lock().iter() {
            let number = CString::try_from_fmt(fmt!(" {}\n", entry.count))?;

            text.extend_from_slice(entry.word(), GFP_KERNEL)?;
            text.extend_from_slice(number.to_bytes(), GFP_KERNEL)?;
        }
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &text)
    }
}
