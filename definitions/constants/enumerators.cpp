// Enumerators of the kernel that old scripts use most, for kernels that do not describe their types.
#include "definitions/constants.h"

namespace fathom {

namespace {

constexpr Constant table[] = {
    {"TCP_ESTABLISHED", 1}, {"TCP_SYN_SENT", 2}, {"TCP_SYN_RECV", 3}, {"TCP_FIN_WAIT1", 4}, {"TCP_FIN_WAIT2", 5}, {"TCP_TIME_WAIT", 6},
    {"TCP_CLOSE", 7}, {"TCP_CLOSE_WAIT", 8}, {"TCP_LAST_ACK", 9}, {"TCP_LISTEN", 10}, {"TCP_CLOSING", 11}, {"TCP_NEW_SYN_RECV", 12},
    {"TCPF_ESTABLISHED", 2}, {"TCPF_SYN_SENT", 4}, {"TCPF_SYN_RECV", 8}, {"TCPF_FIN_WAIT1", 16}, {"TCPF_FIN_WAIT2", 32},
    {"TCPF_TIME_WAIT", 64}, {"TCPF_CLOSE", 128}, {"TCPF_CLOSE_WAIT", 256}, {"TCPF_LAST_ACK", 512}, {"TCPF_LISTEN", 1024},
    {"TCPF_CLOSING", 2048}, {"TCPF_NEW_SYN_RECV", 4096}, {"SOCK_STREAM", 1}, {"SOCK_DGRAM", 2}, {"SOCK_RAW", 3}, {"SOCK_RDM", 4},
    {"SOCK_SEQPACKET", 5}, {"SOCK_DCCP", 6}, {"SOCK_PACKET", 10}, {"SOCK_CLOEXEC", 524288}, {"SOCK_NONBLOCK", 2048}, {"IPPROTO_IP", 0},
    {"IPPROTO_ICMP", 1}, {"IPPROTO_IGMP", 2}, {"IPPROTO_IPIP", 4}, {"IPPROTO_TCP", 6}, {"IPPROTO_EGP", 8}, {"IPPROTO_PUP", 12},
    {"IPPROTO_UDP", 17}, {"IPPROTO_IDP", 22}, {"IPPROTO_TP", 29}, {"IPPROTO_DCCP", 33}, {"IPPROTO_IPV6", 41}, {"IPPROTO_ROUTING", 43},
    {"IPPROTO_FRAGMENT", 44}, {"IPPROTO_RSVP", 46}, {"IPPROTO_GRE", 47}, {"IPPROTO_ESP", 50}, {"IPPROTO_AH", 51}, {"IPPROTO_ICMPV6", 58},
    {"IPPROTO_NONE", 59}, {"IPPROTO_DSTOPTS", 60}, {"IPPROTO_MTP", 92}, {"IPPROTO_BEETPH", 94}, {"IPPROTO_ENCAP", 98}, {"IPPROTO_PIM", 103},
    {"IPPROTO_COMP", 108}, {"IPPROTO_SCTP", 132}, {"IPPROTO_UDPLITE", 136}, {"IPPROTO_MPLS", 137}, {"IPPROTO_RAW", 255},
    {"IPPROTO_MPTCP", 262}, {"HI_SOFTIRQ", 0}, {"TIMER_SOFTIRQ", 1}, {"NET_TX_SOFTIRQ", 2}, {"NET_RX_SOFTIRQ", 3}, {"BLOCK_SOFTIRQ", 4},
    {"IRQ_POLL_SOFTIRQ", 5}, {"TASKLET_SOFTIRQ", 6}, {"SCHED_SOFTIRQ", 7}, {"HRTIMER_SOFTIRQ", 8}, {"RCU_SOFTIRQ", 9}, {"NR_SOFTIRQS", 10},
    {"PIDTYPE_PID", 0}, {"PIDTYPE_TGID", 1}, {"PIDTYPE_PGID", 2}, {"PIDTYPE_SID", 3}, {"PIDTYPE_MAX", 4}, {"NF_INET_PRE_ROUTING", 0},
    {"NF_INET_LOCAL_IN", 1}, {"NF_INET_FORWARD", 2}, {"NF_INET_LOCAL_OUT", 3}, {"NF_INET_POST_ROUTING", 4}, {"REQ_OP_READ", 0},
    {"REQ_OP_WRITE", 1}, {"REQ_OP_FLUSH", 2}, {"REQ_OP_DISCARD", 3}, {"HRTIMER_MODE_ABS", 0}, {"HRTIMER_MODE_REL", 1},
    {"BPF_PROG_TYPE_UNSPEC", 0}, {"BPF_PROG_TYPE_SOCKET_FILTER", 1}, {"BPF_PROG_TYPE_KPROBE", 2}, {"BPF_MAP_TYPE_UNSPEC", 0},
    {"BPF_MAP_TYPE_HASH", 1}, {"BPF_MAP_TYPE_ARRAY", 2},
};

}  // namespace

const std::span<const Constant> kernel_enumerators = table;

}  // namespace fathom
