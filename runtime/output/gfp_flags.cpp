// The names of include/linux/gfp_types.h. The bits stand still since Linux 4.4.
#include "runtime/output/gfp_flags.h"

#include <fmt/format.h>

#include <string_view>

namespace fathom {

namespace {

struct Name {
  std::uint64_t mask;
  std::string_view text;
};

// In the order of the kernel: a combination takes its bits before they are named one by one.
constexpr Name names[] = {
    {0x1c24ca, "GFP_TRANSHUGE"},       {0x1c20ca, "GFP_TRANSHUGE_LIGHT"}, {0x100cca, "GFP_HIGHUSER_MOVABLE"},
    {0x100cc2, "GFP_HIGHUSER"},        {0x100cc0, "GFP_USER"},            {0x400cc0, "GFP_KERNEL_ACCOUNT"},
    {0xcc0, "GFP_KERNEL"},             {0xc40, "GFP_NOFS"},               {0x820, "GFP_ATOMIC"},
    {0xc00, "GFP_NOIO"},               {0x2800, "GFP_NOWAIT"},            {0x1, "GFP_DMA"},
    {0x2, "__GFP_HIGHMEM"},            {0x4, "GFP_DMA32"},                {0x20, "__GFP_HIGH"},
    {0x40, "__GFP_IO"},                {0x80, "__GFP_FS"},                {0x2000, "__GFP_NOWARN"},
    {0x4000, "__GFP_RETRY_MAYFAIL"},   {0x8000, "__GFP_NOFAIL"},          {0x10000, "__GFP_NORETRY"},
    {0x40000, "__GFP_COMP"},           {0x100, "__GFP_ZERO"},             {0x80000, "__GFP_NOMEMALLOC"},
    {0x20000, "__GFP_MEMALLOC"},       {0x100000, "__GFP_HARDWALL"},      {0x200000, "__GFP_THISNODE"},
    {0x10, "__GFP_RECLAIMABLE"},       {0x8, "__GFP_MOVABLE"},            {0x400000, "__GFP_ACCOUNT"},
    {0x1000, "__GFP_WRITE"},           {0xc00, "__GFP_RECLAIM"},          {0x400, "__GFP_DIRECT_RECLAIM"},
    {0x800, "__GFP_KSWAPD_RECLAIM"},   {0x800000, "__GFP_ZEROTAGS"},
};

}  // namespace

std::string gfp_flags_text(std::uint64_t flags) {
  std::string text;
  auto add = [&](std::string_view name) {
    if (!text.empty()) text += '|';
    text += name;
  };
  for (const Name& name : names) {
    if ((flags & name.mask) != name.mask) continue;
    flags &= ~name.mask;
    add(name.text);
  }
  if (flags != 0) add(fmt::format("{:#x}", flags));
  return text.empty() ? "0" : text;
}

}  // namespace fathom
