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

struct GreeterModule;

impl kernel::Module for GreeterModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let options = MiscDeviceOptions { name: c"greeter" };
        let misc = KBox::pin_init( // FERRULE: here
            MiscDeviceRegistration::<Greeter>::register(options),
            GFP_KERNEL,
        )?;

        core::mem::forget(misc);
        Ok(GreeterModule)
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
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), GREETING)
    }
}
