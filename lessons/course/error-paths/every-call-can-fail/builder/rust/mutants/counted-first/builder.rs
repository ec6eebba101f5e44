// SPDX-License-Identifier: GPL-2.0

//! `/dev/builder`: every open file collects parts, and builds one text of them.

use kernel::{
    fs::{File, Kiocb},
    ioctl::_IO,
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
};

/// Parts that a new file has room for.
const ROOM: usize = 4;
const PARTS: usize = 32;
const BYTES: usize = 64;

const BUILDER_BUILD: u32 = _IO('b' as u32, 1);

module! {
    type: BuilderModule,
    name: "builder",
    authors: ["Ferrule"],
    description: "Builds a text of parts",
    license: "GPL",
}

#[pin_data]
struct BuilderModule {
    #[pin]
    _misc: MiscDeviceRegistration<Builder>,
}

impl kernel::InPlaceModule for BuilderModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"builder" }),
        })
    }
}

struct State {
    parts: KVec<KVec<u8>>,
    length: usize,
    text: KVec<u8>,
}

impl State {
    fn add(&mut self, part: KVec<u8>) -> Result {
        if self.parts.len() == PARTS {
            return Err(ENOSPC);
        }
        self.length += part.len();
        self.parts.push(part, GFP_KERNEL)?; // FERRULE: here
        Ok(())
    }

    fn build(&mut self) -> Result<usize> {
        if self.parts.is_empty() {
            return Err(ENODATA);
        }
        let length = self.length;
        let mut text = KVec::with_capacity(length, GFP_KERNEL)?;

        for part in &self.parts {
            text.extend_from_slice(part, GFP_KERNEL)?;
        }
        self.parts.clear();
        self.length = 0;
        self.text = text;
        Ok(length)
    }
}

#[pin_data]
struct Builder {
    #[pin]
    state: Mutex<State>,
}

#[vtable]
impl MiscDevice for Builder {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let parts = KVec::with_capacity(ROOM, GFP_KERNEL)?;

        KBox::pin_init(
            pin_init!(Builder {
                state <- new_mutex!(State {
                    parts,
                    length: 0,
                    text: KVec::new(),
                }),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let size = iov.len();

        if !(1..=BYTES).contains(&size) {
            return Err(EINVAL);
        }
        let mut part = KVec::zeroed(size, GFP_KERNEL)?;

        if iov.copy_from_iter(&mut part) != size {
            return Err(EFAULT);
        }
        kiocb.file().state.lock().add(part)?;
        Ok(size)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let builder = kiocb.file();
        let state = builder.state.lock();
        let size = iov.len().min(state.text.len());

        if iov.copy_to_iter(&state.text[..size]) != size {
            return Err(EFAULT);
        }
        Ok(size)
    }

    fn ioctl(builder: Pin<&Self>, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        match cmd {
            BUILDER_BUILD => Ok(builder.state.lock().build()? as isize),
            _ => Err(ENOTTY),
        }
    }
}
