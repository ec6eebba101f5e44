// SPDX-License-Identifier: GPL-2.0

//! `/dev/limiter`: every open file may write so many units, and no more.
//!
//! Parameters, given when the module is loaded:
//!
//! * `unit`: how many bytes count as one, 1 to 4096, 16 by default;
//! * `limit`: how many units an open file may use, 1 to 1000, 8 by default;
//!
//! and `unit * limit` is at most 65536. With any other values the load fails with `EINVAL` and
//! leaves nothing behind. (What is no 32-bit number at all is refused by the kernel, before your
//! init.) Once the module is loaded, its parameters cannot be changed.
//!
//! * write: n bytes use n / unit units, rounded up. It returns n; the bytes themselves are not
//!   looked at. `ENOSPC`: so many units are not left; then none is used.
//! * read gives the text "USED of LIMIT\n", such as "3 of 8\n", and reads like a file with that
//!   content. A write does not move the position.
//!
//! The log:
//!
//! * loaded: one line of level info, "limiter: unit 16, limit 8", with the values in use;
//! * refused: a load that fails with `EINVAL` writes one line of level err that begins with
//!   "limiter: ";
//! * used: whatever programs do with the device, the driver writes nothing of level info or more
//!   important.

use kernel::{
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
};

module! {
    type: LimiterModule,
    name: "limiter",
    authors: ["Ferrule"],
    description: "Limits how much is written",
    license: "GPL",
    params: {
        // TODO: can they be negative?
        unit: i32 {
            default: 16,
            description: "Bytes that count as one: 1 to 4096, default 16",
        },
        limit: i32 {
            default: 8,
            description: "Units for each open file: 1 to 1000, default 8",
        },
    },
}

#[pin_data]
struct LimiterModule {
    #[pin]
    _misc: MiscDeviceRegistration<Limiter>,
}

impl kernel::InPlaceModule for LimiterModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // TODO: check the parameters, and say in the log what was loaded. In try_pin_init! a line
        // `_: { … },` runs code between two fields, and `?` in it ends the load.
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"limiter" }),
        })
    }
}

#[pin_data]
struct Limiter {
    /// Never more than the limit.
    #[pin]
    used: Mutex<u32>,
}

#[vtable]
impl MiscDevice for Limiter {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Limiter {
                used <- new_mutex!(0),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let size = iov.len();
        let units = size.div_ceil(module_parameters::unit.value() as usize);
        let limiter = kiocb.file();
        let mut used = limiter.used.lock();

        if units > module_parameters::limit.value() as usize - *used as usize {
            // TODO: how often can a program do this?
            pr_warn!("limiter at {:p} is full\n", &*limiter);
            return Err(ENOSPC);
        }
        *used += units as u32;
        Ok(size)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        // TODO: `CString::try_from_fmt(fmt!(…))?` of `kernel::str` makes the text, `to_bytes()`
        // gives its bytes, and `simple_read_from_buffer` does the rest.
        let _ = (kiocb.ki_pos_mut(), iov);
        Ok(0)
    }
}
