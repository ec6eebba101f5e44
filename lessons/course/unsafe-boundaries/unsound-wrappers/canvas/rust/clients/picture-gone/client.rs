//! A pen for a picture that is gone.

use super::Canvas;
use kernel::prelude::*;

pub fn run() -> Result<usize> {
    let canvas = Canvas::new()?;
    let pen = canvas.lock();

    drop(canvas);
    Ok(usize::from(pen.shown()[0]))
}
