// SPDX-License-Identifier: GPL-2.0

//! `/dev/envelope`: every open file keeps one letter of each kind, 0 to 3.
//!
//! ```text
//! ENVELOPE_POST   takes a letter: a head, and len bytes of body behind it. A
//!                 letter of the same kind that is there already gives way.
//!                 EINVAL: no such kind. EMSGSIZE: len is more than 64.
//!                 EBADMSG: sum is not the sum of the len bytes of body.
//!                 ENOMEM: no memory. A refusal changes nothing.
//! ENVELOPE_FETCH  the program fills in kind, and gets the head and the len
//!                 bytes of body; those behind them stay as the program had
//!                 them. EINVAL: no such kind. ENOENT: no letter of it.
//!
//! Both return len. EFAULT: the pointer leads nowhere. Another command: ENOTTY.
//!
//! A program may change an envelope while POST reads it. POST then takes a
//! letter that was in the envelope at some moment, or refuses one.
//! ```

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

// SAFETY: Integers and bytes alone: every bit pattern is a valid `Envelope`.
unsafe impl FromBytes for Envelope {}

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
        let mut again = reader.clone_reader();

        let head = reader.read::<Head>()?;
        if head.kind as usize >= KINDS {
            return Err(EINVAL);
        }
        if head.len as usize > MAX {
            return Err(EMSGSIZE);
        }

        // TODO: is this still the head that was checked?
        let Envelope { head, body } = again.read::<Envelope>()?;
        let mut kept = KVec::with_capacity(MAX, GFP_KERNEL)?;
        kept.extend_from_slice(&body[..head.len as usize], GFP_KERNEL)?;
        if sum(&kept) != head.sum {
            return Err(EBADMSG);
        }
        self.letters.lock()[head.kind as usize] = Some(Letter { head, body: kept });
        // TODO: what does POST return?
        Ok(0)
    }

    fn fetch(&self, _reader: UserSliceReader, _writer: UserSliceWriter) -> Result<usize> {
        // TODO
        Err(ENOTTY)
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
