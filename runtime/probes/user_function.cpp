// Functions of programs and libraries: the rows of uprobe and uretprobe.
#include "runtime/probes/user_function.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include <fmt/format.h>

#include "runtime/elf.h"
#include "runtime/elf_file.h"
#include "runtime/probes/breakpoint.h"
#include "runtime/probes/multi.h"
#include "runtime/probes/source_line.h"

namespace fathom {

namespace {

constexpr std::string_view language = "cpp";  // the part that says that a C++ name follows

std::string text_of(std::string_view provider, std::string_view file, std::string_view function) {
  return fmt::format("{}:{}:{}", provider, file, function);
}

// A C++ name up to its parameters: "ns::f(int)" is also "ns::f".
std::string_view without_parameters(std::string_view name) { return name.substr(0, name.find('(')); }

// Whether the name in the script, or the pattern, stands for this symbol: by its own name, or by its C++ name with or without parameters.
bool names_symbol(std::string_view wanted, const ExecutableSymbol& symbol, bool is_pattern, bool may_be_cpp) {
  if (is_pattern ? glob_match(wanted, symbol.name) : wanted == symbol.name) return true;
  if (!may_be_cpp || !symbol.name.starts_with("_Z")) return false;
  const std::string readable = demangled(symbol.name);
  const std::string_view plain = without_parameters(readable);
  return is_pattern ? glob_match(wanted, readable) || glob_match(wanted, plain) : wanted == readable || wanted == plain;
}

// Looking at every name's C++ form takes time, so it is done only where the script can mean one.
bool may_be_cpp(std::string_view wanted) { return wanted.find("::") != std::string_view::npos || wanted.find('(') != std::string_view::npos; }

AttachPoint point_in(const AttachPoint& pattern, const Executable& binary, const std::string& name, std::uint64_t address, std::uint64_t offset) {
  AttachPoint point = pattern;
  point.target = binary.path;
  point.function = name;
  point.address = address;
  point.value = offset;
  point.text = text_of(pattern.provider, binary.path, name);
  return point;
}

// Whether the functions that are found first hide those of the same place under other names.
void add_matches(const AttachPoint& pattern, const Executable& binary, bool cpp, std::vector<AttachPoint>& points) {
  const bool is_pattern = is_glob(pattern.function);
  std::set<std::uint64_t> places;
  for (const ExecutableSymbol& symbol : binary.symbols) {
    if (!symbol.is_function || !names_symbol(pattern.function, symbol, is_pattern, cpp)) continue;
    const auto offset = binary.offset_of(symbol.address + pattern.value);
    if (!offset || !places.insert(*offset).second) continue;
    AttachPoint point = point_in(pattern, binary, symbol.name, symbol.address + pattern.value, *offset);
    if (pattern.value != 0) point.text += fmt::format("+{}", pattern.value);
    point.from_wildcard = is_pattern || is_glob(pattern.target);
    points.push_back(std::move(point));
  }
}

}  // namespace

namespace {

template <FunctionMoment moment>
const ProbeType& row() {
  return moment == FunctionMoment::returned ? uretprobe_probe : uprobe_probe;
}

template <FunctionMoment moment>
Parsed parse(std::span<const std::string> parts) {
  const ProbeType& type = row<moment>();
  if (names_source_line(parts)) return parse_source_line(parts, type, moment);
  const std::string form = fmt::format("write it as `{}`", type.syntax);
  AttachPoint point;
  point.provider = type.name;
  std::string name;
  if (parts.empty() || (parts.size() == 1 && parts[0].empty())) return std::unexpected(AttachPointProblem{"the file is missing", form, parts.size()});
  if (parts.size() == 1) {
    name = parts[0];  // of the program of -p
  } else if (parts.size() == 2 || (parts.size() == 3 && parts[1] == language)) {
    point.target = parts[0];
    name = parts.back();
  } else {
    return bad_part(2, fmt::format("{} takes a file and a function, and nothing more", type.name), form + "; a C++ name stands in quotes");
  }
  if (name.empty()) return bad_part(parts.size() - 1, "the function is missing", form);
  if (parts.size() == 1 && (name.starts_with('/') || name.starts_with("./") || name.starts_with("../"))) return bad_part(parts.size(), "the function is missing", form);
  if (auto help = name.find('(') == std::string::npos ? glued_predicate(name) : std::nullopt) {
    return bad_part(parts.size() - 1, fmt::format("`{}` is not a function name", name), std::move(*help));
  }
  const std::size_t index = parts.size() - 1;
  const auto split = name.find("operator") == std::string::npos ? split_offset(name) : std::optional(std::pair(name, std::uint64_t{0}));
  if (!split) return bad_part(index, fmt::format("the offset in `{}` is not a number", name), "an offset is decimal or hexadecimal: `+0x10`");
  if (split->second != 0 && moment == FunctionMoment::returned) return bad_part(index, fmt::format("{} takes no offset", type.name), form);
  if (const auto address = address_number(split->first); address && moment != FunctionMoment::returned) {
    point.address = *address;
  } else {
    point.function = split->first;
    point.value = split->second;
  }
  point.text = fmt::format("{}:{}{}{}", point.provider, point.target, point.target.empty() ? "" : ":", name);
  return point;
}

}  // namespace

std::vector<std::shared_ptr<const Executable>> readable_executables(std::string_view pattern, const Target& target) {
  std::vector<std::shared_ptr<const Executable>> executables;
  for (const std::string& file : target.executables(pattern)) {
    if (auto executable = target.executable(file)) executables.push_back(std::move(*executable));
  }
  return executables;
}

// What of several files is no program is passed over: a glob also finds scripts.
Result<std::vector<std::shared_ptr<const Executable>>> executables_of(const AttachPoint& pattern, const Target& target) {
  const std::vector<std::string> files = target.executables(pattern.target);
  if (files.size() > 1) return readable_executables(pattern.target, target);
  if (!files.empty()) {
    auto only = target.executable(files.front());
    if (!only) return std::unexpected(only.error());
    return std::vector{std::move(*only)};
  }
  if ((pattern.target.empty() || pattern.target == "*") && target.process()) {
    return fail(fmt::format("the program of process {} can not be found", *target.process()), "/proc/PID/exe says it, to those who may trace the process");
  }
  if (pattern.target.empty()) {
    return fail("the file is missing: no process is given whose program could be meant", fmt::format("name it, as in `{}:/path/to/program:NAME`, or use -p PID", pattern.provider));
  }
  if (pattern.target.find('/') != std::string::npos) return fail(fmt::format("there is no file {}", pattern.target));
  const bool is_library = pattern.target.starts_with("lib");
  return fail(fmt::format("there is no {} `{}`", is_library ? "library" : "program", pattern.target), "write its whole path");
}

namespace {

Result<std::vector<AttachPoint>> expand_in_files(const AttachPoint& pattern, const Target& target) {
  const auto binaries = executables_of(pattern, target);
  if (!binaries) return std::unexpected(binaries.error());
  std::vector<AttachPoint> points;
  for (const auto& binary : *binaries) {
    if (is_source_line(pattern)) {
      const auto places = places_of_line(pattern, *binary, target);
      if (!places) return std::unexpected(places.error());
      points.insert(points.end(), places->begin(), places->end());
      continue;
    }
    if (pattern.function.empty()) {
      // bpftrace's own meaning of a bare number: an address as the file's symbols have it.
      const auto offset = binary->offset_of(pattern.address);
      if (!offset) return fail(fmt::format("{:#x} is no address in {}", pattern.address, binary->path), "it is an address of the file's own, as `nm` shows it");
      points.push_back(point_in(pattern, *binary, fmt::format("{:#x}", pattern.address), pattern.address, *offset));
      points.back().function.clear();
      continue;
    }
    const std::size_t before = points.size();
    add_matches(pattern, *binary, may_be_cpp(pattern.function), points);
    if (points.size() == before) add_matches(pattern, *binary, true, points);
  }
  return points;
}

// glibc 2.34 took these libraries into libc and left empty ones behind.
bool is_part_of_libc(std::string_view library) {
  constexpr std::string_view names[] = {"libpthread", "libdl", "librt", "libutil", "libanl"};
  return std::ranges::count(names, library.substr(0, library.find(".so"))) != 0;
}

// Go moves the stacks of its goroutines, and with them the return address that the kernel has replaced: the program would crash.
std::optional<Error> go_program(std::span<const AttachPoint> points, const Target& target) {
  for (const AttachPoint& point : points) {
    const auto binary = target.executable(point.target);
    if (!binary || !(*binary)->is_go) continue;
    return Error{fmt::format("{} is a Go program, which a uretprobe would crash: Go moves its stacks", point.target),
                 "set uprobes with offsets on the function's `ret` instructions; `objdump -d` shows them", 0};
  }
  return std::nullopt;
}

template <FunctionMoment moment>
Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  Result<std::vector<AttachPoint>> points = expand_in_files(pattern, target);
  if (points && points->empty() && is_part_of_libc(pattern.target)) {
    AttachPoint moved = pattern;
    moved.target = "libc";
    points = expand_in_files(moved, target);
  }
  if (points && moment == FunctionMoment::returned) {
    if (auto problem = go_program(*points, target)) return std::unexpected(std::move(*problem));
  }
  return points;
}

std::vector<std::string> suggestions(const AttachPoint& pattern, const Target& target) {
  std::vector<std::string> texts;
  for (const auto& binary : readable_executables(pattern.target, target)) {
    for (const ExecutableSymbol& symbol : binary->symbols) {
      if (symbol.is_function) texts.push_back(text_of(pattern.provider, pattern.target, symbol.name));
    }
  }
  return texts;
}

bool has_functions(const Executable& binary) { return std::ranges::any_of(binary.symbols, &ExecutableSymbol::is_function); }

std::string missing_help(const AttachPoint& pattern, const Target& target) {
  for (const auto& binary : readable_executables(pattern.target, target)) {
    if (!has_functions(*binary)) {
      return fmt::format("{} has no symbols of functions: it was stripped; install its debugging symbols, or give an address", binary->path);
    }
  }
  return {};
}

template <FunctionMoment moment>
Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool with_arguments) {
  const ProbeType& type = row<moment>();
  std::vector<ListedProbe> listed;
  const bool of_process = target.process().has_value();
  const bool names_file = parts.size() >= 2 || (parts.size() == 1 && !of_process && !is_glob(parts[0]));
  // Without a file there is no end to what could be listed.
  if (!names_file && !of_process) return listed;
  AttachPoint pattern;
  pattern.provider = type.name;
  pattern.target = names_file ? parts[0] : "";
  const std::string_view wanted = names_file && parts.size() == 1 ? "*" : glob_at(parts, parts.empty() ? 0 : parts.size() - 1);
  const bool is_cpp = may_be_cpp(wanted) || (parts.size() == 3 && parts[1] == language);
  const auto binaries = executables_of(pattern, target);
  if (!binaries) return std::unexpected(binaries.error());
  if (binaries->size() == 1 && !has_functions(*binaries->front())) {
    return fail(fmt::format("{} has no symbols of functions: it was stripped", binaries->front()->path),
                fmt::format("install its debugging symbols, or give an address, as in `{}:{}:0x1234`", type.name, binaries->front()->path));
  }
  for (const auto& binary : *binaries) {
    std::map<std::string, std::uint64_t> addresses;
    for (const ExecutableSymbol& symbol : binary->symbols) {
      if (symbol.is_function && names_symbol(wanted, symbol, is_glob(wanted), is_cpp)) addresses.emplace(symbol.name, symbol.address);
    }
    const bool described = with_arguments && moment == FunctionMoment::entry;
    for (const auto& [name, address] : addresses) {
      AttachPoint point;
      point.target = binary->path;
      point.address = address;
      listed.push_back({text_of(type.name, binary->path, name), described ? parameter_lines(point, target) : std::vector<std::string>()});
    }
  }
  return listed;
}

