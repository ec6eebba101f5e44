// SPDX-License-Identifier: GPL-2.0

//! `/dev/builder`: every open file collects parts, and builds one text of them.
//!
//! ```text
//! write          takes a part of 1 to 64 bytes, and returns its length.
//!                EINVAL: another length. ENOSPC: 32 parts are there already.
//!                EFAULT: a bad pointer.
//! BUILDER_BUILD  puts the parts together, in the order in which they came;
//!                that is the text now, and an earlier one gives way. The parts
//!                are used up. Returns the length of the text.
//!                ENODATA: there is no part.
//! read           gives the text from its first byte on, as much as is asked
//!                for, and returns how much; 0: there is no text.
//!
//! Any of them, and open, may answer ENOMEM. A call that fails changes nothing:
//! the parts and the text are what they were, and the call can be made again.
//! Another command: ENOTTY.
//! ```

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
/// Parts that there may be.
#[expect(dead_code)]
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
    text: KVec<u8>,
}

impl State {
    fn add(&mut self, part: KVec<u8>) -> Result {
        // TODO: there may be 32 parts, and this vector does not grow.
        self.parts.push_within_capacity(part).map_err(|_| ENOSPC)
    }

    fn build(&mut self) -> Result<usize> {
        // TODO: put the parts together, in memory that may not be there. When are they used up?
        Err(ENOTTY)
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
        // TODO: what does this line do when there is no memory?
        let mut part = KVec::zeroed(size, GFP_KERNEL).unwrap();

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
