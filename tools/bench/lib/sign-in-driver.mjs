/** Sign-ins from a process of their own, so that they do not take the time of whoever measures beside them. */
import { signInAll } from './sign-ins.mjs'

let over = false
process.once('message', async (plan) => {
  process.once('message', () => (over = true))
  const { done } = await signInAll({ ...plan, until: () => over })
  process.send({ done })
  process.disconnect()
})
