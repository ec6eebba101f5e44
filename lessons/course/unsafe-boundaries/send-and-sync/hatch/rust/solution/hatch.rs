// SPDX-License-Identifier: GPL-2.0

//! `/dev/hatch`: every open file is a serving hatch, for one dish at a time.

use core::{marker::PhantomData, ptr::null_mut};
use kernel::{
    fs::File,
    ioctl::{_IOC_SIZE, _IOR, _IOW},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    sync::atomic::{Acquire, Atomic, Release},
    transmute::{AsBytes, FromBytes},
    uaccess::UserSlice,
};

const HATCH_PUT: u32 = _IOW::<Dish>('h' as u32, 1);
const HATCH_TAKE: u32 = _IOR::<Dish>('h' as u32, 2);

/// One thing at most, which somebody puts in and somebody else takes out, without a lock.
///
/// # Invariants
///
/// `thing` is null, or comes from `KBox::into_raw` and belongs to this hatch.
pub struct Hatch<T> {
    thing: Atomic<*mut T>,
    _owns: PhantomData<KBox<T>>,
}

// SAFETY: Those who share a hatch hand whole things over, each to one taker, by atomic operations.
// A thing may so get to another thread: `T` is `Send`. Nobody gets a `&T`.
unsafe impl<T: Send> Sync for Hatch<T> {}

impl<T> Hatch<T> {
    /// An empty hatch.
    pub fn new() -> Self {
        // INVARIANT: It is null.
        Hatch {
            thing: Atomic::new(null_mut()),
            _owns: PhantomData,
        }
    }

    /// Puts a thing in, or gives it back if one is there already.
    pub fn put(&self, thing: KBox<T>) -> Result<(), KBox<T>> {
        let thing = KBox::into_raw(thing);

        // INVARIANT: From `into_raw`, and given away here.
        if self.thing.cmpxchg(null_mut(), thing, Release).is_err() {
            // SAFETY: From `into_raw` above, and the hatch did not get it.
            return Err(unsafe { KBox::from_raw(thing) });
        }
        Ok(())
    }

    /// Takes the thing out.
    pub fn take(&self) -> Option<KBox<T>> {
        // INVARIANT: It is null.
        let thing = self.thing.xchg(null_mut(), Acquire);

        if thing.is_null() {
            return None;
        }
        // SAFETY: The hatch's own, which nobody else can get any more.
        Some(unsafe { KBox::from_raw(thing) })
    }
}

impl<T> Drop for Hatch<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[repr(C)]
struct Dish {
    table: u32,
    food: [u8; 60],
}

// SAFETY: An integer and bytes: every bit pattern is a valid `Dish`.
unsafe impl FromBytes for Dish {}

// SAFETY: A 4-byte integer and 60 bytes: there is no padding.
unsafe impl AsBytes for Dish {}

module! {
    type: HatchModule,
    name: "hatch",
    authors: ["Ferrule"],
    description: "Passes dishes from one task to another",
    license: "GPL",
}

#[pin_data]
struct HatchModule {
    #[pin]
    _misc: MiscDeviceRegistration<Hatch<Dish>>,
}

impl kernel::InPlaceModule for HatchModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"hatch" }),
        })
    }
}

#[vtable]
impl MiscDevice for Hatch<Dish> {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(KBox::new(Hatch::new(), GFP_KERNEL)?)
    }

    fn ioctl(hatch: &Self, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        match cmd {
            HATCH_PUT => {
                let dish = KBox::new(user.reader().read::<Dish>()?, GFP_KERNEL)?;

                hatch.put(dish).map_err(|_| EBUSY)?;
            }
            HATCH_TAKE => {
                let dish = hatch.take().ok_or(EAGAIN)?;

                user.writer().write::<Dish>(&dish)?;
            }
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}
