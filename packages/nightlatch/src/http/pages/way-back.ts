import { isRead } from '../../core/access/navigation.js'
import { asNext, tryParse } from '../return-url.js'

interface Asked {
  readonly method: string
  /** The whole address. */
  readonly address: string
  readonly referer: string | undefined
}

/**
 * Where somebody who has to sign in first is to be led back to: the page asked for; after a form, the page that it was
 * on, because what was typed is gone and the form's own address may answer no GET.
 */
export function wayBack({ method, address, referer }: Asked): string {
  if (isRead({ method })) return asNext(address)
  const origin = tryParse(address)?.origin ?? ''
  const page = tryParse(referer ?? '')
  return page !== null && page.origin === origin ? asNext(origin + page.pathname + page.search) : `${origin}/`
}
