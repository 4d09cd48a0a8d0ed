// Forms of text that changed from version to version of bpftrace, as plain switches. Everything that prints asks the switch it is about;
// only text_form_of() knows versions. The defaults are the newest forms.
#pragma once

#include <optional>
#include <string_view>

namespace fathom {

struct TextForm {
  bool attaching_line = false;         // "Attaching N probes..." on standard output before the first event
  bool plain_stats = false;            // "count 3, average 2, total 6"
  bool blank_lines = false;            // behind averages, stats() and stacks of a map, and in the place of an empty map
  bool blank_behind_colon = false;     // "@x: " above a histogram
  bool narrow_stack_keys = false;      // stacks in keys are indented by 4 columns, not 8
  bool booleans_are_numbers = false;   // 1 and 0
  bool enumerators_are_numbers = false;
  bool counters_always_shown = false;  // count() and its kin without keys, even if never written
  bool unit_ranges = false;            // lhist() with steps of 1: "[5, 6)", not "[5]"
  bool system_text_as_is = false;      // no line break behind what system() printed
  bool uncut_strings = false;          // no trailer behind a string that was cut
  bool waits_for_end = false;          // a script with nothing but BEGIN and END waits for Ctrl-C
  bool maps_on_signal = false;         // SIGUSR1 prints all maps even if a probe listens to it
  bool moments_in_capitals = false;    // the builtin `probe` says BEGIN and END
  bool decimal_pointers = false;       // pointers in maps and of print() are decimal, and %p of NULL is (nil)
  bool unwritten_not_shown = false;    // print(@x) of a map that was never written shows nothing but for count()
  bool lengths_without_nul = false;    // str(p, 5) has up to 5 characters, not 4
  bool undivided_bars = false;         // of histograms: print(@x, top, div) divides the counts, and not what the bars show
  bool old_json = false;               // values as they were before numbers, buffers and what was attached got forms of their own

  friend bool operator==(const TextForm&, const TextForm&) = default;
};

// The forms of a version, written "0.17", "v0.17" or "0.17.1". Empty where it is none.
std::optional<TextForm> text_form_of(std::string_view version);

}  // namespace fathom
