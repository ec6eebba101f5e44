// SPDX-License-Identifier: GPL-2.0

//! `/dev/scratchpad`: every open file has 256 bytes of memory of its own, which programs write
//! and read in pieces.

use core::ops::Range;
use kernel::{
    fs::File,
    ioctl::{_IOC_SIZE, _IOW, _IOWR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const SIZE: usize = 256;
const PIECE: usize = 64;

const SCRATCH_WRITE: u32 = _IOW::<ScratchIo>('x' as u32, 1);
const SCRATCH_READ: u32 = _IOWR::<ScratchIo>('x' as u32, 2);

/// What the ioctls get from and give to a program.
#[repr(C)]
struct ScratchIo {
    offset: u32,
    len: u32,
    data: [u8; PIECE],
}

module! {
    type: ScratchpadModule,
    name: "scratchpad",
    authors: ["Ferrule"],
    description: "Memory to scribble in",
    license: "GPL",
}

#[pin_data]
struct ScratchpadModule {
    #[pin]
    _misc: MiscDeviceRegistration<Scratchpad>,
}

impl kernel::InPlaceModule for ScratchpadModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"scratchpad" }),
        })
    }
}

#[pin_data]
struct Scratchpad {
    #[pin]
    memory: Mutex<KVec<u8>>,
}

/// Reads `offset` and `len`, and gives back which part of the memory they mean.
fn read_range(reader: &mut UserSliceReader) -> Result<Range<usize>> {
    let offset = reader.read::<u32>()? as usize;
    let len = reader.read::<u32>()? as usize;

    if len > PIECE || offset > SIZE - len {
        return Err(EINVAL);
    }
    Ok(offset..offset + len)
}

impl Scratchpad {
    fn write(&self, mut reader: UserSliceReader) -> Result<usize> {
        let range = read_range(&mut reader)?;
        let mut memory = self.memory.lock();
        let part = memory.get_mut(range).ok_or(EINVAL)?;

        reader.read_slice(part)?;
        Ok(part.len())
    }

    fn read(&self, mut reader: UserSliceReader, mut writer: UserSliceWriter) -> Result<usize> {
        let range = read_range(&mut reader)?;
        let memory = self.memory.lock();
        let part = memory.get(range).ok_or(EINVAL)?;

        writer.write_slice(part)?;
        Ok(part.len())
    }
}

#[vtable]
impl MiscDevice for Scratchpad {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let memory = KVec::zeroed(SIZE, GFP_KERNEL)?;

        KBox::pin_init(
            pin_init!(Scratchpad {
                memory <- new_mutex!(memory),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(pad: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let io = arg as *const ScratchIo;
        if (*io).len as usize > PIECE { // FERRULE: here
            return Err(EINVAL);
        }
        let user = UserPtr::from_addr(arg);
        let data = user.wrapping_byte_add(core::mem::offset_of!(ScratchIo, data));
        let reader = UserSlice::new(user, _IOC_SIZE(cmd)).reader();

        let len = match cmd {
            SCRATCH_WRITE => pad.write(reader)?,
            SCRATCH_READ => pad.read(reader, UserSlice::new(data, PIECE).writer())?,
            _ => return Err(ENOTTY),
        };
        Ok(len as isize)
    }
}
