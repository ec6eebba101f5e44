// SPDX-License-Identifier: GPL-2.0

//! A misc device to which each open file has a reference.

use kernel::{
    device,
    fs::File,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    sync::aref::ARef,
};

module! {
    type: VisitedModule,
    name: "visited",
    authors: ["Ferrule"],
    description: "Says when it is opened and closed",
    license: "GPL",
}

#[pin_data]
struct VisitedModule {
    #[pin]
    _misc: MiscDeviceRegistration<Visit>,
}

impl kernel::InPlaceModule for VisitedModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"visited" }),
        })
    }
}

struct Visit {
    dev: ARef<device::Device>,
}

#[vtable]
impl MiscDevice for Visit {
    type Ptr = KBox<Self>;

    fn open(_file: &File, misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let dev: ARef<device::Device> = misc.device().into();

        dev_info!(dev, "opened\n");
        Ok(KBox::new(Visit { dev }, GFP_KERNEL)?)
    }

    fn release(visit: Self::Ptr, _file: &File) {
        dev_info!(visit.dev, "closed\n");
    }
}
