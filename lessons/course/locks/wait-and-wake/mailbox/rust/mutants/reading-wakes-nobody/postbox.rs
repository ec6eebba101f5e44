// SPDX-License-Identifier: GPL-2.0

//! `/dev/postbox`: every open file is a box with room for one letter, which all tasks that have
//! the file share. Readers and writers wait for each other.

use kernel::{
    fs::{file::flags::O_NONBLOCK, File, Kiocb},
    ioctl::_IO,
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_condvar, new_mutex,
    prelude::*,
    sync::{CondVar, Mutex},
};

const POSTBOX_SHUT: u32 = _IO('p' as u32, 1);

module! {
    type: PostboxModule,
    name: "postbox",
    authors: ["Ferrule"],
    description: "A box for one letter",
    license: "GPL",
}

#[pin_data]
struct PostboxModule {
    #[pin]
    _misc: MiscDeviceRegistration<Postbox>,
}

impl kernel::InPlaceModule for PostboxModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"postbox" }),
        })
    }
}

type Letter = [u8; 8];

struct Inside {
    letter: Option<Letter>,
    shut: bool,
}

#[pin_data]
struct Postbox {
    #[pin]
    inside: Mutex<Inside>,
    /// Notified after each change.
    #[pin]
    changed: CondVar,
}

impl Postbox {
    /// Takes the letter out; `None` when there will be none any more.
    fn take(&self, nonblock: bool) -> Result<Option<Letter>> {
        let mut inside = self.inside.lock();

        loop {
            if let Some(letter) = inside.letter.take() {
                return Ok(Some(letter));
            }
            if inside.shut {
                return Ok(None);
            }
            if nonblock {
                return Err(EAGAIN);
            }
            if self.changed.wait_interruptible(&mut inside) { // FERRULE: here
                return Err(ERESTARTSYS);
            }
        }
    }

    fn put(&self, letter: Letter, nonblock: bool) -> Result {
        let mut inside = self.inside.lock();

        loop {
            if inside.shut {
                return Err(EPIPE);
            }
            if inside.letter.is_none() {
                inside.letter = Some(letter);
                self.changed.notify_all();
                return Ok(());
            }
            if nonblock {
                return Err(EAGAIN);
            }
            if self.changed.wait_interruptible(&mut inside) { // FERRULE: here
                return Err(ERESTARTSYS);
            }
        }
    }

    fn shut(&self) {
        self.inside.lock().shut = true;
        self.changed.notify_all();
    }
}

/// Whether the program wants `EAGAIN` instead of a wait.
fn nonblock(kiocb: &Kiocb<'_, Pin<KBox<Postbox>>>) -> bool {
    // SAFETY: A kiocb points to its file, which stays open as long as the call runs.
    let flags = unsafe { (*(*kiocb.as_raw()).ki_filp).f_flags };

    flags & O_NONBLOCK != 0
}

#[vtable]
impl MiscDevice for Postbox {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Postbox {
                inside <- new_mutex!(Inside {
                    letter: None,
                    shut: false,
                }),
                changed <- new_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.len() < size_of::<Letter>() {
            return Err(EINVAL);
        }
        let Some(letter) = kiocb.file().take(nonblock(&kiocb))? else {
            return Ok(0);
        };

        if iov.copy_to_iter(&letter) != letter.len() {
            return Err(EFAULT);
        }
        Ok(letter.len())
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut letter = Letter::default();

        if iov.len() != letter.len() {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(&mut letter) != letter.len() {
            return Err(EFAULT);
        }
        kiocb.file().put(letter, nonblock(&kiocb))?;
        Ok(letter.len())
    }

    fn ioctl(postbox: Pin<&Self>, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        match cmd {
            POSTBOX_SHUT => postbox.shut(),
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}
