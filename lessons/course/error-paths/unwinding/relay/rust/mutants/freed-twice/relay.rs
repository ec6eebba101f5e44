// SPDX-License-Identifier: GPL-2.0

//! `/dev/relay`: what is written to an open file can be read from it again, in order; and it
//! counts how often each byte went in.

use kernel::{
    fs::{File, Kiocb},
    ioctl::_IO,
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
};

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
    let capacity = module_parameters::capacity.value() as usize;

    if !(1..=MAX).contains(&capacity) {
        return Err(EINVAL);
    }
    Ok(capacity)
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
        let buffer = KVec::zeroed(capacity()?, GFP_KERNEL)?;
        let counts = KVec::zeroed(VALUES, GFP_KERNEL);

        if counts.is_err() {
            drop(buffer);
        }
        let counts = counts?;

        KBox::pin_init(
            pin_init!(Relay { // FERRULE: here
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
        let size = iov.len().min(room.len());

        if size == 0 {
            return Err(ENOSPC);
        }
        if iov.copy_from_iter(&mut room[..size]) != size {
            return Err(EFAULT);
        }
        for &byte in &room[..size] {
            counts[usize::from(byte)] += 1;
        }
        *used += size;
        Ok(size)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let relay = kiocb.file();
        let mut state = relay.state.lock();
        let size = iov.len().min(state.used);

        if iov.copy_to_iter(&state.buffer[..size]) != size {
            return Err(EFAULT);
        }
        let used = state.used;
        state.buffer.copy_within(size..used, 0);
        state.used -= size;
        Ok(size)
    }

    fn ioctl(relay: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            RELAY_COUNT => {
                let state = relay.state.lock();
                let count = state.counts.get(arg).ok_or(EINVAL)?;

                Ok(*count as isize)
            }
            _ => Err(ENOTTY),
        }
    }
}
