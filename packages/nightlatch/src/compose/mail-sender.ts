import { deviceName } from '../http/user-agent.js'
import type { Settings } from '../config/read.js'
import type { Sender } from '../mail/messages.js'

/** As mails speak of this service: in the words of its pages. */
export const mailSender = ({ issuer, origin, basePath, contact }: Settings): Sender => ({
  issuer,
  site: `${origin}${basePath}`,
  contact,
  deviceName,
})
