// SPDX-License-Identifier: GPL-2.0

//! `/dev/keeper`: every open file keeps up to four messages, in slots 0 to 3.
//!
//! * `KEEPER_PUT` takes a message and keeps a copy of it in its slot; a message that is there
//!   already gives way. `EINVAL`: no such slot, or `len` is not 1 to 64. `EBADMSG`: `sum` is not
//!   the sum of the first `len` bytes of `data`. `EFAULT`: the pointer leads nowhere. `ENOMEM`:
//!   no memory. A refused message changes nothing.
//! * `KEEPER_GET`: the program fills in `slot` and gets the whole message there. `EINVAL`: no
//!   such slot. `ENOENT`: the slot is empty.
//! * `KEEPER_DROP`: the argument itself is the slot, which is emptied. `EINVAL` and `ENOENT` as
//!   above.
//!
//! All return 0 when they work. Another command: `ENOTTY`.

use kernel::{
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOW, _IOWR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    transmute::{AsBytes, FromBytes},
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const SLOTS: usize = 4;
const MAX: usize = 64;

const KEEPER_PUT: u32 = _IOW::<Message>('k' as u32, 1);
const KEEPER_GET: u32 = _IOWR::<Message>('k' as u32, 2);
const KEEPER_DROP: u32 = _IO('k' as u32, 3);

#[repr(C)]
struct Message {
    slot: u32,
    len: u32,
    sum: u32,
    data: [u8; MAX],
}

// SAFETY: Integers alone: every bit pattern is a valid `Message`.
unsafe impl FromBytes for Message {}

// SAFETY: 4-byte integers followed by 64 bytes: there is no padding.
unsafe impl AsBytes for Message {}

impl Message {
    /// The slot this message wants to go to, if it is one that may be kept.
    fn check(&self) -> Result<usize> {
        let slot = self.slot as usize;

        if slot >= SLOTS {
            return Err(EINVAL);
        }
        // TODO: check `len` and `sum` too.
        Ok(slot)
    }
}

module! {
    type: KeeperModule,
    name: "keeper",
    authors: ["Ferrule"],
    description: "Keeps messages",
    license: "GPL",
}

#[pin_data]
struct KeeperModule {
    #[pin]
    _misc: MiscDeviceRegistration<Keeper>,
}

impl kernel::InPlaceModule for KeeperModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"keeper" }),
        })
    }
}

#[pin_data]
struct Keeper {
    #[pin]
    // TODO: a `&'static mut` fits into any struct, and nobody ever frees what it points to.
    // Who should own a message?
    slots: Mutex<[Option<&'static mut Message>; SLOTS]>,
}

impl Keeper {
    fn put(&self, mut reader: UserSliceReader) -> Result {
        let message = KBox::new(reader.read::<Message>()?, GFP_KERNEL)?;
        let message = KBox::leak(message);
        let slot = message.check()?;

        self.slots.lock()[slot] = Some(message);
        Ok(())
    }

    fn get(&self, _reader: UserSliceReader, _writer: UserSliceWriter) -> Result {
        // TODO: `reader.read::<u32>()` gives the slot, `writer.write::<Message>(…)` the answer.
        Err(ENOTTY)
    }

    fn drop_slot(&self, _slot: usize) -> Result {
        // TODO: empty the slot.
        Err(ENOTTY)
    }
}

#[vtable]
impl MiscDevice for Keeper {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Keeper {
                slots <- new_mutex!([const { None }; SLOTS]),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(keeper: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        match cmd {
            KEEPER_PUT => keeper.put(user.reader())?,
            KEEPER_GET => {
                let (reader, writer) = user.reader_writer();
                keeper.get(reader, writer)?;
            }
            KEEPER_DROP => keeper.drop_slot(arg)?,
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}