// The arguments are where the calling convention puts them only at the function's first instruction.
bool is_at_entry(const AttachPoint& point, const Target& target) {
  const auto binary = target.executable(point.target);
  const ExecutableSymbol* symbol = binary && !point.function.empty() ? function_of(point, **binary) : nullptr;
  return symbol != nullptr && symbol->address == point.address;
}

template <FunctionMoment moment>
Result<Context> context(const AttachPoint& point, const Target& target) {
  if (moment == FunctionMoment::returned) return register_context(moment, SymbolSpace::user);
  return register_context(is_at_entry(point, target) ? FunctionMoment::entry : FunctionMoment::inside, SymbolSpace::user);
}

std::vector<ContextField> named_fields(const AttachPoint& point, const Target& target) {
  return is_at_entry(point, target) ? fields_from_debug_info(point, target) : std::vector<ContextField>();
}

}  // namespace

constexpr int not_supported = 524;  // ENOTSUPP, which only the kernel knows

Error user_probe_error(const AttachPoint& point, const Error& cause) {
  switch (cause.system_error) {
    case EINVAL:
    case EIO:
      return {fmt::format("can not attach {}: the kernel allows no breakpoint there", point.text),
              "the place must be the beginning of an instruction in the file's code", cause.system_error};
    case ESRCH: return {fmt::format("can not attach {}: the process has ended", point.text), "", ESRCH};
    case ENOTSUP:
    case not_supported:
      return {fmt::format("can not attach {}: the kernel can not emulate the instruction there", point.text), "choose another place", ENOTSUP};
    default: return attach_error(point, cause.system_error);
  }
}

