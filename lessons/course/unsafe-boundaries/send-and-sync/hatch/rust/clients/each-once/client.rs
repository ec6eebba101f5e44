//! Each thing is dropped once, by whoever has it.

use super::Hatch;
use kernel::{prelude::*, sync::Arc};

fn all() -> Result {
    let kept = Arc::new(0u32, GFP_KERNEL)?;
    let hatch = Hatch::new();
    let first = KBox::new(kept.clone(), GFP_KERNEL)?;
    let second = KBox::new(kept.clone(), GFP_KERNEL)?;

    core::assert!(hatch.take().is_none());
    core::assert!(hatch.put(first).is_ok());
    core::assert!(hatch.put(second).is_err());
    core::assert!(hatch.take().is_some());
    core::assert!(hatch.take().is_none());
    core::assert!(hatch.put(KBox::new(kept.clone(), GFP_KERNEL)?).is_ok());
    drop(hatch);
    core::assert!(Arc::into_unique_or_drop(kept).is_some());
    Ok(())
}

pub fn run() {
    if all().is_err() {
        pr_info!("no memory\n");
    }
}
