// SPDX-License-Identifier: GPL-2.0

//! Readers that may sleep: SRCU.

use kernel::{
    new_mutex, new_srcu,
    prelude::*,
    sync::{Arc, Mutex, Srcu},
};

module! {
    type: Names,
    name: "names",
    authors: ["Ferrule"],
    description: "RCU",
    license: "GPL",
}

#[pin_data]
struct Shared {
    #[pin]
    srcu: Srcu,
    #[pin]
    current: Mutex<Option<Arc<[u8; 8]>>>,
}

impl Shared {
    fn first_letter(&self) -> Result<u8> {
        let _reader = self.srcu.read_lock();
        let name = self.current.lock().clone().ok_or(ENOENT)?;
        let copy = KBox::new(name[0], GFP_KERNEL)?;

        Ok(*copy)
    }

    fn publish(&self, letter: u8) -> Result {
        let name = Arc::new([letter; 8], GFP_KERNEL)?;
        let old = self.current.lock().replace(name);

        self.srcu.synchronize();
        drop(old);
        Ok(())
    }
}

struct Names {
    _shared: Pin<KBox<Shared>>,
}

impl kernel::Module for Names {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let shared = KBox::try_pin_init(
            try_pin_init!(Shared {
                srcu <- new_srcu!(),
                current <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )?;

        shared.publish(b'a')?;
        shared.publish(b'b')?;
        if shared.first_letter()? != b'b' {
            return Err(EIO);
        }
        Ok(Self { _shared: shared })
    }
}