namespace {

// One place that the kernel allows no breakpoint at makes it refuse them all: then each half is tried by itself.
void link_file(const AttachRequest& request, std::size_t begin, std::size_t end, bool at_return, std::vector<Link>& links) {
  Result<Link> link = attach_uprobe_multi(request, request.attach_points.subspan(begin, end - begin), request.first + begin, at_return);
  const int error = link ? 0 : link.error().system_error;
  if (link) {
    links.push_back(std::move(*link));
  } else if (end - begin == 1 || (error != EINVAL && error != EIO && error != ENOTSUP && error != not_supported)) {
    request.left_out->insert(request.left_out->end(), end - begin, user_probe_error(request.attach_points[begin], link.error()));
  } else {
    const std::size_t middle = begin + (end - begin) / 2;
    link_file(request, begin, middle, at_return, links);
    link_file(request, middle, end, at_return, links);
  }
}

// Points of one file stand together.
Result<std::vector<Link>> attach_files_together(const AttachRequest& request, bool at_return) {
  std::vector<Link> links;
  const std::span<const AttachPoint> points = request.attach_points;
  const std::size_t before = request.left_out->size();
  for (std::size_t begin = 0; begin < points.size();) {
    std::size_t end = begin + 1;
    while (end < points.size() && points[end].target == points[begin].target) ++end;
    link_file(request, begin, end, at_return, links);
    begin = end;
  }
  if (links.empty()) return std::unexpected(nothing_linked(request, before, Feature::uprobe_multi));
  return links;
}

}  // namespace

