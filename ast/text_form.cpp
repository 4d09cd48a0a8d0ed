// Which form went away with which version.
#include "ast/text_form.h"

#include <charconv>

namespace fathom {

namespace {

struct Row {
  bool TextForm::*form;
  unsigned gone;  // the minor version that prints the newest form
};

constexpr Row rows[] = {
    {&TextForm::attaching_line, 24},          {&TextForm::plain_stats, 24},           {&TextForm::blank_lines, 20},
    {&TextForm::blank_behind_colon, 24},      {&TextForm::narrow_stack_keys, 24},     {&TextForm::booleans_are_numbers, 24},
    {&TextForm::enumerators_are_numbers, 22}, {&TextForm::counters_always_shown, 24}, {&TextForm::unit_ranges, 24},
    {&TextForm::system_text_as_is, 20},       {&TextForm::uncut_strings, 21},         {&TextForm::waits_for_end, 24},
    {&TextForm::maps_on_signal, 22},          {&TextForm::moments_in_capitals, 24},   {&TextForm::decimal_pointers, 24},
    {&TextForm::unwritten_not_shown, 22},     {&TextForm::old_json, 24},              {&TextForm::lengths_without_nul, 20},
    {&TextForm::undivided_bars, 24},
};

// Takes a number off the front.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take_point(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<TextForm> text_form_of(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  auto major = take_number(version);
  if (!major || !take_point(version)) return std::nullopt;
  auto minor = take_number(version);
  if (!minor) return std::nullopt;
  if (take_point(version) && !take_number(version)) return std::nullopt;
  if (!version.empty()) return std::nullopt;
  TextForm form;
  for (const Row& row : rows) form.*row.form = *major == 0 && *minor < row.gone;
  return form;
}

}  // namespace fathom
