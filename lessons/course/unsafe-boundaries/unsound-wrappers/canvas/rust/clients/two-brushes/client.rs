//! Two exclusive references to one page.

use super::Canvas;
use kernel::prelude::*;

pub fn run() -> Result {
    let canvas = Canvas::new()?;
    let mut pen = canvas.lock();
    let one = pen.drawn();
    let two = pen.drawn();

    one[0] = 1;
    two[0] = 2;
    Ok(())
}
