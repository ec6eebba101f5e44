// SPDX-License-Identifier: GPL-2.0

//! `/dev/relay`: what is written to an open file can be read from it again, in order; and it
//! counts how often each byte went in.
//!
//! ```text
//! capacity  a parameter of the module: how many bytes an open file can hold,
//!           1 to 4096. Another value: loading fails with EINVAL.
//! open      ENOMEM when any of the memory cannot be had, and nothing is left.
//! write     takes as many bytes as fit and returns how many that were.
//!           ENOSPC: not one fits.
//! read      gives the oldest bytes, as many as there are and as are asked for;
//!           returns how many, 0 when there is nothing.
//! RELAY_COUNT  the argument itself is a byte, 0 to 255; returns how often it
//!           was written to this open file. EINVAL: not a byte.
//!
//! A bad pointer: EFAULT. Another command: ENOTTY.
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

#[expect(dead_code)]
const MAX: usize = 4096;
const VALUES: usize = 256;

const RELAY_COUNT: u32 = _IO('r' as u32, 1);

module! {
    type: RelayModule,
    name: "relay",
    authors: ["Ferrule"],
    description: "Passes bytes on and counts them",
    license: "GPL",
    params: {
        capacity: u32 {
            default: 64,
            description: "bytes that an open file can hold (1 to 4096)",
        },
    },
}

/// The parameter, when it is one that may be used.
fn capacity() -> Result<usize> {
    // TODO: which values may be used?
    Ok(module_parameters::capacity.value() as usize)
}

#[pin_data]
struct RelayModule {
    #[pin]
    _misc: MiscDeviceRegistration<Relay>,
}

impl kernel::InPlaceModule for RelayModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _: {
                capacity()?;
            },
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"relay" }),
        })
    }
}

struct State {
    used: usize,
    buffer: KVec<u8>,
    counts: KVec<u32>,
}

#[pin_data]
struct Relay {
    #[pin]
    state: Mutex<State>,
}

#[vtable]
impl MiscDevice for Relay {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        // TODO: what do these two lines do when there is no memory?
        let buffer = KVec::zeroed(capacity()?, GFP_KERNEL).unwrap();
        let counts = KVec::zeroed(VALUES, GFP_KERNEL).unwrap_or_default();

        KBox::pin_init(
            pin_init!(Relay {
                state <- new_mutex!(State {
                    used: 0,
                    buffer,
                    counts,
                }),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let relay = kiocb.file();
        let mut state = relay.state.lock();
        let State {
            used,
            buffer,
            counts,
        } = &mut *state;
        let room = &mut buffer[*used..];

        // TODO: `iov.copy_from_iter` as much as there is room for, count it, move `used` on.
        let _ = (iov, room, counts);
        Err(ENOSPC)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let relay = kiocb.file();
        let state = relay.state.lock();

        // TODO: `iov.copy_to_iter` the oldest bytes, and move up the others.
        let _ = (iov, state);
        Ok(0)
    }

    fn ioctl(relay: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            RELAY_COUNT => {
                // TODO: how often was byte `arg` written?
                let _ = (relay, arg);
                Err(ENOTTY)
            }
            _ => Err(ENOTTY),
        }
    }
}
