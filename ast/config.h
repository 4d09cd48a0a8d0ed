// The settings that a script's `config` block and the environment can change: one table of keys serves both. A key is written in the block
// in any case, with or without `BPFTRACE_` in front; its environment variable is BPFTRACE_KEY.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ast/diagnostics.h"
#include "ast/nodes.h"
#include "ast/settings.h"

namespace fathom {

using SettingValue = std::variant<std::uint64_t, bool, std::string>;

struct ConfigKey {
  std::string_view key;      // lower case
  std::string_view old_key;  // what it was called once; empty where it has one name
  std::string takes;         // "a number from 1 to 16384"
  std::function<bool(Settings& settings, std::string_view text)> set;  // false: the text is no such value
  std::function<SettingValue(const Settings& settings)> get;           // as scripts see it in `config`; null: not at all
  std::string_view idle = {};  // why it changes nothing to switch it on; empty: it does what it says
};

std::span<const ConfigKey> config_keys();

// "true", "on", "1" and the like; empty: neither these nor their opposites.
std::optional<bool> is_truth(std::string_view text);

// Keys that once meant something: accepted, with a warning.
std::span<const std::string_view> dead_config_keys();

// Applies the script's config block.
void apply_config(const ast::Program& program, Settings& settings, Diagnostics& diagnostics);

}  // namespace fathom
