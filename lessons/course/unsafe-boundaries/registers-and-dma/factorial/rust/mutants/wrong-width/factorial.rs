// SPDX-License-Identifier: GPL-2.0

//! `/dev/factorial`: QEMU's edu device (1234:11e8) computes factorials.

use kernel::{
    container_of,
    device::Core,
    fs::File,
    io::{poll::read_poll_timeout, register, Io},
    ioctl::{_IO, _IOWR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex, pci,
    prelude::*,
    sync::{Arc, ArcBorrow, Mutex},
    time::Delta,
    transmute::{AsBytes, FromBytes},
    uaccess::{UserPtr, UserSlice},
};

mod regs {
    use super::*;

    register! {
        pub(super) ID(u32) @ 0x00 {
            7:0 magic;
        }

        /// Write: a number. Read: its bits inverted.
        pub(super) INVERT(u32) @ 0x04 {
            31:0 value;
        }

        /// Write: a number. Read: its factorial.
        pub(super) FACTORIAL(u32) @ 0x08 {
            31:0 value;
        }

        pub(super) STATUS(u32) @ 0x20 {
            /// The factorial is not ready yet.
            0:0 computing => bool;
        }
    }

    pub(super) const MAGIC: u32 = 0xed;
    pub(super) const SIZE: usize = 0x100;
}

type Bar<'a> = pci::Bar<'a, { regs::SIZE }>;

const VENDOR: u16 = 0x1234;
const DEVICE: u16 = 0x11e8;

const BITS: usize = u32::BITS as usize;

#[repr(C)]
struct Request {
    n: u32,
    result: u32,
}

// SAFETY: Two numbers, for which any bits will do, and nothing between them.
unsafe impl FromBytes for Request {}
// SAFETY: Two numbers and nothing between them.
unsafe impl AsBytes for Request {}

const FACTORIAL_INVERT: u32 = _IOWR::<u32>('f' as u32, 1);
const FACTORIAL_COMPUTE: u32 = _IOWR::<Request>('f' as u32, 2);
const FACTORIAL_LENGTHS: u32 = _IO('f' as u32, 3);

/// What the open files share. It may live longer than the device is bound; the registers do not.
#[pin_data]
struct Factorial {
    regs: pci::DevresBar<{ regs::SIZE }>,
    /// How many results had so many bits. Who has it locked has the device for itself.
    #[pin]
    lengths: Mutex<[u32; BITS + 1]>,
}

impl Factorial {
    /// Does something to the registers, unless they are gone. It must not sleep.
    fn with_regs<R>(&self, f: impl FnOnce(&Bar<'_>) -> R) -> Result<R> {
        self.regs.try_access_with(|bar| f(bar)).ok_or(ENODEV)
    }

    fn invert(&self, value: u32) -> Result<u32> {
        let _turn = self.lengths.lock();

        self.with_regs(|bar| {
            bar.write_reg(regs::INVERT::from(value));
            bar.read(regs::INVERT).into_raw()
        })
    }

    fn compute(&self, n: u32) -> Result<u32> {
        let mut lengths = self.lengths.lock();

        // Perhaps with a number that we gave up: it would not take another.
        if self.with_regs(|bar| bar.read(regs::STATUS))?.computing() {
            return Err(EBUSY);
        }
        self.with_regs(|bar| bar.write_reg(regs::FACTORIAL::from(n)))?;
        read_poll_timeout(
            || self.with_regs(|bar| bar.read(regs::STATUS)),
            |status| !status.computing(),
            Delta::from_micros(50),
            Delta::from_millis(500),
        )?;

        let result = self.with_regs(|bar| bar.read64(0x08) as u32)?;
        // 0 to 32, whatever the result is.
        lengths[BITS - result.leading_zeros() as usize] += 1;
        Ok(result)
    }
}

#[vtable]
impl MiscDevice for Factorial {
    type Ptr = Arc<Self>;

    fn open(_file: &File, misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(port_of(misc).factorial.clone())
    }

    fn ioctl(me: ArcBorrow<'_, Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = |size| UserSlice::new(UserPtr::from_addr(arg), size).reader_writer();

        match cmd {
            FACTORIAL_INVERT => {
                let (mut reader, mut writer) = user(size_of::<u32>());
                let value = me.invert(reader.read()?)?;

                writer.write(&value)?;
                Ok(0)
            }
            FACTORIAL_COMPUTE => {
                let (mut reader, mut writer) = user(size_of::<Request>());
                let mut request: Request = reader.read()?;

                request.result = me.compute(request.n)?;
                writer.write(&request)?;
                Ok(0)
            }
            FACTORIAL_LENGTHS => {
                let count = *me.lengths.lock().get(arg).ok_or(EINVAL)?;

                Ok(count as isize)
            }
            _ => Err(ENOTTY),
        }
    }
}

/// What the device has while it is bound.
#[pin_data]
struct Port {
    #[pin]
    misc: MiscDeviceRegistration<Factorial>,
    factorial: Arc<Factorial>,
}

/// The device that a file is being opened of.
fn port_of(misc: &MiscDeviceRegistration<Factorial>) -> &Port {
    let misc = core::ptr::from_ref(misc).cast_mut();

    // SAFETY: Each of these registrations is the field of a `Port`, and the last one of it that is
    // initialized. It is not deregistered while `misc` is borrowed, so its `Port` is still there.
    unsafe { &*container_of!(misc, Port, misc) }
}

struct FactorialDriver;

kernel::pci_device_table!(
    PCI_TABLE,
    <FactorialDriver as pci::Driver>::IdInfo,
    // The vendor is none that `pci::Vendor` knows, so this is the class; `probe` looks at the rest.
    [(pci::DeviceId::from_class(0x00ff00, 0xffffff), ())]
);

impl pci::Driver for FactorialDriver {
    type IdInfo = ();
    type Data<'bound> = Port;
    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Port, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            if pdev.vendor_id().as_raw() != VENDOR || pdev.device_id() != DEVICE {
                return Err(ENODEV);
            }
            pdev.enable_device_mem()?;
            let bar = pdev.iomap_region_sized::<{ regs::SIZE }>(0, c"factorial")?;

            if bar.read(regs::ID).magic().get() != regs::MAGIC {
                return Err(ENODEV);
            }
            let factorial = Arc::pin_init(
                try_pin_init!(Factorial {
                    regs: bar.into_devres()?,
                    lengths <- new_mutex!([0; BITS + 1]),
                }),
                GFP_KERNEL,
            )?;

            // `misc` comes last: as soon as it is registered, a program may open it.
            Ok(try_pin_init!(Port {
                factorial,
                misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"factorial" }),
            }))
        })
    }
}

kernel::module_pci_driver! {
    type: FactorialDriver,
    name: "factorial",
    authors: ["Ferrule"],
    description: "Has a device compute factorials",
    license: "GPL",
}
