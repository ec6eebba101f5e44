// SPDX-License-Identifier: GPL-2.0

//! `/dev/keeper`: every open file keeps up to four messages.

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
        let len = self.len as usize;

        if slot >= SLOTS || len < 1 || len > MAX {
            return Err(EINVAL);
        }
        let sum: u32 = self.data[..len].iter().map(|&byte| u32::from(byte)).sum();
        if sum != self.sum {
            return Err(EBADMSG);
        }
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
    slots: Mutex<[Option<KBox<Message>>; SLOTS]>,
}

impl Keeper {
    fn put(&self, mut reader: UserSliceReader) -> Result {
        let message = KBox::new(reader.read::<Message>()?, GFP_KERNEL)?;
        let mut slots = self.slots.lock();

        drop(slots[message.slot as usize]); // FERRULE: here
        let slot = message.check()?;
        slots[slot] = Some(message);
        Ok(())
    }

    fn get(&self, mut reader: UserSliceReader, mut writer: UserSliceWriter) -> Result {
        let slot = reader.read::<u32>()? as usize;
        let slots = self.slots.lock();
        let message = slots.get(slot).ok_or(EINVAL)?.as_ref().ok_or(ENOENT)?;

        writer.write::<Message>(message)
    }

    fn drop_slot(&self, slot: usize) -> Result {
        let mut slots = self.slots.lock();

        slots.get_mut(slot).ok_or(EINVAL)?.take().ok_or(ENOENT)?;
        Ok(())
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
