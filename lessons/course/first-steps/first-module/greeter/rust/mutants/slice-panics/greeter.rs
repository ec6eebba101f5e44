// SPDX-License-Identifier: GPL-2.0

//! `/dev/greeter`: whoever reads it is greeted.

use kernel::{
    fs::{File, Kiocb},
    iov::IovIterDest,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
};

const GREETING: &[u8] = b"Hello from the kernel\n";

module! {
    type: GreeterModule,
    name: "greeter",
    authors: ["Ferrule"],
    description: "Greets whoever reads it",
    license: "GPL",
}

#[pin_data]
struct GreeterModule {
    #[pin]
    _misc: MiscDeviceRegistration<Greeter>,
}

impl kernel::InPlaceModule for GreeterModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"greeter" }),
        })
    }
}

struct Greeter;

#[vtable]
impl MiscDevice for Greeter {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(KBox::new(Greeter, GFP_KERNEL)?)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let pos = kiocb.ki_pos_mut();
        let written = iov.copy_to_iter(&GREETING[*pos as usize..]); // FERRULE: here

        *pos += written as i64;
        Ok(written)
    }
}
