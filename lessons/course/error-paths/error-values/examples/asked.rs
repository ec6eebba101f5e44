// SPDX-License-Identifier: GPL-2.0

//! Two calls of C functions, and how each of them says that it failed.

use kernel::{
    bindings,
    error::{from_err_ptr, to_result},
    prelude::*,
};

module! {
    type: AskedModule,
    name: "asked",
    authors: ["Ferrule"],
    description: "Asks whether calls have failed",
    license: "GPL",
}

struct AskedModule;

impl kernel::Module for AskedModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // Whoever has a device calls it.
        let _: unsafe fn(_, _, _) -> _ = set_up;

        Ok(Self)
    }
}

/// Registers `slot`, and gets a clock.
///
/// # Safety
///
/// `slot` is filled in and lives until it is deregistered, `dev` is a bound device, and `id` is
/// NULL or ends with a zero.
unsafe fn set_up(
    slot: *mut bindings::miscdevice,
    dev: *mut bindings::device,
    id: *const c_char,
) -> Result<*mut bindings::clk> {
    // SAFETY: The caller promises that `slot` can be registered.
    to_result(unsafe { bindings::misc_register(slot) })?; // negative: Err
    // SAFETY: The caller promises that `dev` and `id` are right.
    let clk = from_err_ptr(unsafe { bindings::clk_get(dev, id) })?; // IS_ERR: Err

    Ok(clk)
}
