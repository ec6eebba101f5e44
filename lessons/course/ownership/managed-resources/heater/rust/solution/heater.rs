// SPDX-License-Identifier: GPL-2.0

//! A platform driver for a heater: `/dev/heater` sets how strongly it heats.

use core::ptr::NonNull;
use kernel::{
    bindings,
    device::{Bound, Core, Device},
    devres::Devres,
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

/// What open files share. It may live longer than the device is bound; the power does not.
struct Heater {
    power: Devres<Power>,
}

impl Heater {
    fn new(dev: &Device<Bound>) -> Result<Arc<Self>> {
        let power = Power::on()?;

        power.self_test()?;
        let power = Devres::new(dev, power)?;
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
        if u32::from_ne_bytes(level) > MAX {
            return Err(EINVAL);
        }

        let heater = kiocb.file();
        let power = heater.power.try_access().ok_or(ENODEV)?;
        power.heat(u32::from_ne_bytes(level));
        Ok(level.len())
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.len() < size_of::<u32>() {
            return Err(EINVAL);
        }
        let level = kiocb.file().power.try_access().ok_or(ENODEV)?.level();

        // The guard is gone: copying may sleep, and a guard's owner must not.
        if iov.copy_to_iter(&level.to_ne_bytes()) != size_of::<u32>() {
            return Err(EFAULT);
        }
        Ok(size_of::<u32>())
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
