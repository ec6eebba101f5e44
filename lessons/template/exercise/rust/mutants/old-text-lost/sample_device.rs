// SPDX-License-Identifier: GPL-2.0

//! `/dev/sample-device`: every open file keeps one text.

use kernel::{
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
};

const MAX: usize = 64;

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
        if len > MAX {
            return Err(EMSGSIZE);
        }
        let mut text = KVec::from_elem(0, len, GFP_KERNEL)?; // FERRULE: here
        if iov.copy_from_iter(&mut text) != len {
            return Err(EFAULT);
        }
        let device = kiocb.file();
        let old = core::mem::replace(&mut *device.text.lock(), text);
        core::mem::forget(old);
        Ok(len)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let device = kiocb.file();
        let text = device.text.lock();

        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &text)
    }
}
