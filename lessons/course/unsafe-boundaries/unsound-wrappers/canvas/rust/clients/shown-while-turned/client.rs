//! The page that is read becomes the page that is drawn on.

use super::Canvas;
use kernel::prelude::*;

pub fn run() -> Result<usize> {
    let canvas = Canvas::new()?;
    let mut pen = canvas.lock();
    let shown = pen.shown();

    pen.show();
    Ok(usize::from(shown[0]))
}
