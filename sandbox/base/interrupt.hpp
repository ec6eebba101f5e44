// Ctrl-C leaves nothing behind: SIGINT, SIGTERM and SIGHUP set a flag, every long wait sees it and
// returns, and the owners (Child, TempDir, FileLock) clean up on the normal way out.
// A second signal ends the process at once: the children die with it (subprocess.cpp), and what is left
// in the temporary folder is swept by the next start (sweep_temp_dirs in files.hpp).
#pragma once

#include "sandbox/base/result.hpp"

namespace ferrule {

void install_interrupt_handlers();  // once, early in main
bool interrupted();
int interrupted_by();       // the signal; 0: none. main exits with 128 + it
int interrupt_fd();         // readable from the first signal on and never drained: put it into every poll
void interrupt_now();       // the same without a signal (the terminal program's own quit key, tests)
void clear_interrupt();     // for a program that handled it and goes on, and for tests
Error interrupted_error();  // code "cancelled"

}  // namespace ferrule
