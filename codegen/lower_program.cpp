// The program as a whole: maps, rings, one function per checked probe, and the Plan.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "codegen/lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::size_t max_name = 15;  // bytes of a BPF object name that the kernel keeps
// Values of keyed maps that together would take more than this are allocated when they are first used.
constexpr std::uint64_t preallocated_bytes = 1u << 20;
// The largest value that the kernel allocates on demand (one page less its bookkeeping).
constexpr std::uint32_t max_on_demand = 4000;
// All elements together of a keyed map whose values are too large to be kept per CPU.
constexpr std::uint64_t max_shared_bytes = 64u << 20;
// Room for different stacks.
constexpr std::uint32_t max_stacks = 16384;

std::string_view section_of(ProgramKind kind) {
  switch (kind) {
    case ProgramKind::raw_tracepoint: return "raw_tp";
    case ProgramKind::tracepoint: return "tracepoint";
    case ProgramKind::perf_event: return "perf_event";
    case ProgramKind::kprobe: return "kprobe";
    case ProgramKind::fentry: return "fentry";
    case ProgramKind::fexit: return "fexit";
    case ProgramKind::iterator: return "iter";
  }
  return "";
}

std::string object_name(std::string_view prefix, std::string_view name) {
  std::string text(prefix);
  for (char c : name) text += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return text.substr(0, max_name);
}

// Function names are free to be longer; the kernel shows the first 15 bytes.
std::string program_name(const CheckedProbe& probe, std::size_t index) {
  std::string name = probe.attach_points.front().text;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return fmt::format("{}_{}", name, index + 1);
}

}  // namespace

ProgramLowering::ProgramLowering(const CheckedProgram& checked) : checked_(checked), object_(*checked.source, checked.settings.license) {
  plan_.settings = checked.settings;
}

void ProgramLowering::run() {
  for (const CheckedProbe& probe : checked_.probes) {
    for (const Facts& facts : probe.facts) {
      plan_.uses_data_ring |= facts.builtin != nullptr && facts.builtin->writes_records;
      if (!facts.type.is(TypeKind::stack)) continue;
      plan_.stack_words = std::max({plan_.stack_words, default_stack_frames, facts.type.count() * layout::stack_frame_words(facts.type)});
    }
  }
  for (std::size_t i = 0; i < checked_.maps.size(); ++i) plan_map(checked_.maps[i], i);
  std::vector<bool> done(checked_.probes.size());
  for (const CheckedProbe& probe : checked_.probes) {
    if (probe.returns) done[*probe.returns] = true;
  }
  for (std::size_t i = 0; i < checked_.probes.size(); ++i) {
    if (done[i]) continue;  // part of another's program
    const CheckedProbe& probe = checked_.probes[i];
    ProgramPlan program;
    program.name = program_name(probe, i);
    program.kind = probe.place ? probe.place->program : probe.type->program;
    if (probe.place) program.place = probe.place->point;
    program.moment = probe.type->moment;
    program.attach_points = probe.attach_points;
    for (const Facts& facts : probe.facts) program.needs_cookie |= facts.builtin != nullptr && facts.builtin->reads_cookie;
    program.needs_cookie = program.needs_cookie && probe.attach_points.size() > 1 && !probe.place;
    llvm::Function* function = object_.program(program.name, std::string(section_of(program.kind)), probe.probe->range);
    if (probe.returns) {
      program.returns = checked_.probes[*probe.returns].attach_points;
      plan_.programs.push_back(std::move(program));
      lower_pair(probe, checked_.probes[*probe.returns], function);
      continue;
    }
    plan_.programs.push_back(std::move(program));
    ProbeLowering(*this, probe, function).run();
  }
  define_maps();
  define_rings();
  object_.finish();
}

