//! One page is drawn on while the other one is read.

use super::Canvas;
use kernel::prelude::*;

pub fn run() {
    let Ok(canvas) = Canvas::new() else { return };
    let mut pen = canvas.lock();

    for round in 1..=3u8 {
        let (shown, drawn) = pen.both();
        core::assert!(shown.len() == 128 && drawn.len() == 128);
        for at in 0..128 {
            core::assert!(shown[at] != round);
            drawn[at] = round;
            core::assert!(shown[at] != round);
        }
        pen.show();
        core::assert!(pen.shown().iter().all(|&byte| byte == round));
    }
}
