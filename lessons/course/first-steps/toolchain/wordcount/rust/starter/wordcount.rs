// SPDX-License-Identifier: GPL-2.0

//! `/dev/wordcount`: every open file counts the words that are written to it.
//!
//! A word is a run of ASCII letters, a to z and A to Z. Every other byte, and the end of a write,
//! ends it. Capital letters count as small ones: "The" and "the" are the same word.
//!
//! * write takes a text of n bytes, counts its words, and returns n. `E2BIG`: more than 4096
//!   bytes. `EINVAL`: a word has more than 16 letters. `ENOSPC`: this file would have more than 64
//!   different words. `EFAULT`: the pointer leads nowhere. `ENOMEM`: no memory. A write that fails
//!   counts nothing.
//! * read gives a text with one line for each word, in the order in which they were first seen:
//!   "the 2\n" for a word seen twice. It reads like a file with that content. A write does not
//!   move the position. `ENOMEM`: no memory.

use kernel::{
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
};

const TEXT_MAX: usize = 4096;
const WORD_MAX: usize = 16;

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

        // TODO: what if the word is longer than the array? And what about capital letters?
        letters[..len].copy_from_slice(word);
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

/// Counts the words of `text` into `table`.
fn count(table: &mut KVec<Entry>, text: &[u8]) -> Result {
    let words = text
        .split(|byte| !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty());

    for word in words {
        let new = Entry::new(word)?;

        if let Some(entry) = table.iter_mut().find(|entry| entry.word() == new.word()) {
            entry.count += 1;
        } else {
            // TODO: there is a limit. And what does `unwrap` do here when there is no memory?
            table.push(new, GFP_KERNEL).unwrap();
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

        // TODO: a write that fails counts nothing.
        count(&mut table, &text)?;
        Ok(size)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        // TODO: make the text in a `KVec<u8>`. It has `extend_from_slice`, which can fail;
        // `CString::try_from_fmt(fmt!(" {}\n", …))?` of `kernel::str` makes the end of a line,
        // and `to_bytes()` gives its bytes.
        let text = KVec::<u8>::new();

        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &text)
    }
}
