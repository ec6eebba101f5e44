// SPDX-License-Identifier: GPL-2.0

//! `/dev/envelope`: every open file keeps one letter of each kind.

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

const KINDS: usize = 4;
const MAX: usize = 64;

const ENVELOPE_POST: u32 = _IOW::<Envelope>('e' as u32, 1);
const ENVELOPE_FETCH: u32 = _IOWR::<Envelope>('e' as u32, 2);

#[repr(C)]
#[derive(Clone, Copy)]
struct Head {
    kind: u32,
    len: u32,
    sum: u32,
}

// SAFETY: Integers alone: every bit pattern is a valid `Head`.
unsafe impl FromBytes for Head {}

// SAFETY: Three 4-byte integers: there is no padding.
unsafe impl AsBytes for Head {}

#[repr(C)]
struct Envelope {
    head: Head,
    body: [u8; MAX],
}

/// A letter that was checked.
struct Letter {
    head: Head,
    body: KVec<u8>,
}

fn sum(body: &[u8]) -> u32 {
    body.iter().map(|&byte| u32::from(byte)).sum()
}

module! {
    type: EnvelopeModule,
    name: "envelope",
    authors: ["Ferrule"],
    description: "Letters in envelopes",
    license: "GPL",
}

#[pin_data]
struct EnvelopeModule {
    #[pin]
    _misc: MiscDeviceRegistration<Mailroom>,
}

impl kernel::InPlaceModule for EnvelopeModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"envelope" }),
        })
    }
}

#[pin_data]
struct Mailroom {
    #[pin]
    letters: Mutex<[Option<Letter>; KINDS]>,
}

impl Mailroom {
    fn post(&self, user: UserSlice) -> Result<usize> {
        let mut reader = user.reader();
        let head = reader.read::<Head>()?;
        let (kind, len) = (head.kind as usize, head.len as usize);

        if kind >= KINDS {
            return Err(EINVAL);
        }
        if len > MAX {
            return Err(EMSGSIZE);
        }
        let mut body = KVec::zeroed(len, GFP_KERNEL)?;
        reader.read_slice(&mut body)?;
        if sum(&body) != head.sum {
            return Err(EBADMSG);
        }
        self.letters.lock()[kind] = Some(Letter { head, body });
        Ok(len)
    }

    fn fetch(&self, mut reader: UserSliceReader, mut writer: UserSliceWriter) -> Result<usize> {
        let kind = reader.read::<u32>()? as usize;
        let letters = self.letters.lock();
        let letter = letters.get(kind).ok_or(EINVAL)?.as_ref().ok_or(ENOENT)?;

        writer.write(&letter.head)?;
        writer.write_slice(&letter.body)?;
        Ok(letter.body.len())
    }
}

#[vtable]
impl MiscDevice for Mailroom {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Mailroom {
                letters <- new_mutex!([const { None }; KINDS]),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(room: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        let len = match cmd {
            ENVELOPE_POST => room.post(user)?,
            ENVELOPE_FETCH => {
                let (reader, writer) = user.reader_writer();
                room.fetch(reader, writer)?
            }
            _ => return Err(ENOTTY),
        };
        Ok(len as isize)
    }
}
