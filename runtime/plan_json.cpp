// A Plan as JSON for people to read (`--emit=plan`): all that is in it, in the order of runtime/plan.h. Types that their spelling says
// all about are strings, the others objects.
#include <nlohmann/json.hpp>

#include "runtime/plan.h"

namespace fathom {

namespace {

using Json = nlohmann::ordered_json;

std::string_view spelling(FormatStyle style) {
  switch (style) {
    case FormatStyle::printf: return "printf";
    case FormatStyle::print: return "print";
    case FormatStyle::time: return "time";
    case FormatStyle::errorf: return "errorf";
    case FormatStyle::warnf: return "warnf";
    case FormatStyle::cat: return "cat";
    case FormatStyle::system: return "system";
    case FormatStyle::join: return "join";
  }
  return "";
}

std::string_view spelling(RunTimeError error) {
  switch (error) {
    case RunTimeError::division_by_zero: return "division_by_zero";
    case RunTimeError::index_out_of_bounds: return "index_out_of_bounds";
    case RunTimeError::map_full: return "map_full";
    case RunTimeError::nothing_to_delete: return "nothing_to_delete";
    case RunTimeError::missing_key: return "missing_key";
    case RunTimeError::helper_failed: return "helper_failed";
  }
  return "";
}

std::string_view spelling(ProgramKind kind) {
  switch (kind) {
    case ProgramKind::raw_tracepoint: return "raw_tracepoint";
    case ProgramKind::tracepoint: return "tracepoint";
    case ProgramKind::perf_event: return "perf_event";
    case ProgramKind::kprobe: return "kprobe";
    case ProgramKind::fentry: return "fentry";
    case ProgramKind::fexit: return "fexit";
    case ProgramKind::iterator: return "iterator";
  }
  return "";
}

std::string_view spelling(Moment moment) {
  switch (moment) {
    case Moment::begin: return "begin";
    case Moment::attached: return "attached";
    case Moment::end: return "end";
    case Moment::signal: return "signal";
    case Moment::test: return "test";
    case Moment::bench: return "bench";
  }
  return "";
}

std::string_view spelling(MissingProbes missing) {
  switch (missing) {
    case MissingProbes::error: return "error";
    case MissingProbes::warn: return "warn";
    case MissingProbes::ignore: return "ignore";
  }
  return "";
}

Json json_of(const Type& type);
Json json_of(const MapPlan& map);
Json json_of(const FormatPlan& format);
Json json_of(const SourcePlace& place);
Json json_of(const ErrorPlan& error);
Json json_of(const AttachPoint& point);
Json json_of(const ProgramPlan& program);

template <class T>
Json list(const std::vector<T>& items) {
  Json json = Json::array();
  for (const T& item : items) json.push_back(json_of(item));
  return json;
}

Json aggregation(const Type& type) {
  Json json = {{"aggregation", aggregation_name(type.aggregation())}, {"signed", type.is_signed()}};
  if (type.aggregation() == Aggregation::hist) json["bits"] = type.buckets().bits;
  if (type.aggregation() == Aggregation::lhist) {
    json["min"] = type.buckets().min;
    json["max"] = type.buckets().max;
    json["step"] = type.buckets().step;
  }
  if (type.aggregation() == Aggregation::series) {
    json["intervals"] = type.buckets().max;
    json["interval_ns"] = type.buckets().step;
    json["keeps"] = series_value_name(type.buckets().series);
  }
  return json;
}

Json structure(const Type& type) {
  Json json = {{"type", to_string(type)}, {"size", type.size()}};
  if (!type.layout()) return json;
  Json members = Json::array();
  for (const StructMember& member : type.layout()->members) {
    Json one = {{"name", member.name}, {"offset", member.offset}, {"type", json_of(member.type)}};
    if (member.bit_size != 0) {
      one["bit_offset"] = member.bit_offset;
      one["bit_size"] = member.bit_size;
    }
    members.push_back(std::move(one));
  }
  json["members"] = std::move(members);
  return json;
}

Json enumeration(const Type& type) {
  Json names = Json::object();
  for (const auto& [value, name] : type.enumerators()) names[name] = value;
  return {{"type", to_string(type)}, {"underlying", json_of(type.underlying())}, {"names", std::move(names)}};
}

Json json_of(const Type& type) {
  switch (type.kind()) {
    case TypeKind::aggregation: return aggregation(type);
    case TypeKind::structure: return structure(type);
    case TypeKind::enumeration: return enumeration(type);
    case TypeKind::tuple: return {{"tuple", list(type.parts())}, {"size", type.size()}};
    case TypeKind::array: return {{"array", json_of(type.element())}, {"count", type.count()}};
    case TypeKind::stack: return {{"stack", to_string(type)}, {"frames", type.count()}};
    case TypeKind::none: return nullptr;
    case TypeKind::pointer:  // what it points to is not read any more: its name is enough
    case TypeKind::boolean:
    case TypeKind::integer:
    case TypeKind::string:
    case TypeKind::buffer:
    case TypeKind::symbol:
    case TypeKind::timestamp:
    case TypeKind::inet:
    case TypeKind::macaddr:
    case TypeKind::username:
    case TypeKind::cgroup_path:
    case TypeKind::context: return to_string(type);
  }
  return nullptr;
}

Json json_of(const MapPlan& map) {
  return {{"name", map.name},
          {"object_name", map.object_name},
          {"keyed", map.keyed},
          {"key_is_list", map.key_is_list},
          {"key", json_of(map.key)},
          {"value", json_of(map.value)},
          {"max_entries", map.max_entries},
          {"per_cpu", map.per_cpu}};
}

Json json_of(const FormatPlan& format) {
  Json json = {{"style", spelling(format.style)}, {"text", format.text}, {"fields", list(format.fields)}};
  if (format.style == FormatStyle::errorf || format.style == FormatStyle::warnf || format.style == FormatStyle::system) json["place"] = format.place;
  return json;
}

Json json_of(const SourcePlace& place) {
  return {{"file", place.file}, {"line", place.line}, {"column", place.column}, {"end_column", place.end_column}, {"text", place.text}};
}

Json json_of(const ErrorPlan& error) {
  return {{"kind", spelling(error.kind)}, {"place", error.place}, {"subject", error.subject}, {"helper", error.helper}};
}

Json json_of(const AttachPoint& point) {
  Json json = {
      {"text", point.text}, {"provider", point.provider}, {"target", point.target}, {"function", point.function}, {"value", point.value}};
  if (point.address != 0) json["address"] = point.address;
  if (point.semaphore != 0) json["semaphore"] = point.semaphore;
  if (point.from_wildcard) json["from_wildcard"] = true;
  if (point.continues) json["continues"] = true;
  return json;
}

Json json_of(const ProgramPlan& program) {
  Json json = {{"name", program.name},
               {"kind", spelling(program.kind)},
               {"moment", spelling(program.moment)},
               {"needs_cookie", program.needs_cookie},
               {"place", program.place ? json_of(*program.place) : Json(nullptr)},
               {"attach_points", list(program.attach_points)}};
  if (!program.returns.empty()) json["returns"] = list(program.returns);
  return json;
}

Json json_of(const Settings& settings) {
  return {{"max_strlen", settings.max_strlen},
          {"max_map_keys", settings.max_map_keys},
          {"max_probes", settings.max_probes},
          {"ring_bytes", settings.ring_bytes},
          {"truncation_trailer", settings.truncation_trailer},
          {"missing_probes", spelling(settings.missing_probes)},
          {"print_maps_on_exit", settings.print_maps_on_exit},
          {"license", settings.license},
          {"max_cat_bytes", settings.max_cat_bytes},
          {"unsafe", settings.unsafe},
          {"helper_warnings", settings.helper_warnings},
          {"parameters", settings.parameters},
          {"process", settings.process ? Json(*settings.process) : Json(nullptr)}};
}

}  // namespace

std::string to_json(const Plan& plan) {
  Json json = {{"maps", list(plan.maps)},           {"formats", list(plan.formats)},         {"places", list(plan.places)}, {"errors", list(plan.errors)},           {"time_formats", plan.time_formats}, {"cgroup_patterns", plan.cgroup_patterns}, {"captures", plan.captures},
               {"programs", list(plan.programs)},   {"uses_data_ring", plan.uses_data_ring}, {"uses_printk", plan.uses_printk}, {"unwinds", plan.unwinds},
               {"stack_words", plan.stack_words}, {"settings", json_of(plan.settings)}};
  // Scripts may hold any bytes; what is not UTF-8 is replaced, for JSON has no place for it.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace fathom
