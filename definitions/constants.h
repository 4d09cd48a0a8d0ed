// Constants that scripts take from headers of the kernel and the system, known without any header. What the kernel itself has as an enum
// comes from BTF, where it has a name to print as well; the tables hold what is a macro there, or what a kernel without BTF can not say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fathom {

struct Constant {
  std::string_view name;
  std::int64_t value;
};

// One table per subject, each in a file of its own below constants/.
extern const std::span<const Constant> socket_constants;
extern const std::span<const Constant> network_constants;
extern const std::span<const Constant> file_constants;
extern const std::span<const Constant> error_constants;
extern const std::span<const Constant> signal_constants;
extern const std::span<const Constant> process_constants;
extern const std::span<const Constant> memory_constants;
extern const std::span<const Constant> limit_constants;
// Enumerators of the kernel's own, for kernels without BTF.
extern const std::span<const Constant> kernel_enumerators;

// A macro of the usual headers: AF_INET, O_CREAT, EAGAIN.
std::optional<std::int64_t> known_constant(std::string_view name);
std::optional<std::int64_t> known_enumerator(std::string_view name);

}  // namespace fathom
