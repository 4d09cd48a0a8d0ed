// Macros and functions: a program without them, made by putting copies of their bodies where they are called.
//
// Macros are hygienic: variables of a body are renamed in each copy. A copy's nodes get ranges of their own (SourceFile::expand), so that
// diagnostics show the macro's text and where it was called.
#pragma once

#include "ast/builtin.h"
#include "ast/diagnostics.h"
#include "ast/nodes.h"

namespace fathom {

// The same program where it has neither macros nor functions. A macro may have the name of a builtin function, which then takes the calls that
// fit no form of the macro.
ast::Program expand(ast::Program program, SourceFile& source, Diagnostics& diagnostics, BuiltinFamilies builtins = {});

}  // namespace fathom
