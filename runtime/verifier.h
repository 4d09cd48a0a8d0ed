// From the verifier's log to words for the user.
#pragma once

#include <string>
#include <string_view>

namespace fathom {

struct VerifierVerdict {
  std::string message;  // empty where the log holds no rejection
  std::string help;
};

// Finds the last source line that the log names (it comes from the BTF line information of the program, "; text @ file:line" or "; text")
// and the verifier's last word, and says in one line what that means for the script. `probe`: named where the log names no line, or where the
// program is refused as a whole.
VerifierVerdict explain_verifier_log(std::string_view log, std::string_view probe = {});

}  // namespace fathom
