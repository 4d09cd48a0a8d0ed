// One wording for each kind of run-time error, and the one that bpftrace's users know.
#include "runtime/run_time_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fathom {

namespace {

struct Wording {
  std::string text;
  std::string help;
};

std::string error_text(std::int64_t code) {
  const char* text = code < 0 ? strerrordesc_np(static_cast<int>(-code)) : nullptr;
  return text == nullptr ? fmt::format("it returned {}", code) : text;
}

std::string way_out_of_full(const std::string& name, const Plan& plan) {
  auto map = std::ranges::find(plan.maps, name, &MapPlan::name);
  if (map == plan.maps.end() || !map->declared) return "set `max_map_keys`, or delete elements that are not needed any more";
  return fmt::format("declare it with a larger size, or delete elements that are not needed any more: `let {} = hash({})`", name, 2 * map->max_entries);
}

Wording own(const ErrorPlan& error, const Plan& plan, std::int64_t code) {
  switch (error.kind) {
    case RunTimeError::division_by_zero: return {"division by zero", "check the divisor before: `if (x != 0) { … }`"};
    case RunTimeError::index_out_of_bounds: return {"the index is outside of the array", "check the index before"};
    case RunTimeError::map_full:
      return {fmt::format("map {} is full: this update is lost", error.subject), way_out_of_full(error.subject, plan)};
    case RunTimeError::nothing_to_delete:
      return {fmt::format("map {} has no such element to delete", error.subject), "use the result of `delete` if that is no mistake: `if (delete(@x, 1)) { … }`"};
    case RunTimeError::missing_key: return {fmt::format("map {} has no such element to read", error.subject), ""};
    case RunTimeError::helper_failed:
      // What the kernel answers where an address is not its own.
      if (code == -ERANGE) return {"memory could not be read: this is no address of the kernel", "`uptr(address)` is for addresses of the process"};
      return {fmt::format("memory could not be read: {}", error_text(code)), ""};
  }
  return {};
}

Wording like_bpftrace(const ErrorPlan& error, std::int64_t code) {
  switch (error.kind) {
    case RunTimeError::division_by_zero: return {"Divide or modulo by 0 detected. This can lead to unexpected results.", ""};
    case RunTimeError::index_out_of_bounds:
      return {"Array access out of bounds. This can lead to unexpected results.", ""};
    case RunTimeError::map_full:
      return {fmt::format("Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map "
                          "declaration e.g. `let {} = hash(5000)`", error.subject), ""};
    case RunTimeError::nothing_to_delete: return {"Can't delete map element because it does not exist.", ""};
    case RunTimeError::missing_key: return {"Can't lookup map element because it does not exist.", ""};
    case RunTimeError::helper_failed: return {error_text(code), ""};
  }
  return {};
}

}  // namespace

Message message_of(const ErrorPlan& error, const Plan& plan, std::int64_t code) {
  bool others = plan.settings.message_style == MessageStyle::bpftrace;
  Wording wording = others ? like_bpftrace(error, code) : own(error, plan, code);
  Message message{.kind = MessageKind::failed, .severity = Severity::warning, .text = wording.text, .place = &plan.places[error.place],
                  .helper = error.helper, .result = code};
  message.help = wording.help;
  return message;
}

}  // namespace fathom
