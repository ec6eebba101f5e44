// SPDX-License-Identifier: GPL-2.0

//! C functions that fail in three ways.

use core::ptr::{self, NonNull};
use kernel::{
    bindings,
    error::{from_err_ptr, to_result},
    prelude::*,
};

module! {
    type: Failures,
    name: "failures",
    authors: ["Ferrule"],
    description: "Three ways to fail",
    license: "GPL",
}

struct Failures;

impl kernel::Module for Failures {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Failures)
    }
}

/// A pool of pieces of memory of one size.
pub struct Pool {
    pool: NonNull<bindings::mempool>,
    size: usize,
}

impl Pool {
    /// The bytes of a piece.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A pool of four pieces of `size` bytes.
    pub fn new(size: usize) -> Result<Self> {
        // SAFETY: The callbacks belong together, and take a size for their data.
        let pool = unsafe {
            bindings::mempool_create_node_noprof(
                4,
                Some(bindings::mempool_kmalloc),
                Some(bindings::mempool_kfree),
                ptr::without_provenance_mut(size),
                bindings::GFP_KERNEL,
                bindings::NUMA_NO_NODE,
            )
        };

        Ok(Pool {
            pool: NonNull::new(pool).ok_or(ENOMEM)?,
            size,
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: The pool is valid, and used for the last time.
        unsafe { bindings::mempool_destroy(self.pool.as_ptr()) };
    }
}

/// Has the device's clock run.
///
/// # Safety
///
/// `dev` is a valid device.
pub unsafe fn start_clock(dev: *mut bindings::device) -> Result<*mut bindings::clk> {
    // SAFETY: By this function's requirement, and the name ends with a 0.
    let clk = from_err_ptr(unsafe { bindings::clk_get(dev, c"bus".as_ptr().cast()) })?;

    // SAFETY: `clk_get` gave the clock.
    if let Err(error) = to_result(unsafe { bindings::clk_enable(clk) }) {
        // SAFETY: As above, and used for the last time.
        unsafe { bindings::clk_put(clk) };
        return Err(error);
    }
    Ok(clk)
}

/// Makes a device visible.
///
/// # Safety
///
/// `p` is filled in, stays where it is, and is not registered yet.
pub unsafe fn show(p: *mut bindings::miscdevice) -> Result {
    // SAFETY: By this function's requirement.
    to_result(unsafe { bindings::misc_register(p) })?;
    Ok(())
}
