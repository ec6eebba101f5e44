// SPDX-License-Identifier: GPL-2.0

//! `/dev/lease`: leases that several open files can use at once. There are the numbers 0 to 7, and
//! a file holds one lease at a time.
//!
//! ```text
//! LEASE_MAKE   takes a number and a term, and makes a lease with that term,
//!              which every file can take from now on.
//!              EEXIST: that number has a lease. ENOMEM: no memory.
//! LEASE_TAKE   the argument is a number: this file holds its lease now.
//!              ENOENT: the number has no lease. EBUSY: the file holds one.
//! LEASE_TERM   stores the term of the lease that the file holds, a u32.
//! LEASE_RENEW  the argument is the new term of the lease that the file holds.
//!              All files that hold this lease see it.
//! LEASE_DROP   the file holds its lease no more, and gets the last term of
//!              it, a u32. Also when that cannot be stored (EFAULT).
//! LEASE_END    the argument is a number: nobody can take its lease any more,
//!              and the number is free for a new one. Files that hold the old
//!              lease keep it, with its term, until they drop it or are closed.
//!              ENOENT: the number has no lease.
//!
//! All return 0 when they work. A number above 7: EINVAL. TERM, RENEW and DROP
//! of a file that holds nothing: ENOENT. A pointer that leads nowhere: EFAULT.
//! Another command: ENOTTY. A lease that nobody can reach is freed.
//! ```

use kernel::{
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOR, _IOW},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        global_lock, Mutex,
    },
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const COUNT: usize = 8;

const LEASE_MAKE: u32 = _IOW::<[u32; 2]>('l' as u32, 1);
const LEASE_TAKE: u32 = _IO('l' as u32, 2);
const LEASE_TERM: u32 = _IOR::<u32>('l' as u32, 3);
const LEASE_RENEW: u32 = _IO('l' as u32, 4);
const LEASE_DROP: u32 = _IOR::<u32>('l' as u32, 5);
const LEASE_END: u32 = _IO('l' as u32, 6);

struct Lease {
    term: Atomic<u32>,
}

global_lock! {
    // SAFETY: `LeaseModule::init` initialises it before there is a device.
    // TODO: a box has one owner. Who else uses a lease?
    unsafe(uninit) static LEASES: Mutex<[Option<KBox<Lease>>; COUNT]> = [const { None }; COUNT];
}

fn make(mut reader: UserSliceReader) -> Result {
    let number = reader.read::<u32>()? as usize;
    let term = Atomic::new(reader.read::<u32>()?);
    let mut leases = LEASES.lock();
    let place = leases.get_mut(number).ok_or(EINVAL)?;

    if place.is_some() {
        return Err(EEXIST);
    }
    *place = Some(KBox::new(Lease { term }, GFP_KERNEL)?);
    Ok(())
}

fn get(number: usize) -> Result<&'static Lease> {
    let leases = LEASES.lock();
    let lease = leases.get(number).ok_or(EINVAL)?.as_ref().ok_or(ENOENT)?;

    // SAFETY: The table owns the lease, which is therefore there.
    // TODO: is that so after the lock is gone? Nothing of this needs `unsafe`.
    Ok(unsafe { &*core::ptr::from_ref::<Lease>(lease) })
}

fn end(number: usize) -> Result {
    let mut leases = LEASES.lock();

    leases.get_mut(number).ok_or(EINVAL)?.take().ok_or(ENOENT)?;
    Ok(())
}

/// A static is never dropped, but this field of the module is.
struct Emptied;

impl Drop for Emptied {
    fn drop(&mut self) {
        *LEASES.lock() = [const { None }; COUNT];
    }
}

module! {
    type: LeaseModule,
    name: "lease",
    authors: ["Ferrule"],
    description: "Leases that files share",
    license: "GPL",
}

#[pin_data]
struct LeaseModule {
    // Fields are dropped in this order: first the device goes, then what it used.
    #[pin]
    _misc: MiscDeviceRegistration<Holder>,
    _emptied: Emptied,
}

impl kernel::InPlaceModule for LeaseModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // SAFETY: Called once, as a module is initialised once.
        unsafe { LEASES.init() };

        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"lease" }),
            _emptied: Emptied,
        })
    }
}

#[pin_data]
struct Holder {
    #[pin]
    lease: Mutex<Option<&'static Lease>>,
}

impl Holder {
    fn take(&self, number: usize) -> Result {
        let lease = get(number)?;
        let mut held = self.lease.lock();

        if held.is_some() {
            return Err(EBUSY);
        }
        *held = Some(lease);
        Ok(())
    }

    fn term(&self, mut writer: UserSliceWriter) -> Result {
        let held = self.lease.lock();
        let lease = held.as_ref().ok_or(ENOENT)?;

        writer.write::<u32>(&lease.term.load(Relaxed))
    }

    fn renew(&self, _term: u32) -> Result {
        // TODO: change the term of the lease that the file holds.
        Err(ENOTTY)
    }

    fn drop_lease(&self, _writer: UserSliceWriter) -> Result {
        // TODO: the file holds its lease no more, and gets its last term.
        Err(ENOTTY)
    }
}

#[vtable]
impl MiscDevice for Holder {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Holder {
                lease <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(holder: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        match cmd {
            LEASE_MAKE => make(user.reader())?,
            LEASE_TAKE => holder.take(arg)?,
            LEASE_TERM => holder.term(user.writer())?,
            LEASE_RENEW => holder.renew(arg as u32)?,
            LEASE_DROP => holder.drop_lease(user.writer())?,
            LEASE_END => end(arg)?,
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}
