// SPDX-License-Identifier: GPL-2.0

//! `/dev/limiter`: every open file may write so many units, and no more.

use kernel::{
    fmt,
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    str::CString,
    sync::Mutex,
};

const UNIT_MAX: u32 = 4096;
const LIMIT_MAX: u32 = 1000;
const BYTES_MAX: u32 = 65536;

module! {
    type: LimiterModule,
    name: "limiter",
    authors: ["Ferrule"],
    description: "Limits how much is written",
    license: "GPL",
    params: {
        unit: u32 {
            default: 16,
            description: "Bytes that count as one: 1 to 4096, default 16",
        },
        limit: u32 {
            default: 8,
            description: "Units for each open file: 1 to 1000, default 8",
        },
    },
}

fn unit() -> u32 {
    module_parameters::unit.value()
}

fn limit() -> u32 {
    module_parameters::limit.value()
}

fn check() -> Result {
    let (unit, limit) = (unit(), limit());

    if !(1..=UNIT_MAX).contains(&unit) {
        module_parameters::unit = unit.clamp(1, UNIT_MAX); // FERRULE: here
    }
    if !(1..=LIMIT_MAX).contains(&limit) {
        pr_err!("limit {limit} is not in 1 to {LIMIT_MAX}\n");
        return Err(EINVAL);
    }
    if unit * limit > BYTES_MAX {
        pr_err!("{limit} units of {unit} are more than {BYTES_MAX} bytes\n");
        return Err(EINVAL);
    }
    Ok(())
}

#[pin_data]
struct LimiterModule {
    #[pin]
    _misc: MiscDeviceRegistration<Limiter>,
}

impl kernel::InPlaceModule for LimiterModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _: { check()? },
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"limiter" }),
            _: { pr_info!("unit {}, limit {}\n", unit(), limit()) },
        })
    }
}

#[pin_data]
struct Limiter {
    /// Never more than `limit()`.
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
        let units = size.div_ceil(unit() as usize);
        let limiter = kiocb.file();
        let mut used = limiter.used.lock();

        if units > (limit() - *used) as usize {
            pr_debug!("refused {units} units\n");
            return Err(ENOSPC);
        }
        *used += units as u32;
        Ok(size)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let used = *kiocb.file().used.lock();
        let text = CString::try_from_fmt(fmt!("{used} of {}\n", limit()))?;

        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), text.to_bytes())
    }
}
