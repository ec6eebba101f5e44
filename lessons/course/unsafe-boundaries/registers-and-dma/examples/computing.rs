// SPDX-License-Identifier: GPL-2.0

//! A register of QEMU's edu device (1234:11e8), read while it is bound and perhaps later.

use kernel::{device::Core, io::Io, pci, prelude::*};

const SIZE: usize = 0x100;

/// The device's registers.
pub mod regs {
    use kernel::io::register;

    register! {
        pub STATUS(u32) @ 0x20 {
            0:0 computing => bool;
        }
    }
}

/// What an open file may keep: the device may be gone.
#[pin_data]
pub struct Port {
    regs: pci::DevresBar<SIZE>,
}

impl Port {
    /// Whether the device is at work.
    pub fn computing(&self) -> Result<bool> {
        let status = self
            .regs
            .try_access_with(|bar| bar.read(regs::STATUS))
            .ok_or(ENODEV)?;

        Ok(status.computing())
    }
}

struct Computing;

kernel::pci_device_table!(
    PCI_TABLE,
    <Computing as pci::Driver>::IdInfo,
    [(pci::DeviceId::from_class(0x00ff00, 0xffffff), ())]
);

impl pci::Driver for Computing {
    type IdInfo = ();
    type Data<'bound> = Port;
    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Port, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            if pdev.vendor_id().as_raw() != 0x1234 || pdev.device_id() != 0x11e8 {
                return Err(ENODEV);
            }
            pdev.enable_device_mem()?;
            let bar = pdev.iomap_region_sized::<SIZE>(0, c"computing")?;
            let busy = bar.read(regs::STATUS).computing();

            if busy {
                return Err(EBUSY);
            }
            Ok(try_pin_init!(Port {
                regs: bar.into_devres()?,
            }))
        })
    }
}

kernel::module_pci_driver! {
    type: Computing,
    name: "computing",
    authors: ["Ferrule"],
    description: "Looks whether a device is at work",
    license: "GPL",
}
