// SPDX-License-Identifier: GPL-2.0

//! Numbers that come from outside.

use kernel::{new_mutex, prelude::*, sync::Mutex};

module! {
    type: Scale,
    name: "scale",
    authors: ["Ferrule"],
    description: "numbers",
    license: "GPL",
    params: {
        bits: u32 {
            default: 3,
            description: "how far to shift (0 to 30)",
        },
        index: u32 {
            default: 2,
            description: "where to put it (0 to 7)",
        },
    },
}

#[pin_data]
struct Scale {
    #[pin]
    table: Mutex<[u32; 8]>,
}

impl Scale {
    fn put(&self, index: u32, bits: u32) -> Result {
        if bits > 30 {
            return Err(EINVAL);
        }
        let mut table = self.table.lock();
        // SAFETY: The table is large enough.
        let entry = unsafe { table.get_unchecked_mut(index as usize) };

        *entry = 1 << bits; // FERRULE: here
        Ok(())
    }
}

impl kernel::InPlaceModule for Scale {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            table <- new_mutex!([0; 8]),
        })
        .pin_chain(|scale| {
            scale.put(
                module_parameters::index.value(),
                module_parameters::bits.value(),
            )
        })
    }
}
