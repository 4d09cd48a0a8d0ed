// One link for many functions: kprobe_multi (Linux 5.18) and uprobe_multi (6.6). The programs have to be loaded for it.
#pragma once

#include "runtime/probes/attach.h"

namespace fathom {

// Numbers of enum bpf_attach_type that are newer than some installed headers.
inline constexpr int kprobe_multi_attach = 42;
inline constexpr int uprobe_multi_attach = 48;
inline constexpr int kprobe_session_attach = 56;

Result<std::vector<Link>> attach_kprobe_multi(const AttachRequest& request, bool at_return);
// All attach points of one file. The error is the kernel's number alone.
Result<Link> attach_uprobe_multi(const AttachRequest& request, std::span<const AttachPoint> points, std::size_t first, bool at_return);

// Why none of the attach points that share such links got one, where those of them that were left out stand behind `before`.
Error nothing_linked(const AttachRequest& request, std::size_t before, Feature links);

}  // namespace fathom