// Two functions, of which the program calls one: the kernel knows at which end of the traced function it is.
void ProgramLowering::lower_pair(const CheckedProbe& probe, const CheckedProbe& back, llvm::Function* function) {
  BpfBuilder bpf(object_, function);
  bpf.SetInsertPoint(&function->getEntryBlock());
  bpf.SetCurrentDebugLocation(object_.location(function, probe.probe->range));
  auto half = [&](const CheckedProbe& one, std::string_view suffix) {
    llvm::Function* body = object_.callback(fmt::format("{}_{}", plan_.programs.back().name, suffix), {bpf.getPtrTy()}, one.probe->range);
    ProbeLowering(*this, one, body).run();
    return body;
  };
  llvm::Function* at_call = half(probe, "call");
  llvm::Function* at_return = half(back, "return");
  llvm::Value* returns = bpf.CreateCall(object_.kernel_function("bpf_session_is_return"));
  // The kernel promises no more than the lowest byte.
  bpf.choose(
      bpf.to_bool(bpf.CreateAnd(returns, bpf.number(0xff))), [&] { bpf.CreateCall(at_return, {function->getArg(0)}); },
      [&] { bpf.CreateCall(at_call, {function->getArg(0)}); });
  bpf.CreateRet(bpf.number(0));
}

void ProgramLowering::plan_map(const CheckedMap& map, std::size_t index) {
  MapPlan plan;
  plan.name = "@" + map.name;
  plan.object_name = object_name(fmt::format("m{}_", index), map.name);
  plan.keyed = map.keyed;
  plan.key_is_list = map.key_is_list;
  plan.key = map.key;
  plan.value = map.value;
  plan.per_cpu = map.value.is_aggregation() && layout::fits_per_cpu(map.value);
  plan.max_entries = !map.keyed ? 1 : map.declared_size != 0 ? map.declared_size : checked_.settings.max_map_keys;
  plan.declared = map.declared_size != 0;
  plan.evicts = map.keyed && map.evicts;
  if (plan.value.is_aggregation() && !plan.per_cpu && plan.keyed) {
    std::uint64_t size = layout::aggregation_size(plan.value.aggregation(), plan.value.buckets());
    plan.max_entries = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(max_shared_bytes / size, 1, plan.max_entries));
  }
  plan_.maps.push_back(std::move(plan));
}

void ProgramLowering::define_maps() {
  for (const MapPlan& map : plan_.maps) {
    MapDefinition definition;
    definition.key_size = map.keyed ? map.key.size() : 4;
    definition.max_entries = map.max_entries;
    if (map.value.is_aggregation()) {
      definition.type = map.per_cpu ? (map.keyed ? MapType::percpu_hash : MapType::percpu_array) : (map.keyed ? MapType::hash : MapType::array);
      definition.value_size = layout::aggregation_size(map.value.aggregation(), map.value.buckets());
    } else {
      definition.type = map.keyed ? MapType::hash : MapType::array;
      definition.value_size = map.keyed ? map.value.size() : layout::scalar_written_offset(map.value) + word;
    }
    if (map.evicts) definition.type = map.per_cpu ? MapType::lru_percpu_hash : MapType::lru_hash;
    std::uint64_t copies = map.per_cpu ? checked_.possible_cpus : 1;
    bool large = std::uint64_t{definition.value_size + definition.key_size} * definition.max_entries * copies > preallocated_bytes;
    if (map.keyed && large && !map.evicts && definition.value_size <= max_on_demand) definition.flags = map_no_preallocation;
    object_.define_map(map.object_name, definition);
  }
  if (uses_counters_) {
    object_.define_map(object_names::counters, {MapType::percpu_array, 4, static_cast<std::uint32_t>(layout::Counter::count) * word, 1, 0});
  }
  if (!plan_.errors.empty()) {
    auto places = static_cast<std::uint32_t>(plan_.errors.size());
    object_.define_map(object_names::errors, {MapType::array, 4, sizeof(layout::ErrorState), places, map_memory});
  }
  if (!plan_.captures.empty()) object_.define_map(object_names::packets, {MapType::perf_event_array, 4, 4, checked_.possible_cpus, 0});
  if (checked_.one_at_a_time) object_.define_map(object_names::guard, {MapType::percpu_array, 4, word, 1, 0});
  if (uses_processes_) object_.define_map(object_names::processes, {MapType::lru_hash, 4, 4, layout::known_processes, 0});
  if (plan_.unwinds) {
    object_.define_map(object_names::unwind_tables, {MapType::array_of_maps, 4, 4, layout::unwind_max_tables, 0});
    object_.define_map(object_names::unwind_places, {MapType::hash_of_maps, 4, 4, layout::unwind_max_processes, 0});
  }
  // An array with room for every CPU, because values of a per-CPU map are limited to 32 KiB.
  std::uint32_t slots = layout::scratch_slots * checked_.possible_cpus;
  if (scratch_bytes_ != 0) object_.define_map(object_names::scratch, {MapType::array, 4, word + scratch_bytes_, slots, 0});
  if (plan_.stack_words != 0) {
    object_.define_map(object_names::stacks, {MapType::hash, sizeof(layout::StackValue), plan_.stack_words * word, max_stacks, map_no_preallocation});
  }
}

