// One explanation per class of rejection. What check lets through should never be rejected, so most of these name limits of the kernel.
#include "runtime/verifier.h"

#include <fmt/format.h>

#include <vector>

namespace fathom {

namespace {

struct Class {
  std::string_view pattern;  // of the verifier's text
  std::string_view message;
  std::string_view help;
  bool of_whole = false;  // found out behind the last line that the log names, which has nothing to do with it
};

constexpr Class classes[] = {
    {"combined stack size", "a probe needs more stack than the kernel gives", "keep fewer values at once in scratch variables, and fewer loops inside each other", true},
    {"BPF program is too large", "a probe is too large for the kernel", "split it into several probes, or unroll less"},
    {"total number of maps", "a probe uses more maps than the kernel allows (64)", "keep several values in one map, under different keys", true},
    {"too complex", "a probe is too complex for the kernel to check", "split it into several probes, or unroll less"},
    {"bpf_override_return", "the kernel lets no program override its functions (CONFIG_BPF_KPROBE_OVERRIDE is off)", "leave `override` out"},
    {"unknown func", "the kernel lacks a function that the script needs", "use a newer kernel, or leave out what the line asks for"},
    {"program of this type cannot use helper", "a function of the script can not be used in this type of probe", "use it in another probe type"},
    {"invalid bpf_context access", "the probe reads beyond what the kernel passes to it", "check the field's name with `fathom -lv`"},
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool is_summary(std::string_view line) {
  return line.empty() || line.starts_with("processed ") || line.starts_with("verification time") || line.starts_with("stack depth") ||
         line.starts_with("peak_states");
}

}  // namespace

VerifierVerdict explain_verifier_log(std::string_view log, std::string_view probe) {
  std::string_view place;
  std::string_view code;  // kernels before 6.9 only print the line itself
  std::string_view verdict;
  for (std::string_view line : lines_of(log)) {
    const std::size_t at = line.rfind(" @ ");
    if (line.starts_with("; ")) (at != std::string_view::npos ? place : code) = line.substr(at != std::string_view::npos ? at + 3 : 2);
    if (!is_summary(line) && !line.starts_with(";")) verdict = line;
  }
  if (verdict.empty()) return {};
  const std::string in_probe = probe.empty() ? "" : fmt::format(" ({})", probe);
  const std::string where = !place.empty() ? fmt::format(" at {}", place) : !code.empty() ? fmt::format(" at `{}`", code) : in_probe;
  for (const Class& known : classes) {
    if (log.find(known.pattern) != std::string_view::npos) return {fmt::format("{}{}", known.message, known.of_whole ? in_probe : where), std::string(known.help)};
  }
  return {fmt::format("the kernel's verifier rejected the script{}: {}", where, verdict),
          "this is a bug in fathom: please report it with the script; -v shows the verifier's log"};
}

}  // namespace fathom
