// SPDX-License-Identifier: GPL-2.0

//! `/dev/quota`: every open file is an account of units, which all tasks that have the file share.

use core::cell::Cell;
use kernel::{
    fs::File,
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
};

const USERS: usize = 64;
const MAX: u32 = 1_000_000;

const QUOTA_LIMIT: u32 = _IO('q' as u32, 1);
const QUOTA_TAKE: u32 = _IO('q' as u32, 2);
const QUOTA_GIVE: u32 = _IO('q' as u32, 3);
const QUOTA_PASS: u32 = _IO('q' as u32, 4);
const QUOTA_IN_USE: u32 = _IO('q' as u32, 5);

module! {
    type: QuotaModule,
    name: "quota",
    authors: ["Ferrule"],
    description: "Accounts of units",
    license: "GPL",
}

#[pin_data]
struct QuotaModule {
    #[pin]
    _misc: MiscDeviceRegistration<Quota>,
}

impl kernel::InPlaceModule for QuotaModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"quota" }),
        })
    }
}

/// The new limit that a program asks for.
fn new_limit(arg: usize) -> Result<u32> {
    match u32::try_from(arg) {
        Ok(limit @ 1..=MAX) => Ok(limit),
        _ => Err(EINVAL),
    }
}

struct Quota {
    limit: Cell<u32>,
    units: [Cell<u32>; USERS],
}

impl Quota {
    fn limit(&self, limit: u32) -> Result {
        if self.in_use() > limit {
            return Err(EBUSY);
        }
        self.limit.set(limit);
        Ok(())
    }

    fn take(&self, user: usize) -> Result<u32> {
        let units = self.units.get(user).ok_or(EINVAL)?;

        if self.in_use() >= self.limit.get() {
            return Err(ENOSPC);
        }
        units.set(units.get() + 1);
        Ok(self.in_use())
    }

    fn give(&self, user: usize) -> Result {
        let units = self.units.get(user).ok_or(EINVAL)?;

        units.set(units.get().checked_sub(1).ok_or(ENOENT)?);
        Ok(())
    }

    fn pass(&self, from: usize, to: usize) -> Result {
        self.give(from)?;
        self.units[to].set(self.units[to].get() + 1);
        Ok(())
    }

    fn in_use(&self) -> u32 {
        self.units.iter().map(Cell::get).sum()
    }
}

#[vtable]
impl MiscDevice for Quota { // FERRULE: here
    type Ptr = KBox<Self>; // FERRULE: here

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(KBox::new(
            Quota {
                limit: Cell::new(MAX),
                units: [const { Cell::new(0) }; USERS],
            },
            GFP_KERNEL,
        )?)
    }

    fn ioctl(quota: &Self, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let answer = match cmd {
            QUOTA_LIMIT => quota.limit(new_limit(arg)?).map(|()| 0)?,
            QUOTA_TAKE => quota.take(arg)?,
            QUOTA_GIVE => quota.give(arg).map(|()| 0)?,
            QUOTA_PASS => quota.pass(arg / USERS, arg % USERS).map(|()| 0)?,
            QUOTA_IN_USE => quota.in_use(),
            _ => return Err(ENOTTY),
        };
        Ok(answer as isize)
    }
}
