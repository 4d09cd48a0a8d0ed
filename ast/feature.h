// What a kernel may have or lack that scripts need, with the names that --no-feature and --info use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fathom {

// Kernel abilities that a script may need. Each is found out by trying, never by the kernel's version.
enum class Feature : std::uint8_t {
  btf,
  tracefs,
  kprobe,
  fprobe,
  fentry,
  uprobe,
  uprobe_multi,
  iterator,
  ring_buffer,
  perf_link,
  write_user,
  hardware,
  breakpoint,
  loop,
  for_each_map,
  percpu_lookup,
  function_address,
  attach_cookie,
  override_return,
  long_printk,
  tai_clock,
  kprobe_session,
  raw_cookie,
};
inline constexpr std::size_t feature_count = static_cast<std::size_t>(Feature::raw_cookie) + 1;

// "kprobe_multi"
std::string_view name_of(Feature feature);
std::optional<Feature> feature_named(std::string_view name);

// "this kernel has no kprobes (CONFIG_KPROBE_EVENTS is off)": what a kernel without the feature lacks.
std::string_view absence_of(Feature feature);

}  // namespace fathom
