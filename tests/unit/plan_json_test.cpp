// The JSON text of a Plan: everything is in it, and nothing that a script may contain breaks it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/plan.h"

namespace fathom {
namespace {

using Json = nlohmann::ordered_json;

Json parsed(const Plan& plan) { return Json::parse(to_json(plan), nullptr, false); }

Json type_json(Type type) {
  Plan plan;
  plan.maps.push_back({.name = "@", .value = std::move(type)});
  return parsed(plan)["maps"][0]["value"];
}

TEST(PlanJson, EmptyPlanHasEveryMember) {
  Json json = parsed({});
  for (const char* list : {"maps", "formats", "time_formats", "programs"}) EXPECT_EQ(json[list], Json::array()) << list;
  EXPECT_EQ(json["uses_data_ring"], false);
  EXPECT_EQ(json["uses_printk"], false);
  EXPECT_EQ(json["stack_words"], 0);
  EXPECT_EQ(json["settings"]["process"], nullptr);
  EXPECT_EQ(json["settings"]["truncation_trailer"], "..");
  EXPECT_EQ(json["settings"]["max_strlen"], 1024);
  EXPECT_EQ(json["settings"]["missing_probes"], "error");
}

TEST(PlanJson, IsIndentedAndEndsInALineBreak) {
  std::string text = to_json(Plan{});
  EXPECT_TRUE(text.starts_with("{\n  \"maps\": [],\n"));
  EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(PlanJson, Maps) {
  Plan plan;
  plan.maps.push_back({.name = "@x",
                       .object_name = "map_x",
                       .keyed = true,
                       .key_is_list = true,
                       .key = Type::tuple({Type::uint64(), Type::string(16)}),
                       .value = Type::aggregation(Aggregation::sum, true),
                       .max_entries = 4096,
                       .per_cpu = true});
  Json map = parsed(plan)["maps"][0];
  EXPECT_EQ(map.dump(), R"({"name":"@x","object_name":"map_x","keyed":true,"key_is_list":true,)"
                        R"("key":{"tuple":["uint64","string[16]"],"size":24},"value":{"aggregation":"sum","signed":true},)"
                        R"("max_entries":4096,"per_cpu":true})");
}

TEST(PlanJson, FormatsAndPrograms) {
  Plan plan;
  plan.formats.push_back({FormatStyle::printf, "%d\n", {Type::int64()}});
  plan.formats.push_back({FormatStyle::print, "", {Type::boolean()}});
  plan.formats.push_back({FormatStyle::time, "%H", {}});
  plan.programs.push_back({.name = "probe_0", .kind = ProgramKind::perf_event, .attach_points = {{"interval", "s", "", 1, "interval:s:1"}}, .needs_cookie = true});
  plan.programs.push_back({.name = "probe_1", .kind = ProgramKind::raw_tracepoint, .moment = Moment::begin});
  plan.programs.push_back({.name = "probe_2", .kind = ProgramKind::tracepoint, .moment = Moment::end});
  Json json = parsed(plan);
  EXPECT_EQ(json["formats"].dump(), R"([{"style":"printf","text":"%d\n","fields":["int64"]},{"style":"print","text":"","fields":["bool"]},)"
                                    R"({"style":"time","text":"%H","fields":[]}])");
  EXPECT_EQ(json["programs"][0].dump(), R"({"name":"probe_0","kind":"perf_event","moment":"attached","needs_cookie":true,"place":null,"attach_points":)"
                                        R"([{"text":"interval:s:1","provider":"interval","target":"s","function":"","value":1}]})");
  EXPECT_EQ(json["programs"][1]["kind"], "raw_tracepoint");
  EXPECT_EQ(json["programs"][1]["moment"], "begin");
  EXPECT_EQ(json["programs"][2]["kind"], "tracepoint");
  EXPECT_EQ(json["programs"][2]["moment"], "end");
}

TEST(PlanJson, SettingsThatAreSet) {
  Plan plan;
  plan.settings.missing_probes = MissingProbes::warn;
  plan.settings.parameters = {"a", "7"};
  plan.settings.process = 42;
  Json settings = parsed(plan)["settings"];
  EXPECT_EQ(settings["missing_probes"], "warn");
  EXPECT_EQ(settings["parameters"], Json::array({"a", "7"}));
  EXPECT_EQ(settings["process"], 42);
  plan.settings.missing_probes = MissingProbes::ignore;
  EXPECT_EQ(parsed(plan)["settings"]["missing_probes"], "ignore");
}

TEST(PlanJson, TypesThatTheirSpellingSaysAll) {
  EXPECT_EQ(type_json(Type::none()), nullptr);
  EXPECT_EQ(type_json(Type::integer(4, true)), "int32");
  EXPECT_EQ(type_json(Type::pointer(Type::structure("task_struct", false, 9000, 1), AddressSpace::kernel)), "struct task_struct *");
  EXPECT_EQ(type_json(Type::symbol(SymbolSpace::user)), "usym");
  EXPECT_EQ(type_json(Type::timestamp()), "timestamp");
  EXPECT_EQ(type_json(Type::buffer(3)), "buffer[3]");
}

TEST(PlanJson, TypesWithParts) {
  EXPECT_EQ(type_json(Type::aggregation(Aggregation::hist, false, {.bits = 3})).dump(),
            R"({"aggregation":"hist","signed":false,"bits":3})");
  EXPECT_EQ(type_json(Type::aggregation(Aggregation::lhist, true, {.min = -5, .max = 10, .step = 5})).dump(),
            R"({"aggregation":"lhist","signed":true,"min":-5,"max":10,"step":5})");
  EXPECT_EQ(type_json(Type::stack(SymbolSpace::kernel, 7)).dump(), R"({"stack":"kstack","frames":7})");
  EXPECT_EQ(type_json(Type::array(Type::boolean(), 2)).dump(), R"({"array":"bool","count":2})");
  EXPECT_EQ(type_json(Type::tuple({})).dump(), R"({"tuple":[],"size":1})");
}

TEST(PlanJson, StructuresAndEnumerations) {
  auto names = std::make_shared<const std::vector<std::pair<std::int64_t, std::string>>>(
      std::vector<std::pair<std::int64_t, std::string>>{{-1, "NONE"}, {1, "RED"}});
  Type color = Type::enumeration("color", Type::integer(4, true), names);
  auto layout =
      std::make_shared<const StructLayout>(StructLayout{"s", 8, false, {{"a", color, 0, 0, 0}, {"b", Type::integer(4, false), 4, 3, 2}}});
  EXPECT_EQ(type_json(Type::structure("s", false, 8, 1, layout)).dump(),
            R"({"type":"struct s","size":8,"members":[)"
            R"({"name":"a","offset":0,"type":{"type":"enum color","underlying":"int32","names":{"NONE":-1,"RED":1}}},)"
            R"({"name":"b","offset":4,"type":"uint32","bit_offset":3,"bit_size":2}]})");
  EXPECT_EQ(type_json(Type::structure("s", true, 8, 1)).dump(), R"({"type":"union s","size":8})");
}

TEST(PlanJson, AnyBytesMakeValidJson) {
  Plan plan;
  plan.formats.push_back({FormatStyle::printf, std::string("\xff\"\\\n\x01\0%", 7), {}});
  plan.time_formats.push_back("\xc3");
  Json json = parsed(plan);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["formats"][0]["text"], std::string("\xef\xbf\xbd\"\\\n\x01\0%", 9));
  EXPECT_EQ(json["time_formats"][0], "\xef\xbf\xbd");
}

}  // namespace
}  // namespace fathom
