// SPDX-License-Identifier: GPL-2.0

//! `/dev/lease`: leases that several open files can use at once.

use kernel::{
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOR, _IOW},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        global_lock, Arc, Mutex,
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
    unsafe(uninit) static LEASES: Mutex<[Option<Arc<Lease>>; COUNT]> = [const { None }; COUNT];
}

fn make(mut reader: UserSliceReader) -> Result {
    let number = reader.read::<u32>()? as usize;
    let term = Atomic::new(reader.read::<u32>()?);
    let mut leases = LEASES.lock();
    let place = leases.get_mut(number).ok_or(EINVAL)?;

    if place.is_some() {
        return Err(EEXIST);
    }
    *place = Some(Arc::new(Lease { term }, GFP_KERNEL)?);
    Ok(())
}

fn get(number: usize) -> Result<Arc<Lease>> {
    let leases = LEASES.lock();

    leases.get(number).ok_or(EINVAL)?.clone().ok_or(ENOENT)
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
    lease: Mutex<Option<Arc<Lease>>>,
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

    fn renew(&self, term: u32) -> Result {
        let held = self.lease.lock();
        let lease = held.as_ref().ok_or(ENOENT)?;

        lease.term.store(term, Relaxed);
        Ok(())
    }

    fn drop_lease(&self, mut writer: UserSliceWriter) -> Result {
        let lease = self.lease.lock().take().ok_or(ENOENT)?;

        drop(lease);
        writer.write::<u32>(&lease.term.load(Relaxed)) // FERRULE: here
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
