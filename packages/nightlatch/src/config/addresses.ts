import { BlockList, isIP } from 'node:net'
import { quote, refuse, value, type Parsed } from './parsed.js'

const mostRemembered = 1000

/** A list of IP addresses and ranges. */
export interface AddressList {
  readonly size: number
  has(address: string): boolean
}

/** Addresses and CIDR ranges, separated by commas or spaces. */
export function addressList(text: string): Parsed<AddressList> {
  const list = new BlockList()
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '')
  for (const entry of entries) {
    const problem = add(list, entry)
    if (problem !== null) return refuse(problem)
  }
  return value({ size: entries.length, has: entries.length === 0 ? () => false : remembered(list) })
}

/** Proxies are few and ask all the time: the last answers are kept. */
function remembered(list: BlockList): (address: string) => boolean {
  const known = new Map<string, boolean>()
  return (address) => {
    const before = known.get(address)
    if (before !== undefined) return before
    if (known.size >= mostRemembered) known.clear()
    const answer = contains(list, address)
    known.set(address, answer)
    return answer
  }
}

function add(list: BlockList, entry: string): string | null {
  const [address = '', prefix, ...more] = entry.split('/')
  const family = isIP(address)
  const bits = family === 4 ? 32 : 128
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN
  if (family === 0 || more.length > 0 || !(length <= bits))
    return `must be addresses or ranges such as 10.0.0.0/8, which ${quote(entry)} is not`
  if (length === 0) return `must not trust every address (${entry}): anybody could then claim any address`
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6')
  return null
}

function contains(list: BlockList, address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  // A socket that listens on IPv6 shows an IPv4 peer in this form.
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare
  const family = isIP(ipv4)
  return family !== 0 && list.check(ipv4, family === 4 ? 'ipv4' : 'ipv6')
}

export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  return /(^|\.)localhost$/i.test(name) || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}
