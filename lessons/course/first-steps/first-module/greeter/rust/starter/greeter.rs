// SPDX-License-Identifier: GPL-2.0

//! `/dev/greeter`: whoever reads it is greeted.
//!
//! The device's whole content is the text of `GREETING`, 22 bytes. It reads like a file with that
//! content:
//!
//! * read gives the bytes from the file's position on: as many as the program asked for, or as
//!   there are left, and moves the position behind them. At the end of the text, and anywhere
//!   after it: 0 bytes.
//!
//! When the module has been loaded, `/dev/greeter` is there. When it has been unloaded, it is
//! gone, and the module can be loaded again.

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

/// What the module owns from the moment it is loaded until it is unloaded.
#[pin_data]
struct GreeterModule {
    // TODO: a field for the registration of the device, with `#[pin]` before it. Its type is
    // `MiscDeviceRegistration<Greeter>`.
}

impl kernel::InPlaceModule for GreeterModule {
    /// Called once, when the module is loaded.
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let _options = MiscDeviceOptions { name: c"greeter" };

        try_pin_init!(Self {
            // TODO: `field <- MiscDeviceRegistration::register(options),` registers the device
            // in its field.
        })
    }
}

/// What is made for each open file: nothing, so far.
struct Greeter;

/// What the kernel calls when a program uses the device.
#[vtable]
impl MiscDevice for Greeter {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(KBox::new(Greeter, GFP_KERNEL)?)
    }

    /// Called for each read of an open `/dev/greeter`.
    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        // TODO: give the program its part of the greeting, from the position on, move the
        // position, and return how many bytes that were. There is a method of `iov` for it, in
        // `rust/kernel/iov.rs`.
        let _ = (kiocb.ki_pos_mut(), iov, GREETING);
        Ok(0)
    }
}
