//! Drawing when the picture is not locked any more.

use super::Canvas;
use kernel::prelude::*;

pub fn run() -> Result {
    let canvas = Canvas::new()?;
    let mut pen = canvas.lock();
    let drawn = pen.drawn();

    drop(pen);
    drawn[0] = 1;
    Ok(())
}
