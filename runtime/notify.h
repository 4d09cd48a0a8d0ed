// Tells others that everything is attached: the service manager that started fathom, and test harnesses of bpftrace.
#pragma once

#include <string_view>

namespace fathom {

// Sends a datagram to the socket named by NOTIFY_SOCKET, as sd_notify(3) does; nothing without it.
void notify_service_manager(std::string_view state);

// The word that the environment variable __BPFTRACE_NOTIFY_PROBES_ATTACHED asks to be printed; empty without it.
std::string_view attached_word();

}  // namespace fathom
