// SPDX-License-Identifier: GPL-2.0

//! `/dev/quota`: every open file is an account of units, which all tasks that have the file share.

use kernel::{
    fs::File,
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
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
    limit: Atomic<u32>,
    units: [Atomic<u32>; USERS],
}

impl Quota {
    fn limit(&self, limit: u32) -> Result {
        if self.in_use() > limit {
            return Err(EBUSY);
        }
        self.limit.store(limit, Relaxed);
        Ok(())
    }

    fn take(&self, user: usize) -> Result<u32> {
        if user >= USERS {
            return Err(EINVAL);
        }
        if self.in_use() >= self.limit.load(Relaxed) {
            return Err(ENOSPC);
        }
        self.units[user].add(1, Relaxed);
        Ok(self.in_use())
    }

    fn give(&self, user: usize) -> Result {
        let units = self.units.get(user).ok_or(EINVAL)?;
        let mut seen = units.load(Relaxed);

        while seen > 0 {
            match units.cmpxchg(seen, seen - 1, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
        Err(ENOENT)
    }

    fn pass(&self, from: usize, to: usize) -> Result {
        self.give(from)?;
        self.units[to].add(1, Relaxed);
        Ok(())
    }

    fn in_use(&self) -> u32 {
        self.units.iter().map(|units| units.load(Relaxed)).sum()
    }
}

#[vtable]
impl MiscDevice for Quota {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(KBox::new(
            Quota {
                limit: Atomic::new(MAX),
                units: [const { Atomic::new(0) }; USERS],
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
