const ours = /^\s*=?\s*(?:__(?:Host|Secure)-)?nightlatch-/i

/** The Cookie header as the application may see it: without ours, which are as good as a password. */
export function withoutOurCookies(header: string | undefined): string | undefined {
  if (header === undefined || !/nightlatch-/i.test(header)) return header
  const rest = header.split(';').filter((pair) => !ours.test(pair))
  return rest.length === 0 ? undefined : rest.join(';').trim()
}

/** Whether a Set-Cookie would set one of ours; a cookie without a name is sent as its bare value, so it counts. */
export const setsOurCookie = (line: string): boolean => ours.test(line)
