// SPDX-License-Identifier: GPL-2.0

//! A value that readers follow under RCU, and that can be taken away from them.

use kernel::{
    prelude::*,
    revocable::Revocable,
    sync::{rcu, Arc},
};

module! {
    type: Names,
    name: "names",
    authors: ["Ferrule"],
    description: "RCU",
    license: "GPL",
}

struct Name {
    letters: KBox<[u8; 8]>,
}

type Shared = Arc<Revocable<Name>>;

fn publish(letter: u8) -> Result<Shared> {
    let name = Name {
        letters: KBox::new([letter; 8], GFP_KERNEL)?,
    };

    Arc::pin_init(Revocable::new(name), GFP_KERNEL)
}

#[inline(never)]
fn first_letter(name: &Revocable<Name>) -> Option<u8> {
    let reader = rcu::read_lock();
    let seen = name.try_access_with_guard(&reader)?;

    // SAFETY: This function is its only reader.
    unsafe { name.revoke_nosync() };
    Some(seen.letters[0]) // FERRULE: here
}

struct Names {
    current: Shared,
}

impl kernel::Module for Names {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let old = publish(b'a')?;
        let current = publish(b'b')?;

        old.revoke();
        pr_info!("{:?}\n", first_letter(&current));
        Ok(Self { current })
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.current.revoke();
    }
}
