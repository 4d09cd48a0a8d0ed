// Declarations of C: struct, union, enum and typedef. A hand-written recursive-descent parser, because what a word means depends on the types
// declared before it, and because whatever else a header declares (functions, variables) has to be stepped over and not understood.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "definitions/constant.h"
#include "definitions/declarations.h"
#include "definitions/reporter.h"
#include "definitions/struct_builder.h"

namespace fathom {

class DeclarationParser final : private ConstantNames {
 public:
  // Types that the text only names are the machine's. `declarations` is filled; what it holds already is known.
  DeclarationParser(const CTokens& tokens, const Target& machine, Declarations& declarations, CReporter& reporter)
      : cursor_(tokens), machine_(machine), declarations_(declarations), reporter_(reporter) {}

  void read();
  // The value of an expression that makes up the whole text; empty where it is none.
  std::optional<std::int64_t> constant();

 private:
  // What stands in front of a declarator.
  struct Specifiers {
    CType type;
    CAttributes attributes;
    bool is_typedef = false;
    bool defines_type = false;  // a struct, union or enum with or without a body
    bool is_anonymous = false;  // …that has no tag
  };
  struct Declarator {
    std::string name;
    Place place;
    CType type;
    CAttributes attributes;
  };

  void declaration();
  void declare(const Declarator& declarator, bool is_typedef);
  void skip_declaration();
  bool pragma();

  // Empty: reported.
  std::optional<Specifiers> specifiers();
  bool skip_word(Specifiers& specifiers);
  std::optional<CType> named_type(const CToken& name);
  void unknown_type(const CToken& name);
  std::optional<CType> base_words(const std::string& words, const Place& place);
  void attributes(CAttributes& into);
  void attribute(CAttributes& into);
  std::uint32_t alignment_argument();
  bool at_attribute() const;
  bool begins_type(const CToken& token) const;

  std::optional<CType> aggregate(Specifiers& specifiers);
  std::optional<CType> define_aggregate(const std::string& tag, bool is_union, const Place& place, CAttributes& attributes);
  bool ends_member();
  void member_declaration(std::vector<CMember>& members);
  void add_member(std::vector<CMember>& members, const Specifiers& base, Declarator declarator);
  std::optional<std::uint32_t> bitfield_width(const Declarator& declarator);
  std::optional<CType> enumeration();
  std::optional<CType> define_enumeration(const std::string& tag, const Place& place, CAttributes own);

  std::optional<Declarator> declarator(const Specifiers& specifiers);
  bool declarator_into(Declarator& result, int depth);
  bool suffixes(CType& type);
  std::optional<CType> array_of(const CType& element, std::optional<std::int64_t> count, const Place& place);
  CType pointer_to(const CType& pointee, bool to_user);

  // The type in `(type)`, where the cursor stands at such a thing; it is then behind it.
  std::optional<CType> type_in_parentheses();
  std::optional<std::int64_t> constant_value(std::string_view what);
  std::optional<ConstantValue> name(TokenCursor& cursor) override;
  std::optional<ConstantValue> cast(TokenCursor& cursor) override;
  std::optional<ConstantValue> offset_of();

  void define_tag(const std::string& key, const CType& type, const Place& place, bool is_definition);
  bool expect(std::string_view spelling, std::string_view behind);
  template <class... Args>
  void problem(const Place& place, fmt::format_string<Args...> text, Args&&... args) {
    reporter_.report<DiagnosticId::bad_c_definition>(place, fmt::format(text, std::forward<Args>(args)...));
  }

  TokenCursor cursor_;
  const Target& machine_;
  Declarations& declarations_;
  CReporter& reporter_;
  std::map<std::string, Place, std::less<>> places_;  // of the definitions made here: "struct foo", a typedef, an enumerator
  std::vector<std::uint32_t> pack_;                   // `#pragma pack(push, n)`; the last one counts
  int depth_ = 0;
};

}  // namespace fathom