Result<std::vector<Link>> attach_user_functions(const AttachRequest& request, FunctionMoment moment) {
  const bool at_return = moment == FunctionMoment::returned;
  if (request.together) return attach_files_together(request, at_return);
  std::vector<Link> links;
  for (std::size_t i = 0; i < request.attach_points.size(); ++i) {
    const AttachPoint& point = request.attach_points[i];
    const FunctionEvent event{.source = "uprobe", .at_return = at_return, .name = split_archive_path(point.target).file, .place = point.value, .semaphore = point.semaphore};
    Result<Link> link = attach_function_event(request, i, event);
    if (!link) return std::unexpected(user_probe_error(point, link.error()));
    links.push_back(std::move(*link));
  }
  return links;
}

namespace {

template <FunctionMoment moment>
ProbeType make_row(RowText text) {
  constexpr bool at_entry = moment == FunctionMoment::entry;
  return {
      .name = text.name,
      .aliases = std::move(text.aliases),
      .syntax = text.syntax,
      .doc = text.doc,
      .home = "in that file",
      .program = ProgramKind::kprobe,
      .moment = Moment::attached,
      .filters_process_at_attach = true,
      .pointers = AddressSpace::user,
      .last_runs_first = true,
      .needs = Feature::uprobe,
      .instead = "boot a kernel with CONFIG_UPROBE_EVENTS=y",
      .links_together = Feature::uprobe_multi,
      .parse = parse<moment>,
      .expand = expand<moment>,
      .context = context<moment>,
      .suggestions = suggestions,
      .list = list<moment>,
      .attach = [](const AttachRequest& request) { return attach_user_functions(request, moment); },
      .missing_help = missing_help,
      .danger = breakpoint_danger,
      .named_fields = at_entry ? named_fields : nullptr,
  };
}

}  // namespace

ProbeType user_function_type(FunctionMoment moment, RowText text) {
  return moment == FunctionMoment::returned ? make_row<FunctionMoment::returned>(std::move(text)) : make_row<FunctionMoment::entry>(std::move(text));
}

}  // namespace fathom
