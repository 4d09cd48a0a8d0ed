// See the header.
#include "lexer/imports.h"

#include <fmt/format.h>

#include <set>

namespace fathom {

namespace {

constexpr std::size_t max_files = 200;

class Importer {
 public:
  Importer(SourceFile& source, const ImportReader& read, Diagnostics& diagnostics) : source_(source), read_(read), diagnostics_(diagnostics) {}

  // Appends what the file of these tokens imports, then the tokens themselves.
  void add(std::vector<Token> tokens) {
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (tokens[i].kind == TokenKind::kw_import && tokens[i + 1].kind == TokenKind::string) import(tokens[i + 1]);
    }
    for (Token& token : tokens) result_.push_back(std::move(token));
  }

  std::vector<Token> take() { return std::move(result_); }

 private:
  void import(const Token& path) {
    auto files = read_(path.text, source_.name(path.range.begin));
    if (!files) {
      diagnostics_.report<DiagnosticId::bad_import>(path.range, files.error().message).with_help(files.error().help);
      return;
    }
    for (ImportedFile& file : *files) {
      if (!seen_.insert(file.identity).second) continue;
      if (seen_.size() > max_files) {
        diagnostics_.report<DiagnosticId::bad_import>(path.range, fmt::format("more than {} files are imported", max_files));
        return;
      }
      if (file.path.ends_with(".h")) {
        result_.push_back({TokenKind::preprocessor, path.range, 0, fmt::format("#include \"{}\"", file.identity)});
      } else {
        source_.append(file.path, file.text);
        add(lex(source_, diagnostics_, source_.file(static_cast<std::uint32_t>(source_.text().size()))));
      }
    }
  }

  SourceFile& source_;
  const ImportReader& read_;
  Diagnostics& diagnostics_;
  std::set<std::string> seen_;
  std::vector<Token> result_;
};

}  // namespace

std::vector<Token> with_imports(std::vector<Token> tokens, SourceFile& source, const ImportReader& read, Diagnostics& diagnostics) {
  Importer importer(source, read, diagnostics);
  importer.add(std::move(tokens));
  return importer.take();
}

}  // namespace fathom
