import type { Account } from '../../../core/accounts/account.js'
import type { InvitationLink } from '../../../core/accounts/administration.js'
import { invitationPath } from '../../../core/accounts/invitation.js'
import { sendsMail } from '../../../core/notify/mail.js'
import type { Delivery, DeliveryView, HandedOverView } from '../../../pages/index.js'
import { deliveries, handedOverPage } from '../../../pages/index.js'
import type { SignedInContext } from '../../context.js'
import { siteOf } from '../../context.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'

/** By mail unless told. */
const deliveryIn = (given: ReadonlyMap<string, string>): Delivery =>
  deliveries.find((one) => one === given.get('delivery')) ?? 'mail'

/** What the form asks; nothing where nothing can be mailed. */
export async function deliveryView(
  { services }: SignedInContext,
  { given, to }: { readonly given: ReadonlyMap<string, string>; readonly to?: string },
): Promise<DeliveryView | undefined> {
  if (to === '' || !(await sendsMail(services.core))) return undefined
  return { chosen: deliveryIn(given), to }
}

/** Whether a mail is to be sent: there is an address, a mail server, and nobody has said otherwise. */
export const isByMail = async (
  { services }: SignedInContext,
  { given, to }: { readonly given: ReadonlyMap<string, string>; readonly to: string },
): Promise<boolean> => to.trim() !== '' && deliveryIn(given) === 'mail' && (await sendsMail(services.core))

export const linkOf = (
  { services }: SignedInContext,
  { token, expiresAt, mailedTo }: InvitationLink,
  byMail: boolean,
) => ({
  kind: 'link' as const,
  text: services.site.origin + services.site.base + invitationPath(token),
  untilSeconds: expiresAt,
  ...(byMail && { mailedTo }),
})

export const handOver = (
  context: SignedInContext,
  account: Account,
  given: Omit<HandedOverView, 'id' | 'username'>,
): HttpResponse => {
  const { id, username } = account
  return page(handedOverPage(siteOf(context, context.signedIn), { id, username, ...given }))
}
