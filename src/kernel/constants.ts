/**
 * Numbers of the Linux routing tables that mean the same in every implementation of the port (include/uapi/linux/rtnetlink.h, iproute2's rt_protos).
 */

/** Who made a route (rtm_protocol). */
export const Protocol = {
  unspecified: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  ra: 9,
  /** Ours: the number registered for BIRD, whose place godwit takes beside Calico's agent. */
  bird: 12,
  dhcp: 16,
  /** Calico's agent, for all but workload routes. */
  felix: 80,
} as const

/** rtm_type, as far as the speaker deals with it. */
export const RouteKind = {
  unicast: 1,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
} as const

/** rt_class_t. */
export const Table = {
  main: 254,
} as const

/** The metric the kernel stores for an IPv6 route that was given none (IP6_RT_PRIO_USER). */
export const IPV6_DEFAULT_METRIC = 1024
