// Small helpers for text that fathom shows.
#pragma once

#include <string>
#include <string_view>

namespace fathom {

// The text in double quotes, with escapes as scripts write them.
std::string quote(std::string_view text);

// "1 argument", "2 arguments".
std::string counted(std::size_t count, std::string_view noun);

// "an integer", "a string": the noun with its article.
std::string with_article(std::string_view noun);

// A help text for those who call fathom by the name bpftrace: commands to type have that name.
std::string under_other_name(std::string_view text);

}  // namespace fathom
