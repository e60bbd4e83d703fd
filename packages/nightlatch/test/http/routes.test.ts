import { expect, it } from 'vitest'
import { routes } from '../../src/http/routes.js'

it('every address there is stands in a table, with the methods that it takes', async () => {
  const methods = new Map<string, string[]>()
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method])
  const lines = [...methods].map(([path, those]) => `${path} ${those.join(' ')}`)
  await expect([...lines, ''].join('\n')).toMatchFileSnapshot('recorded/routes.txt')
})
