// SPDX-License-Identifier: GPL-2.0

//! Safe code that looks into a picture which is gone. What is wrong, on purpose, is `Canvas::lock`.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{Mutex, MutexGuard},
};

module! {
    type: FirstLook,
    name: "first_look",
    authors: ["Ferrule"],
    description: "Looks too late",
    license: "GPL",
}

struct FirstLook;

impl kernel::Module for FirstLook {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("it begins with {}\n", look::first_byte()?);
        Ok(FirstLook)
    }
}

#[forbid(unsafe_code)]
mod look {
    use super::*;

    pub(crate) fn first_byte() -> Result<u8> {
        let canvas = Canvas::new()?;
        let pen = canvas.lock();

        drop(canvas);
        Ok(pen.shown()[0])
    }
}

/// A picture.
#[pin_data]
struct Canvas {
    #[pin]
    page: Mutex<[u8; 128]>,
}

/// The picture while it is locked.
struct Pen<'a> {
    page: MutexGuard<'a, [u8; 128]>,
}

impl Canvas {
    fn new() -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            pin_init!(Canvas {
                page <- new_mutex!([0; 128]),
            }),
            GFP_KERNEL,
        )
    }

    // Wrong on purpose: the caller chooses how long the pen lives.
    fn lock<'a>(&self) -> Pen<'a> {
        // SAFETY: A picture does not move.
        let page = unsafe { &*core::ptr::from_ref(&self.page) };

        Pen { page: page.lock() }
    }
}

impl Pen<'_> {
    fn shown(&self) -> &[u8] {
        &*self.page
    }
}
