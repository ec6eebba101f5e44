// SPDX-License-Identifier: GPL-2.0

//! `/dev/hatch`: every open file is a serving hatch, for one dish at a time. Any
//! number of tasks may use one file at once.
//!
//! HATCH_PUT    takes a dish and puts a copy of it into the hatch.
//!              EBUSY: there is a dish already, which stays.
//!              EFAULT: the pointer leads nowhere. ENOMEM: no memory.
//! HATCH_TAKE   gives the dish and takes it out: each dish is given once.
//!              EAGAIN: the hatch is empty.
//!              EFAULT: the pointer leads nowhere; the dish is thrown away.
//!
//! Both return 0 when they work. Another command: ENOTTY. A dish that is still in
//! the hatch when its file is closed is thrown away.
//!
//! All this is done by `Hatch<T>`, for things of any type `T`, without a lock: it is to be used by
//! interrupt handlers as well. It is for other drivers, too, so safe code must not be able to misuse
//! it, whatever `T` is:
//!
//!     Hatch::new()       an empty hatch, a `Hatch<T>`
//!     hatch.put(thing)   `&self` and a `KBox<T>`; gives `Ok(())`, or `Err` with the thing when
//!                        there is one already
//!     hatch.take()       `&self`; gives the thing as `Some`, or `None`

use core::{cell::Cell, ptr::null_mut};
use kernel::{
    fs::File,
    ioctl::{_IOC_SIZE, _IOR, _IOW},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
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
    thing: Cell<*mut T>,
}

// SAFETY: TODO: is this true? Of which `T`?
unsafe impl<T> Send for Hatch<T> {}

// SAFETY: TODO: and this?
unsafe impl<T> Sync for Hatch<T> {}

impl<T> Hatch<T> {
    /// An empty hatch.
    pub fn new() -> Self {
        // INVARIANT: It is null.
        Hatch {
            thing: Cell::new(null_mut()),
        }
    }

    /// Puts a thing in, or gives it back if one is there already.
    pub fn put(&self, thing: KBox<T>) -> Result<(), KBox<T>> {
        // TODO: what if another task is here at the same time?
        if !self.thing.get().is_null() {
            return Err(thing);
        }
        // INVARIANT: From `into_raw`, and given away here.
        self.thing.set(KBox::into_raw(thing));
        Ok(())
    }

    /// Takes the thing out.
    pub fn take(&self) -> Option<KBox<T>> {
        // INVARIANT: It is null.
        let thing = self.thing.replace(null_mut());

        if thing.is_null() {
            return None;
        }
        // SAFETY: The hatch's own, which nobody else can get any more.
        Some(unsafe { KBox::from_raw(thing) })
    }
}

// TODO: what becomes of a thing that is still there when its hatch goes?

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
