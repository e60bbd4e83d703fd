import type { Account } from '../../core/accounts/account.js'

/** The names under which the application learns who is there. Nothing that a client sends under them may reach it. */
export const identityHeaderNames = ['remote-user', 'remote-name', 'remote-email', 'remote-groups'] as const

/**
 * Who is signed in, for the application behind the proxy. All four are always there, so that the proxy puts them in
 * the place of what the client sent; empty is an answer, too. Values are UTF-8, as other forward authentication
 * servers send them: a username never has a character that another encoding could turn into somebody else's.
 */
export function identityHeaders(
  account: Pick<Account, 'username' | 'name' | 'email' | 'groups'> | null,
): Record<(typeof identityHeaderNames)[number], string> {
  return {
    'remote-user': asBytes(account?.username ?? ''),
    'remote-name': asBytes(account?.name ?? ''),
    'remote-email': asBytes(account?.email ?? ''),
    // A comma inside a group's name would make two groups of it.
    'remote-groups': (account?.groups ?? []).map((group) => asBytes(group.replaceAll(',', ' '))).join(','),
  }
}

/** A header's value is one line of bytes, which node and the web's Headers take as Latin-1 text. */
const asBytes = (text: string): string =>
  Buffer.from(text.replace(/\p{Cc}/gu, ' ').trim(), 'utf8').toString('latin1')
