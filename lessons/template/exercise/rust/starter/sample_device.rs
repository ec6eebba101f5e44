// SPDX-License-Identifier: GPL-2.0

//! `/dev/sample-device`: every open file keeps one text of up to 64 bytes.
//!
//! TODO: This comment is the learner's whole specification: what each call answers, limits and
//! error codes. What is not written here is not tested.
//!
//! - `write` takes a text in place of the one that is there, and returns its length. `EMSGSIZE`:
//!   more than 64 bytes. `EFAULT`: the pointer leads nowhere. `ENOMEM`: no memory. What is refused
//!   changes nothing.
//! - `read` gives the text, from the file's position on; 0 at its end.

use kernel::{
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
};

module! {
    type: SampleDeviceModule,
    name: "sample_device",
    authors: ["Ferrule"],
    description: "Keeps a text",
    license: "GPL",
}

#[pin_data]
struct SampleDeviceModule {
    #[pin]
    _misc: MiscDeviceRegistration<SampleDevice>,
}

impl kernel::InPlaceModule for SampleDeviceModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions {
                name: c"sample-device",
            }),
        })
    }
}

#[pin_data]
struct SampleDevice {
    #[pin]
    text: Mutex<KVec<u8>>,
}

#[vtable]
impl MiscDevice for SampleDevice {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(SampleDevice {
                text <- new_mutex!(KVec::new()),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let len = iov.len();
        // TODO: how long may a text be?
        let mut text = KVec::from_elem(0, len, GFP_KERNEL)?;
        if iov.copy_from_iter(&mut text) != len {
            return Err(EFAULT);
        }
        *kiocb.file().text.lock() = text;
        Ok(len)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let device = kiocb.file();
        let text = device.text.lock();

        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &text)
    }
}
