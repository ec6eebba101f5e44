// SPDX-License-Identifier: GPL-2.0

//! A driver that shows itself as a misc device, as a faux device and in debugfs.

use kernel::{
    debugfs::{self, Dir},
    faux,
    fs::File,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};

module! {
    type: Presence,
    name: "presence",
    authors: ["Ferrule"],
    description: "presence",
    license: "GPL",
}

static OPENED: Atomic<u64> = Atomic::new(0);

struct Handle;

#[vtable]
impl MiscDevice for Handle {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        OPENED.fetch_add(1, Relaxed);
        Ok(KBox::new(Handle, GFP_KERNEL)?)
    }
}

fn show_opened(_: &(), f: &mut kernel::fmt::Formatter<'_>) -> kernel::fmt::Result {
    writeln!(f, "{}", OPENED.load(Relaxed))
}

#[pin_data]
struct Presence {
    #[pin]
    _misc: MiscDeviceRegistration<Handle>,
    #[pin]
    _opened: debugfs::File<()>,
    _folder: Dir,
    _faux: faux::Registration,
}

impl kernel::InPlaceModule for Presence {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let folder = Dir::new(c"presence"); // FERRULE: here
        core::mem::forget(folder.clone());

        try_pin_init!(Self {
            _faux: faux::Registration::new(c"presence", None)?,
            _opened <- folder.read_callback_file(c"opened", (), &show_opened),
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"presence" }),
            _folder: folder,
        })
    }
}
