// SPDX-License-Identifier: GPL-2.0

//! A platform driver for a heater: `/dev/heater` sets how strongly it heats.
//!
//! The platform device `heater`, which this module makes itself, stands for the hardware. The
//! driver is bound to it when it is loaded, and may be unbound and bound again at any time
//! (`/sys/bus/platform/drivers/heater/unbind` and `bind`). There is a `/dev/heater` while it is
//! bound.
//!
//! * `write` takes a `u32`, 0 to 100: how strongly to heat. Returns 4. `EINVAL`: another size than
//!   four bytes, or more than 100.
//! * `read` gives the level that was written last, as a `u32`. Returns 4. `EINVAL`: there is no room
//!   for four bytes.
//! * Both: `EFAULT`: the pointer leads nowhere. `ENODEV`: the device was unbound after this file had
//!   been opened, even if it is bound again by now.
//!
//! The heater has power while the driver is bound, and at no other time: not after it was unbound,
//! not when `probe` has failed. It is cold when it is bound. If the heater does not pass its
//! self-test (the module's parameter `broken` sees to that), `probe` fails with `EIO`, as often as
//! it is tried.

use core::ptr::NonNull;
use kernel::{
    bindings,
    device::{Bound, Core, Device},
    driver,
    error::from_err_ptr,
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    platform,
    prelude::*,
    sync::{
        atomic::{Atomic, Full, Relaxed},
        Arc,
    },
    time::{delay::fsleep, Delta},
};

#[allow(dead_code)] // until it is used
const MAX: u32 = 100;

/// The hardware: in a real driver a regulator and a register.
static HW_ON: Atomic<u32> = Atomic::new(0);
static HW_LEVEL: Atomic<u32> = Atomic::new(0);

/// The heater has power as long as there is a value of this type.
struct Power(());

impl Power {
    fn on() -> Result<Self> {
        HW_ON.cmpxchg(0, 1, Full).map_err(|_| EBUSY)?;
        Ok(Self(()))
    }

    fn self_test(&self) -> Result {
        if module_parameters::broken.value() {
            return Err(EIO);
        }
        Ok(())
    }

    fn heat(&self, level: u32) {
        kernel::warn_on!(HW_ON.load(Relaxed) == 0); // a register without power
        HW_LEVEL.store(level, Relaxed);
    }

    #[allow(dead_code)] // until it is called
    fn level(&self) -> u32 {
        HW_LEVEL.load(Relaxed)
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        HW_LEVEL.store(0, Relaxed);
        HW_ON.store(0, Relaxed);
        fsleep(Delta::from_millis(20)); // until it has discharged
    }
}

/// What open files share.
struct Heater {
    // TODO: how long does this power last, if a file stays open?
    power: Power,
}

impl Heater {
    fn new(_dev: &Device<Bound>) -> Result<Arc<Self>> {
        let power = Power::on()?;

        power.self_test()?;
        Ok(Arc::new(Self { power }, GFP_KERNEL)?)
    }
}

kernel::sync::global_lock! {
    // SAFETY: `init` of the module initialises it before anything else.
    unsafe(uninit) static CURRENT: Mutex<Option<Arc<Heater>>> = None;
}

/// The heater that `open` finds, as long as there is a value of this type.
struct Found(());

impl Found {
    fn new(heater: Arc<Heater>) -> Self {
        *CURRENT.lock() = Some(heater);
        Self(())
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        let heater = CURRENT.lock().take();
        drop(heater); // after the lock
    }
}

/// What belongs to the device while it is bound, dropped from the first to the last.
#[pin_data]
struct HeaterDriver {
    #[pin]
    _misc: MiscDeviceRegistration<Heater>,
    _found: Found,
}

impl platform::Driver for HeaterDriver {
    type IdInfo = ();
    type Data<'bound> = Self;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self, Error> + 'bound {
        try_pin_init!(Self {
            _found: Found::new(Heater::new(pdev.as_ref())?),
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"heater" }),
        })
    }
}

#[vtable]
impl MiscDevice for Heater {
    type Ptr = Arc<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        CURRENT.lock().clone().ok_or(ENODEV)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut level = [0; size_of::<u32>()];

        if iov.len() != level.len() {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(&mut level) != level.len() {
            return Err(EFAULT);
        }
        // TODO: is the level too high? Is the heater still this driver's?
        kiocb.file().power.heat(u32::from_ne_bytes(level));
        Ok(level.len())
    }

    fn read_iter(_kiocb: Kiocb<'_, Self::Ptr>, _iov: &mut IovIterDest<'_>) -> Result<usize> {
        // TODO: give the level.
        Err(EIO)
    }
}

/// A device for the driver: what a bus or the firmware would find on a real machine.
struct OwnDevice(NonNull<bindings::platform_device>);

// SAFETY: A platform device may be unregistered from any thread.
unsafe impl Send for OwnDevice {}
// SAFETY: There are no methods that take `&self`.
unsafe impl Sync for OwnDevice {}

impl OwnDevice {
    fn new(name: &'static CStr) -> Result<Self> {
        let info = bindings::platform_device_info {
            name: name.as_char_ptr(),
            id: bindings::PLATFORM_DEVID_NONE,
            ..pin_init::zeroed()
        };
        // SAFETY: The name is a C string, and nothing else in the description is a pointer.
        let device = from_err_ptr(unsafe { bindings::platform_device_register_full(&info) })?;

        NonNull::new(device).map(Self).ok_or(ENODEV)
    }
}

impl Drop for OwnDevice {
    fn drop(&mut self) {
        // SAFETY: The device was registered in `new`, and this is its only owner.
        unsafe { bindings::platform_device_unregister(self.0.as_ptr()) };
    }
}

module! {
    type: HeaterModule,
    name: "heater",
    authors: ["Ferrule"],
    description: "A heater",
    license: "GPL",
    params: {
        broken: bool {
            default: false,
            description: "The heater does not pass its self-test",
        },
    },
}

#[pin_data]
struct HeaterModule {
    _device: OwnDevice,
    #[pin]
    _driver: driver::Registration<platform::Adapter<HeaterDriver>>,
}

impl kernel::InPlaceModule for HeaterModule {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // SAFETY: This is called once, and before there is a driver that could use the lock.
        unsafe { CURRENT.init() };

        try_pin_init!(Self {
            _driver <- driver::Registration::new(c"heater", module),
            _device: OwnDevice::new(c"heater")?,
        })
    }
}
