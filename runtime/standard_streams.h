// The three streams that a program is started with, made safe to use: what starts fathom may have closed them, or let them lead to a disk
// that is full.
#pragma once

namespace fathom {

// Closed descriptors lead to /dev/null, so that no map or link gets their numbers. What can not be written to standard error is nobody's
// error: there is no place left to tell it.
void secure_standard_streams();

}  // namespace fathom
