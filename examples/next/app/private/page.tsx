import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { pageSession } from 'nightlatch/next'
import { auth } from '../../lib/auth'

export default async function Private() {
  const session = await pageSession(auth, await headers())
  if (session === null) redirect((await auth()).signInUrl('/private'))
  return (
    <form method="post" action="/auth/logout">
      <p>Hello {session.account.username}</p>
      <button>Sign out</button>
    </form>
  )
}
