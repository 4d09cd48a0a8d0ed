// C in scripts: the preprocessor, constants, names, headers, and macros in bodies.
#include <gtest/gtest.h>

#include <map>

#include "compile_helpers.h"
#include "definitions/constants.h"
#include "definitions/headers.h"

namespace fathom {
namespace {

CSetup with_files(std::map<std::string, std::string> files) {
  CSetup setup;
  setup.kernel_version = 0x060c05;
  setup.directories = {"/inc", "/usr/include"};
  setup.read = [files = std::move(files)](const std::string& path) -> Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return std::unexpected(Error{"no such file", "", 2});
    return found->second;
  };
  return setup;
}

Compiled read(const std::string& text, const CSetup& setup = {}) { return parse_text(text, FakeTarget::with_samples(), setup); }

// The value of `#define X EXPRESSION` as the size of an array of bytes.
std::uint32_t size(const std::string& expression, const std::string& before = "") {
  Compiled result = read(before + "\nstruct s { u8 member[" + expression + "]; };\nBEGIN { }");
  EXPECT_EQ(result.ids(), "") << expression;
  const auto found = result.declarations.layouts.find("struct s");
  return found == result.declarations.layouts.end() ? 0 : found->second->size;
}

// The tokens of the body, in words.
std::string body(const std::string& definitions, const std::string& text, const CSetup& setup = {}) {
  Compiled result = read(definitions + "\nBEGIN { " + text + " }", setup);
  EXPECT_EQ(result.ids(), "") << definitions;
  const std::map<std::string_view, std::string_view> signs = {{"brace_open", "{"}, {"brace_close", "}"}, {"parenthesis_open", "("}, {"parenthesis_close", ")"},
                                                              {"bracket_open", "["}, {"bracket_close", "]"}, {"assign", "="}, {"map", "@"}};
  std::string words;
  for (const Token& token : result.tokens) {
    if (token.kind == TokenKind::preprocessor || token.kind == TokenKind::type_definition || token.kind == TokenKind::attach_point) continue;
    const std::string word = token.kind == TokenKind::integer ? std::to_string(token.number) : !token.text.empty() ? token.text : signs.contains(name_of(token.kind)) ? std::string(signs.at(name_of(token.kind))) : std::string(name_of(token.kind));
    words += (words.empty() ? "" : " ") + word;
  }
  return words;
}

TEST(Definitions, ConstantExpressions) {
  EXPECT_EQ(size("2 + 3 * 4"), 14u);
  EXPECT_EQ(size("(2 + 3) * 4"), 20u);
  EXPECT_EQ(size("1 << 4 | 3"), 19u);
  EXPECT_EQ(size("10 / 3 + 10 % 3"), 4u);
  EXPECT_EQ(size("0x10 + 010 + 0b11"), 27u);
  EXPECT_EQ(size("~0U >> 28"), 15u);
  EXPECT_EQ(size("-1 < 0U ? 1 : 2"), 2u);
  EXPECT_EQ(size("(1 << 31) < 0 ? 3 : 4"), 3u);
  EXPECT_EQ(size("1 || 1 / 0"), 1u);
  EXPECT_EQ(size("!0 + !5"), 1u);
  EXPECT_EQ(size("'A' - '@' + '\\n'"), 11u);
  EXPECT_EQ(size("sizeof(long) + sizeof(int *) + sizeof(struct file)"), 48u);
  EXPECT_EQ(size("(unsigned char)0x1ff - 500"), 11u);
  EXPECT_EQ(size("GREEN + TWO", "enum { ONE = 1, TWO };"), 3u);
  EXPECT_EQ(size("offsetof(struct p, b)", "struct p { char a; long b; };"), 8u);
}

TEST(Definitions, MacrosInC) {
  EXPECT_EQ(size("LENGTH", "#define LENGTH (BASE + 1)\n#define BASE 4"), 5u);
  EXPECT_EQ(size("TWICE(3) + TWICE((2))", "#define TWICE(x) ((x) * 2)"), 10u);
  EXPECT_EQ(size("JOIN(1, 2)", "#define JOIN(a, b) a##b"), 12u);
  EXPECT_EQ(size("sizeof(int) * SUM(1, 2, 3)", "#define SUM(first, ...) (first + ADD(__VA_ARGS__))\n#define ADD(a, b) a + b"), 24u);
  EXPECT_EQ(size("A", "#define A B\n#define B 3\n#undef B\n#define B 4"), 4u);
  EXPECT_EQ(size("LONG", "#define LONG 1 + \\\n  2 + \\\n  3"), 6u);
  EXPECT_EQ(size("X", "#define X 1 /* one\n   of them */ + 2 // two"), 3u);
  Compiled result = read("#define FIELD(type, name) type name##_field\nstruct s { FIELD(int, first); FIELD(u64, second); };\nBEGIN { }");
  EXPECT_EQ(result.ids(), "");
  EXPECT_EQ(result.declarations.layouts.at("struct s")->find("second_field")->offset, 8u);
}

TEST(Definitions, Conditions) {
  const auto chosen = [](const std::string& condition) {
    return size("N", "#if " + condition + "\n#define N 1\n#else\n#define N 2\n#endif") == 1;
  };
  EXPECT_TRUE(chosen("1"));
  EXPECT_FALSE(chosen("0"));
  EXPECT_TRUE(chosen("defined(BPFTRACE_HAVE_BTF) && defined __linux__"));
  EXPECT_FALSE(chosen("defined(NOTHING) || UNKNOWN_NAME"));
  EXPECT_TRUE(chosen("(2 > 1) == 1 && !(3 & 4)"));
  EXPECT_EQ(size("N", "#if 0\n#error no\n#include \"none.h\"\n#if 1\n#endif\n#define N 1\n#elif 1\n#define N 2\n#elif 1\n#define N 3\n#endif"), 2u);
  EXPECT_EQ(size("N", "#ifndef X\n#define N 4\n#endif\n#ifdef N\n#else\n#error no\n#endif"), 4u);
  CSetup setup = with_files({});
  EXPECT_EQ(body("#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)\n#define NEW 1\n#else\n#define NEW 0\n#endif", "@ = NEW", setup), "{ @ = 1 }");
}

TEST(Definitions, KernelConfiguration) {
  CSetup setup;
  int asked = 0;
  setup.kernel_configuration = [&] {
    ++asked;
    return std::vector<std::pair<std::string, std::string>>{{"CONFIG_SMP", "1"}, {"CONFIG_HZ", "250"}};
  };
  EXPECT_EQ(body("#define X 1", "@ = X", setup), "{ @ = 1 }");
  EXPECT_EQ(asked, 0) << "only scripts that ask pay for the answer";
  EXPECT_EQ(body("#if defined(CONFIG_SMP) && !defined(CONFIG_NOTHING) && CONFIG_HZ == 250\n#define X 2\n#endif", "@ = X", setup), "{ @ = 2 }");
  EXPECT_EQ(asked, 1);
}

TEST(Definitions, HeadersAreReadLate) {
  CSetup setup = with_files({{"/usr/include/netdb.h", "#include <sys/types.h>\n#include <none.h>\nstruct addrinfo { int flags; struct addrinfo *next; };\n"
                                                      "#define AI_SOMETHING (1 << 3)\nint getaddrinfo(const char *, struct addrinfo **);\n"},
                             {"/usr/include/sys/types.h", "typedef int late_t;\n"}});
  const FakeTarget machine = FakeTarget::with_samples();
  const ScriptTypes types(machine, {}, LateHeaders(setup, {"netdb.h", "linux/sched.h"}));
  EXPECT_EQ(types.find_type("struct addrinfo")->size(), 16u);
  EXPECT_EQ(types.layout(*types.find_type("struct addrinfo"))->find("next")->type.pointee().size(), 16u);
  EXPECT_EQ(to_string(*types.find_type("late_t")), "int32");
  EXPECT_EQ(types.enumerator("AI_SOMETHING")->first, 8);
  EXPECT_EQ(types.find_type("struct file"), machine.find_type("struct file"));
  EXPECT_EQ(types.find_type("struct nothing"), std::nullopt);
}

TEST(Definitions, ConditionsAroundProbesAndInsideStructs) {
  Compiled result = read("#if 1\nBEGIN { @a = 1 }\n#else\nEND { @b = 2 }\n#endif\nEND { @c = 3 }");
  EXPECT_EQ(result.ids(), "");
  EXPECT_EQ(result.program->probes.size(), 2u);
  result = read("struct s {\n  int a;\n#ifdef BPFTRACE_HAVE_BTF\n  int b;\n#else\n  long long c;\n#endif\n};\nBEGIN { }");
  EXPECT_EQ(result.declarations.layouts.at("struct s")->size, 8u);
  EXPECT_EQ(read("BEGIN { }\n#define X 1\nEND { }").ids(), "misplaced_definition");
}

TEST(Definitions, MacrosInBodies) {
  EXPECT_EQ(body("#define LIMIT 10", "@ = LIMIT"), "{ @ = 10 }");
  EXPECT_EQ(body("#define SUM 1 + 2", "@ = SUM * 2"), "{ @ = ( 1 plus 2 ) star 2 }");
  EXPECT_EQ(body("#define SUM (1 + 2)", "@ = SUM"), "{ @ = ( 1 plus 2 ) }");
  EXPECT_EQ(body("#define A B\n#define B pid", "@[A] = 1"), "{ @ [ pid ] = 1 }");
  EXPECT_EQ(body("#define KEYS pid, comm", "@[KEYS] = 1"), "{ @ [ pid comma comm ] = 1 }");
  EXPECT_EQ(body("#define NEWLINE '\\n'", "@ = NEWLINE"), "{ @ = 10 }");
  EXPECT_EQ(body("#define x 5", "@ = curtask.x; @ = x"), body("", "@ = curtask.x; @ = 5"));
  EXPECT_EQ(body("#define FLAG", "@ = FLAG"), "{ @ = FLAG }");
  EXPECT_EQ(body("#define TASK struct task_struct *", "@ = (TASK)1"), body("", "@ = (struct task_struct *)1"));
  EXPECT_EQ(body("#define SAME SAME", "@ = SAME"), "{ @ = SAME }");
}

TEST(Definitions, PlacesOfMacros) {
  Compiled result = read("#define WHO \\\n  pid +\\\n  \"\\q\"\nBEGIN { @ = WHO }");
  ASSERT_EQ(result.ids(), "bad_escape");
  const Diagnostic& diagnostic = result.diagnostics.all().front();
  EXPECT_EQ(result.source->position(diagnostic.range.begin).line, 3u);
  EXPECT_EQ(result.source->text(diagnostic.range), "\\q");
  result = check_text("#define WHO nobody\nBEGIN { @ = WHO }", FakeTarget::with_samples());
  ASSERT_EQ(result.ids(), "unknown_name");
  EXPECT_EQ(result.source->text(result.diagnostics.sorted().front().range), "WHO");
  EXPECT_EQ(result.source->text(result.diagnostics.sorted().front().labels.front().range), "WHO");
}

TEST(Definitions, EndlessMacrosEnd) {
  EXPECT_EQ(read("#define A A + 1\nBEGIN { @ = A }").ids(), "macro_recursion");
  std::string text = "#define A0 1 + 1\n";
  for (int i = 1; i < 30; ++i) text += "#define A" + std::to_string(i) + " A" + std::to_string(i - 1) + " + A" + std::to_string(i - 1) + "\n";
  EXPECT_EQ(read(text + "struct s { int a[A29]; };\nBEGIN { }").ids(), "bad_macro_use bad_c_constant");
  EXPECT_EQ(read(text + "BEGIN { @ = A29 }").ids(), "bad_macro_use");
}

TEST(Definitions, Headers) {
  const CSetup setup = with_files({{"/inc/mine.h", "#ifndef MINE\n#define MINE 3\n#include \"other.h\"\n#include \"mine.h\"\nstruct mine { struct other o[MINE]; };\n#endif\n"},
                                   {"/inc/other.h", "#pragma once\n#pragma once\nstruct other { int a; };\n"},
                                   {"/inc/functions.h",
                                    "extern int f(int);\nstatic inline int g(int a) { if (a) { return 1; } return 0; }\nint h(void) __attribute__((pure));\n"
                                    "extern \"C\" {\nextern const char *names[];\nunknown_t k(unknown_t *);\n}\ntypedef struct { int a; } made_t;\n"},
                                   {"/inc/self.h", "#include \"self.h\"\n"}});
  Compiled result = read("#include <mine.h>\n#include <other.h>\n#include <linux/sched.h>\nBEGIN { @ = MINE }", setup);
  EXPECT_EQ(result.ids(), "");
  EXPECT_EQ(result.declarations.layouts.at("struct mine")->size, 12u);
  EXPECT_EQ(body("#include \"functions.h\"", "@ = 1", setup), "{ @ = 1 }");
  EXPECT_EQ(read("#include \"functions.h\"\nBEGIN { }", setup).declarations.typedefs.count("made_t"), 1u);
  EXPECT_EQ(read("#include \"self.h\"\nBEGIN { }", setup).ids(), "bad_header");
  EXPECT_EQ(read("#include \"none.h\"\nBEGIN { }", setup).ids(), "missing_header");
  CSetup included = setup;
  included.included = {"mine.h"};
  EXPECT_EQ(read("struct s { struct mine m; };\nBEGIN { }", included).declarations.layouts.at("struct s")->size, 12u);
}

TEST(Definitions, UsualHeaders) {
  for (const char* name : {"linux/sched.h", "net/sock.h", "uapi/linux/bpf.h", "sys/socket.h", "stdio.h", "netinet/in.h", "asm/ptrace.h"}) {
    EXPECT_TRUE(is_usual_header(name)) << name;
  }
  for (const char* name : {"mine.h", "foo/bar.h", "linux/sched", "linux"}) EXPECT_FALSE(is_usual_header(name)) << name;
}

TEST(Definitions, NamesOfTheScriptComeFirst) {
  Compiled result = read("struct file { char only; };\ntypedef struct file *file_t;\nstruct task_struct { struct file *f; struct node *n; };\n"
                         "struct node { struct node *next; int v; };\nBEGIN { }");
  EXPECT_EQ(result.ids(), "");
  const FakeTarget machine = FakeTarget::with_samples();
  const ScriptTypes types(machine, std::move(result.declarations));
  EXPECT_EQ(types.find_type("struct file")->size(), 1u);
  EXPECT_EQ(types.find_type("const struct  file")->size(), 1u);
  EXPECT_EQ(to_string(*types.find_type("file_t")), "struct file *");
  // Also where a struct of the machine points to it.
  EXPECT_EQ(types.layout(Type::structure("file", false, 32, 7))->size, 1u);
  const auto node = types.layout(*types.find_type("struct node"));
  EXPECT_EQ(node->find("next")->type.pointee().size(), 16u);
  EXPECT_EQ(types.find_type("enum color"), machine.find_type("enum color"));
  EXPECT_EQ(types.find_type("struct nothing"), std::nullopt);
}

TEST(Definitions, Enumerators) {
  Compiled result = read("enum state { OFF, ON = 4, MORE };\nBEGIN { }");
  const FakeTarget machine = FakeTarget::with_samples();
  const ScriptTypes types(machine, std::move(result.declarations));
  EXPECT_EQ(types.enumerator("MORE")->first, 5);
  EXPECT_EQ(to_string(types.enumerator("ON")->second), "enum state");
  EXPECT_EQ(types.enumerator("GREEN")->first, 1);
  EXPECT_EQ(types.enumerator("AF_INET6")->first, 10);
  EXPECT_EQ(types.enumerator("TCP_ESTABLISHED")->first, 1);
  EXPECT_EQ(types.enumerator("NOTHING"), std::nullopt);
}

TEST(Definitions, KnownConstants) {
  const std::pair<const char*, std::int64_t> expected[] = {{"AF_UNIX", 1}, {"SOCK_NONBLOCK", 04000}, {"O_CREAT", 0100}, {"S_IFDIR", 0040000}, {"EAGAIN", 11},
                                                           {"SIGKILL", 9}, {"CLONE_VM", 0x100}, {"PROT_WRITE", 2}, {"MAP_ANONYMOUS", 0x20}, {"MSG_PEEK", 2},
                                                           {"SO_REUSEADDR", 2}, {"EPOLLIN", 1}, {"RLIMIT_NOFILE", 7}, {"SCHED_FIFO", 1}, {"FUTEX_WAIT", 0},
                                                           {"TASK_UNINTERRUPTIBLE", 2}, {"ERESTARTSYS", 512}, {"ETH_P_IP", 0x800}, {"AT_FDCWD", -100},
                                                           {"NSEC_PER_SEC", 1000000000}, {"CAP_SYS_ADMIN", 21}, {"INADDR_LOOPBACK", 0x7f000001}};
  for (const auto& [name, value] : expected) {
    const auto found = known_constant(name);
    const auto other = found ? found : known_enumerator(name);
    ASSERT_TRUE(other) << name;
    EXPECT_EQ(*other, value) << name;
  }
  EXPECT_EQ(known_constant("HZ"), std::nullopt);
}

TEST(Definitions, MistakesInC) {
  const auto ids = [](const std::string& text) { return read(text + "\nBEGIN { }").ids(); };
  EXPECT_EQ(ids("struct a { int b c; };"), "bad_c_definition");
  EXPECT_EQ(ids("struct a { int b }"), "");
  EXPECT_EQ(ids("struct a { int b; struct a c; };"), "incomplete_member");
  EXPECT_EQ(ids("struct a { int b[2; };"), "bad_c_definition");
  EXPECT_EQ(ids("enum e { A, A };"), "redefined");
  EXPECT_EQ(ids("typedef unknown_t x;"), "unknown_type");
  EXPECT_EQ(ids("struct a { int (*f)(int; };"), "bad_c_definition");
  EXPECT_EQ(ids("#if 1"), "unclosed_condition");
  EXPECT_EQ(ids("struct a { int b : -1; };"), "bad_c_definition");
  EXPECT_EQ(ids("struct a { long b : 3; int : 0; u8 c : 9; };"), "bad_c_definition");
  EXPECT_EQ(ids("struct a { int b[1 << 30]; };"), "bad_c_definition");
}

}  // namespace
}  // namespace fathom
