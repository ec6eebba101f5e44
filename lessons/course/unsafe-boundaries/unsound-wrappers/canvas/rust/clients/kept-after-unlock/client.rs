//! What is shown, read when the picture is not locked any more.

use super::Canvas;
use kernel::prelude::*;

pub fn run() -> Result<usize> {
    let canvas = Canvas::new()?;
    let pen = canvas.lock();
    let shown = pen.shown();

    drop(pen);
    Ok(usize::from(shown[0]))
}
