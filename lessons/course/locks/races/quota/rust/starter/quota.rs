// SPDX-License-Identifier: GPL-2.0

//! ```text
//! /dev/quota: every open file is an account, which all tasks that have the
//! file share. 64 users, 0 to 63, have units; all together have no more than the
//! limit.
//!
//! QUOTA_LIMIT   the argument is the new limit, 1 to 1000000; returns 0.
//!               EINVAL: another number. EBUSY: more units are in use.
//! QUOTA_TAKE    the argument is a user, who gets one more unit; returns how
//!               many are in use then, this one included.
//!               EINVAL: no such user. ENOSPC: the limit is reached.
//! QUOTA_GIVE    the argument is a user, who gives one unit back; returns 0.
//!               EINVAL: no such user. ENOENT: the user has none.
//! QUOTA_PASS    the argument is 64 * from + to: one unit goes from one user to
//!               the other; returns 0.
//!               EINVAL: no such users. ENOENT: the first one has none.
//! QUOTA_IN_USE  returns how many units all users have together. The argument
//!               does not matter.
//!
//! What is refused changes nothing. A new file has a limit of 1000000, and no
//! unit is in use. Another command: ENOTTY. Each call does this also when other
//! tasks make calls on the same file at the same time.
//! ```

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

// TODO: each of these numbers is atomic. Is a command that reads 65 of them, and then changes one?
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

    fn pass(&self, _from: usize, _to: usize) -> Result {
        // TODO: may anybody see the unit with both users, or with none?
        Err(ENOTTY)
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
