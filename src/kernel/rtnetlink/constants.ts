/**
 * Numbers of rtnetlink (include/uapi/linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h), as far as routes, links and addresses need them.
 */

/** nlmsg_type. */
export const MessageType = {
  error: 2,
  done: 3,
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
} as const

/** nlmsg_flags. The same bits mean different things in requests for a dump, in requests for a change, and in answers. */
export const MessageFlag = {
  request: 0x01,
  acknowledge: 0x04,
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  /** In an error: attributes follow. */
  hasAttributes: 0x200,
} as const

/** Multicast groups as a bind mask (RTMGRP_*). */
export const Group = { link: 0x1, ipv4Address: 0x10, ipv4Route: 0x40, ipv6Address: 0x100, ipv6Route: 0x400 } as const

export const NETLINK_HEADER = 16
export const ROUTE_HEADER = 12
export const LINK_HEADER = 16
export const ADDRESS_HEADER = 8

/** RTA_*. */
export const RouteAttribute = {
  destination: 1,
  inputInterface: 3,
  outputInterface: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  multipath: 9,
  table: 15,
  via: 18,
  nextHopObject: 30,
} as const

/** IFLA_*. */
export const LinkAttribute = { name: 3 } as const

/** IFA_*. */
export const AddressAttribute = { address: 1, local: 2 } as const

/** NLMSGERR_ATTR_*. */
export const ErrorAttribute = { message: 1 } as const

/** ifi_flags. */
export const LinkFlag = { up: 0x1, running: 0x40 } as const

/** rtm_flags and rtnh_flags. */
export const RouteFlag = { onlink: 0x4, cloned: 0x200 } as const

/** rtm_scope. */
export const Scope = { universe: 0, link: 253, nowhere: 255 } as const

/** The number of a family in messages. */
export const FamilyNumber = { unspecified: 0, ipv4: 2, ipv6: 10 } as const

/** Upper bits of an attribute's type are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
export const ATTRIBUTE_TYPE_MASK = 0x3fff

/** Messages and attributes start at multiples of four. */
export function align(octets: number): number {
  return (octets + 3) & ~3
}
