// SPDX-License-Identifier: GPL-2.0

//! A driver for pumps, and two devices to try it with: `pump.0` and `pump.1`.

use kernel::{
    bindings, container_of,
    device::{Core, Device},
    driver,
    error::from_err_ptr,
    fs::File,
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex, platform,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, ArcBorrow, Mutex,
    },
};

const MAX: usize = 1000;
const NAMES: [&CStr; 2] = [c"pump0", c"pump1"];

const PUMP_FILL: u32 = _IO('p' as u32, 1);
const PUMP_LEVEL: u32 = _IO('p' as u32, 2);

module! {
    type: PumpModule,
    name: "pump",
    authors: ["Ferrule"],
    description: "Fills tanks",
    license: "GPL",
    params: {
        tank0: u32 {
            default: 100,
            description: "litres that the tank of pump.0 holds (1 to 1000)",
        },
        tank1: u32 {
            default: 100,
            description: "litres that the tank of pump.1 holds (1 to 1000)",
        },
    },
}

#[pin_data]
struct PumpModule {
    #[pin]
    _driver: driver::Registration<platform::Adapter<PumpDriver>>,
    _devices: [PumpDevice; 2],
}

impl kernel::InPlaceModule for PumpModule {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _driver <- driver::Registration::new(c"pump", module),
            _devices: [PumpDevice::register(1)?, PumpDevice::register(0)?],
        })
    }
}

/// A device. There is no hardware, so the module makes the devices, in no special order.
struct PumpDevice(*mut bindings::platform_device);

// SAFETY: A platform device may be unregistered by any thread.
unsafe impl Send for PumpDevice {}

// SAFETY: There is nothing that can be done with a `&PumpDevice`.
unsafe impl Sync for PumpDevice {}

impl PumpDevice {
    fn register(id: i32) -> Result<Self> {
        let info = bindings::platform_device_info {
            name: c"pump".as_char_ptr(),
            id,
            ..pin_init::zeroed()
        };

        // SAFETY: `info` is valid; what it points to is copied.
        let device = from_err_ptr(unsafe { bindings::platform_device_register_full(&info) })?;
        Ok(Self(device))
    }
}

impl Drop for PumpDevice {
    fn drop(&mut self) {
        // SAFETY: It was registered by `register`, and this is done once.
        unsafe { bindings::platform_device_unregister(self.0) };
    }
}

/// How many litres the tank of this device holds.
fn tank(id: usize) -> Result<usize> {
    let tank = match id {
        0 => module_parameters::tank0.value(),
        _ => module_parameters::tank1.value(),
    } as usize;

    if !(1..=MAX).contains(&tank) {
        return Err(EINVAL);
    }
    Ok(tank)
}

/// Whether `pump.0` is bound, which gives `pump.1` its power.
static POWER: Atomic<u32> = Atomic::new(0);

/// What `pump.0` gives as long as it is bound.
struct Power;

impl Power {
    fn on() -> Self {
        POWER.store(1, Relaxed);
        Self
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        POWER.store(0, Relaxed);
    }
}

struct State {
    level: usize,
    gone: bool,
}

/// One for each bound device, until the last file of it is closed as well.
#[pin_data]
struct Pump {
    tank: usize,
    #[pin]
    state: Mutex<State>,
}

/// What a device has while it is bound.
#[pin_data]
struct Port {
    _power: Option<Power>,
    #[pin]
    misc: MiscDeviceRegistration<Pump>,
    pump: Arc<Pump>,
}

/// The device that a file is being opened of.
fn port_of(misc: &MiscDeviceRegistration<Pump>) -> &Port {
    let misc = core::ptr::from_ref(misc).cast_mut();

    // SAFETY: Each of these registrations is the field of a `Port`, and the last one of it that is
    // initialized. It is not deregistered while `misc` is borrowed, so its `Port` is still there.
    unsafe { &*container_of!(misc, Port, misc) }
}

struct PumpDriver;

impl PumpDriver {
    fn id(device: &Device<Core<'_>>) -> Result<usize> {
        match device.name().to_bytes() {
            b"pump.0" => Ok(0),
            b"pump.1" => Ok(1),
            _ => Err(ENODEV),
        }
    }
}

impl platform::Driver for PumpDriver {
    type IdInfo = ();
    type Data<'bound> = Port;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Port, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            let id = Self::id(pdev.as_ref())?;
            let tank = tank(id)?;

            if id != 0 && POWER.load(Relaxed) == 0 {
                return Err(EPROBE_DEFER);
            }
            let pump = Arc::pin_init(
                pin_init!(Pump {
                    tank,
                    state <- new_mutex!(State {
                        level: 0,
                        gone: false,
                    }),
                }),
                GFP_KERNEL,
            )?;

            // `misc` comes last: as soon as it is registered, a program may open it.
            Ok(try_pin_init!(Port {
                pump,
                _power: (id == 0).then(Power::on),
                misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: NAMES[id] }),
            }))
        })
    }

    fn unbind<'bound>(_pdev: &'bound platform::Device<Core<'_>>, port: Pin<&Port>) {
        port.pump.state.lock().gone = true;
    }
}

#[vtable]
impl MiscDevice for Pump {
    type Ptr = Arc<Self>;

    fn open(_file: &File, misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(port_of(misc).pump.clone())
    }

    fn ioctl(pump: ArcBorrow<'_, Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let mut state = pump.state.lock();

        if state.gone {
            return Err(ENODEV);
        }
        match cmd {
            PUMP_FILL => {
                if arg > pump.tank - state.level {
                    return Err(ENOSPC);
                }
                state.level += arg;
                Ok(state.level as isize)
            }
            PUMP_LEVEL => Ok(state.level as isize),
            _ => Err(ENOTTY),
        }
    }
}
