// SPDX-License-Identifier: GPL-2.0

//! What a function owns is dropped when `?` leaves it.

use kernel::{alloc::Flags, prelude::*};

module! {
    type: OwnersModule,
    name: "owners",
    authors: ["Ferrule"],
    description: "Owns a pair",
    license: "GPL",
}

struct OwnersModule {
    pair: KBox<Pair>,
}

impl kernel::Module for OwnersModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self { pair: make()? })
    }
}

impl Drop for OwnersModule {
    fn drop(&mut self) {
        let Pair { left, right } = &*self.pair;

        pr_info!("{} bytes and {}\n", left.0.len(), right.0.len());
    }
}

struct Left(KVec<u8>);

impl Left {
    fn get() -> Result<Self> {
        Ok(Self(KVec::zeroed(16, GFP_KERNEL)?))
    }
}

struct Right(KVec<u8>);

impl Right {
    fn start(flags: Flags) -> Result<Self> {
        Ok(Self(KVec::zeroed(64, flags)?))
    }
}

struct Pair {
    left: Left,
    right: Right,
}

fn make() -> Result<KBox<Pair>> {
    let left = Left::get()?;
    let right = Right::start(GFP_KERNEL)?; // on failure `left` is dropped here
    Ok(KBox::new(Pair { left, right }, GFP_KERNEL)?)
}