void ProgramLowering::define_rings() {
  if (plan_.uses_data_ring) object_.define_map(object_names::data_ring, {MapType::ring_buffer, 0, 0, plan_.settings.ring_bytes, 0});
  if (uses_control_) object_.define_map(object_names::control_ring, {MapType::ring_buffer, 0, 0, layout::control_ring_bytes, 0});
  plan_.uses_control_ring = uses_control_;
}

std::uint32_t ProgramLowering::format(FormatPlan format) {
  for (std::size_t i = 0; i < plan_.formats.size(); ++i) {
    const FormatPlan& known = plan_.formats[i];
    if (known.style == format.style && known.text == format.text && known.fields == format.fields && known.place == format.place) return static_cast<std::uint32_t>(i);
  }
  plan_.formats.push_back(std::move(format));
  return static_cast<std::uint32_t>(plan_.formats.size() - 1);
}

std::uint32_t ProgramLowering::time_format(const std::string& text) {
  auto found = std::ranges::find(plan_.time_formats, text);
  if (found == plan_.time_formats.end()) found = plan_.time_formats.insert(found, text);
  return static_cast<std::uint32_t>(found - plan_.time_formats.begin());
}

std::uint32_t ProgramLowering::cgroup_pattern(const std::string& text) {
  auto found = std::ranges::find(plan_.cgroup_patterns, text);
  if (found == plan_.cgroup_patterns.end()) found = plan_.cgroup_patterns.insert(found, text);
  return static_cast<std::uint32_t>(found - plan_.cgroup_patterns.begin());
}

std::uint32_t ProgramLowering::capture(const std::string& file) {
  auto found = std::ranges::find(plan_.captures, file);
  if (found == plan_.captures.end()) found = plan_.captures.insert(found, file);
  return static_cast<std::uint32_t>(found - plan_.captures.begin());
}

std::uint32_t ProgramLowering::place(Range range) {
  const SourceFile& source = *checked_.source;
  Position first = source.position(range.begin);
  std::string_view line = source.line(first.line);
  auto line_end = static_cast<std::uint32_t>(line.size()) + 1;
  std::uint32_t end = std::min(first.column + (range.end - range.begin), line_end);
  SourcePlace place{source.name(), first.line, first.column, std::max(end, first.column), std::string(line)};
  auto found = std::ranges::find(plan_.places, place);
  if (found == plan_.places.end()) found = plan_.places.insert(found, std::move(place));
  return static_cast<std::uint32_t>(found - plan_.places.begin());
}

// long f(map, key, value, context) { return 0; }: for_each_map_elem() then counts the elements.
llvm::Function* ProgramLowering::counting_callback() {
  if (counting_callback_ == nullptr) {
    counting_callback_ = object_.callback("count_element", 4, {0, 0});
    llvm::IRBuilder<> builder(&counting_callback_->getEntryBlock());
    builder.CreateRet(builder.getInt64(0));
  }
  return counting_callback_;
}

llvm::GlobalVariable* ProgramLowering::run_state() { return object_.global(object_names::run_state, object_names::run_state_section, sizeof(layout::RunState)); }

}  // namespace fathom::codegen
