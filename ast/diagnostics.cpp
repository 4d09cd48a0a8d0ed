// Collects diagnostics, brings them into the order in which they are shown, and finds the name that was probably meant.
// How one of them looks on the screen stands in ast/diagnostics_render.cpp.
#include "ast/diagnostics.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

namespace fathom {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Edits (insert, delete, replace, swap neighbours) that turn one text into the other, letter case aside; nothing above `limit`.
std::optional<std::size_t> edit_distance(std::string_view left, std::string_view right, std::size_t limit) {
  std::size_t longer = std::max(left.size(), right.size());
  if (longer - std::min(left.size(), right.size()) > limit) return std::nullopt;
  // Three rows of the table: the current one and the two before, which a swap of neighbours reaches back to.
  std::vector<std::size_t> before(right.size() + 1), previous(right.size() + 1), current(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    current[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      bool same = lower(left[i - 1]) == lower(right[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) && lower(left[i - 2]) == lower(right[j - 1])) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
      best = std::min(best, current[j]);
    }
    if (best > limit) return std::nullopt;
    std::swap(before, previous);
    std::swap(previous, current);
  }
  if (previous.back() > limit) return std::nullopt;
  return previous.back();
}

}  // namespace

Diagnostic& Diagnostics::add(DiagnosticId id, Range range, std::string message) {
  constexpr std::size_t most = 500;
  if (row_of(id).severity == Severity::error) ++errors_;
  if (all_.size() >= most) return overflow_ = Diagnostic{.id = id, .range = range, .message = std::move(message), .labels = {}, .help = {}};
  all_.push_back(Diagnostic{.id = id, .range = range, .message = std::move(message), .labels = {}, .help = {}});
  return all_.back();
}

namespace {

// A body is checked for each kind of attach point by itself; that `probe` is a string[24] in one and a string[32] in the next tells nothing more.
std::string without_sizes(std::string text) {
  bool in_brackets = false;
  std::erase_if(text, [&](char c) {
    if (c == '[' || c == ']') in_brackets = c == '[';
    return in_brackets && c >= '0' && c <= '9';
  });
  return text;
}

}  // namespace

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<std::size_t> order(all_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // What was found first about a place is shown first.
  auto rank = [this](std::size_t index) {
    const Diagnostic& diagnostic = all_[index];
    return std::tuple(row_of(diagnostic.id).severity, diagnostic.range.begin, diagnostic.range.end, index);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  std::vector<Diagnostic> unique;
  for (std::size_t index : order) {
    const Diagnostic& candidate = all_[index];
    // Equal ones share a place, so that only the end of the list has to be looked at.
    bool repeated = false;
    for (auto shown = unique.rbegin(); shown != unique.rend() && shown->range == candidate.range && !repeated; ++shown) {
      repeated = shown->id == candidate.id && without_sizes(shown->message) == without_sizes(candidate.message);
    }
    if (repeated) continue;
    unique.push_back(candidate);
    for (const Origin& origin : origins_) {
      const bool shown = std::ranges::any_of(candidate.labels, [&](const Diagnostic::Label& label) { return label.range == origin.label.range; });
      if (origin.use == candidate.range && !shown) unique.back().labels.push_back(origin.label);
    }
  }
  return unique;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  const std::string* best = nullptr;
  for (const std::string& candidate : candidates) {
    std::optional<std::size_t> distance = edit_distance(name, candidate, limit);
    // A name that shares no letter with the wanted one is no suggestion, however short both are.
    if (!distance || *distance >= std::max(name.size(), candidate.size())) continue;
    if (*distance == 0) return candidate;
    best = &candidate;
    limit = *distance - 1;  // from here on only what is nearer
  }
  return best != nullptr ? *best : std::string();
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  std::string found = nearest(name, candidates);
  if (found.empty() || found == name) return {};
  return fmt::format("did you mean `{}`?", found);
}

}  // namespace fathom
