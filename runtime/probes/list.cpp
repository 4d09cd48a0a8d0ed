// The list of providers: a new one is a file beside this one, its name in provider.h and a line here.
#include <algorithm>
#include <string>

#include "runtime/probes/attach.h"
#include "runtime/probes/provider.h"

namespace fathom {

namespace {

constexpr const ProbeType* providers[] = {
    &begin_probe, &end_probe, &tracepoint_probe, &rawtracepoint_probe, &interval_probe, &profile_probe, &software_probe,
};

// Names that scripts use and that have no provider yet. One-letter names are compared as they are: `U` is not `u`.
struct Missing {
  std::string_view name;
  std::string_view canonical;
};
constexpr Missing missing[] = {
    {"kprobe", "kprobe"},
    {"k", "kprobe"},
    {"kretprobe", "kretprobe"},
    {"kr", "kretprobe"},
    {"fentry", "fentry"},
    {"f", "fentry"},
    {"kfunc", "fentry"},
    {"fexit", "fexit"},
    {"fr", "fexit"},
    {"kretfunc", "fexit"},
    {"uprobe", "uprobe"},
    {"u", "uprobe"},
    {"uretprobe", "uretprobe"},
    {"ur", "uretprobe"},
    {"usdt", "usdt"},
    {"U", "usdt"},
    {"hardware", "hardware"},
    {"h", "hardware"},
    {"watchpoint", "watchpoint"},
    {"w", "watchpoint"},
    {"asyncwatchpoint", "watchpoint"},
    {"aw", "watchpoint"},
    {"iter", "iter"},
    {"it", "iter"},
    {"self", "self"},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

ProbeTypes all_probe_types() { return providers; }

std::string_view known_but_missing(std::string_view provider) {
  std::string name(provider);
  if (name.size() > 1) std::ranges::transform(name, name.begin(), lower);
  const Missing* found = std::ranges::find(missing, name, &Missing::name);
  return found == std::end(missing) ? std::string_view() : found->canonical;
}

}  // namespace fathom
