/** As much of a request as tells who sent it. */
export interface Sent {
  /** Upper case. */
  readonly method: string
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
}

/**
 * Whether a browser goes to a page with this request, by a link or by a form, rather than a script or an image
 * asking for something. A navigation is led to sign-in and back; everything else gets a plain refusal. Browsers say
 * it themselves (`Sec-Fetch-Mode`), and then nothing else counts: an app that shows pages puts `X-Requested-With` on
 * each of them. Of those that are too old to say it, whoever takes HTML and was not asked by a script goes to a page.
 */
export function isNavigation(sent: Sent): boolean {
  if (!navigating.has(sent.method) || sent.header('upgrade') !== undefined) return false
  const mode = sent.header('sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate'
  return sent.header('x-requested-with') === undefined && takesHtml(sent.header('accept') ?? '')
}

/** No link and no form sends anything else. */
const navigating: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])

const takesHtml = (accept: string): boolean =>
  accept.split(',').some((range) => html.test(range) && !unwanted.test(range))

const html = /^\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i
const unwanted = /;\s*q=0(?:\.0*)?\s*(?:;|$)/i

/** Whether it asks for a page, rather than sending a form. */
export const isRead = ({ method }: Pick<Sent, 'method'>): boolean => method === 'GET' || method === 'HEAD'
