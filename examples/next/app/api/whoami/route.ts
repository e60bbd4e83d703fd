import { requireSession } from 'nightlatch/next'
import { auth } from '../../../lib/auth'

export const GET = requireSession(auth, (_request, { account }) =>
  Response.json({ username: account.username }),
)
