// SPDX-License-Identifier: GPL-2.0

//! `/dev/quota`: every open file is an account of units, which all tasks that have the file share.

use kernel::{
    fs::File,
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
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

struct Account {
    limit: u32,
    units: [u32; USERS],
}

impl Account {
    fn sum(&self) -> u32 {
        self.units.iter().sum()
    }

    fn take_from(&mut self, user: usize) -> Result {
        let units = self.units.get_mut(user).ok_or(EINVAL)?;

        *units = units.checked_sub(1).ok_or(ENOENT)?;
        Ok(())
    }
}

#[pin_data]
struct Quota {
    #[pin]
    account: Mutex<Account>,
}

impl Quota {
    fn limit(&self, limit: u32) -> Result {
        let mut account = self.account.lock();

        if account.sum() > limit {
            return Err(EBUSY);
        }
        account.limit = limit;
        Ok(())
    }

    fn take(&self, user: usize) -> Result<u32> {
        if user >= USERS {
            return Err(EINVAL);
        }
        if self.is_full() {
            return Err(ENOSPC);
        }
        let mut account = self.account.lock();

        account.units[user] += 1;
        Ok(account.sum())
    }

    fn is_full(&self) -> bool {
        let account = self.account.lock();

        account.sum() >= account.limit
    }

    fn give(&self, user: usize) -> Result {
        self.account.lock().take_from(user)
    }

    fn pass(&self, from: usize, to: usize) -> Result {
        let mut account = self.account.lock();

        account.take_from(from)?;
        account.units[to] += 1;
        Ok(())
    }

    fn in_use(&self) -> u32 {
        self.account.lock().sum()
    }
}

#[vtable]
impl MiscDevice for Quota {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Quota {
                account <- new_mutex!(Account {
                    limit: MAX,
                    units: [0; USERS],
                }),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(quota: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
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
