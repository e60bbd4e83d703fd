import { createServer, type Server } from 'node:http'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import axe, { type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assetFiles, assetFolder, assetNames, render } from '../../src/pages/index.js'
import { samples, strangeSamples } from '../pages/samples.js'
import { useChromium } from '../support/chromium.js'
import { patient } from '../support/pace.js'

const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

const { visiting } = useChromium()

const normal = samples()
const pages = { ...normal, ...strangeSamples() }
const names = Object.keys(normal)
const everyName = Object.keys(pages)
const refused = names.filter((name) => render(normal[name]!).includes('role="alert"'))

let server: Server
let origin: string
let posts: string[] = []

/**
 * Serves the samples as the product would: no store, no script and no style but our own. A page that goes on by itself
 * stays, to be looked at.
 */
function serve(): Server {
  const assets = new Map(assetNames.map((name) => [`/assets/${assetFiles[name].file}`, assetFiles[name]]))
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const asset = assets.get(pathname)
    const page = pages[pathname.slice(1)]
    if (request.method === 'POST') posts.push(pathname)
    response.setHeader('content-security-policy', policy)
    if (asset)
      response.setHeader('content-type', asset.type).end(readFileSync(new URL(asset.file, assetFolder)))
    else
      response
        .setHeader('content-type', 'text/html; charset=utf-8')
        .end(page && render(page).replace(' data-go', ''))
  })
}

beforeAll(async () => {
  server = serve().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.close()
})

const goTo = (page: Page, name: string) => page.goto(`${origin}/${name}`)

const settings: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  rules: { 'target-size': { enabled: true } },
}

/** Colours are all that a scheme changes, so the second look is at them only. */
const colours: RunOptions = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }

const openDetails = (page: Page) =>
  page.evaluate(() => {
    document.querySelectorAll('details').forEach((details) => (details.open = true))
  })

async function complaints(page: Page, options: RunOptions): Promise<readonly string[]> {
  return page.evaluate(async (wanted) => {
    const { axe: loaded } = window as unknown as { axe: typeof axe }
    const { violations, incomplete } = await loaded.run(document, wanted)
    const line = (one: (typeof violations)[number]): string =>
      `${one.id}: ${one.nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary ?? ''}`).join(' | ')}`
    return [...violations, ...incomplete].map(line)
  }, options)
}

/** States of a page that differ from another one in their words only: one look at the shape is enough. */
const sameShape =
  /^(message-(?!not-found|too-many|broken|no-access|sign-in-loop|application-down)|login-(ended|locked)|verify-(empty|wrong)|setup-wrong|confirm-(refused|recovery-refused)|recovery-wrong|rename$|remove$|end-(others|trusted)|change-phone-which|account-bare|invitation$)/

it(
  'UX-A01, UX-J13 axe has nothing to say and nothing to doubt about any page, by day and by night, nor has the browser',
  async () => {
    const found = await visiting({ viewport: { width: 1280, height: 900 } }, async (page) => {
      const all: string[] = []
      page.on('console', (message) => all.push(message.text()))
      page.on('pageerror', (error) => all.push(error.message))
      page.on('request', (request) => !request.url().startsWith(origin) && all.push(request.url()))
      for (const name of names.filter((one) => !sameShape.test(one))) {
        await page.emulateMedia({ colorScheme: 'light' })
        await goTo(page, name)
        await openDetails(page)
        await page.evaluate(axe.source)
        const byDay = await complaints(page, settings)
        await page.emulateMedia({ colorScheme: 'dark' })
        all.push(
          ...[...byDay, ...(await complaints(page, colours))].map((complaint) => `${name}: ${complaint}`),
        )
      }
      return all
    })
    expect(found).toEqual([])
  },
  patient(120_000),
)

it(
  'UX-A08 on a phone, too, every target has room',
  async () => {
    const room: RunOptions = { runOnly: { type: 'rule', values: ['target-size'] } }
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
    const found = await visiting(phone, async (page) => {
      const all: string[] = []
      for (const name of names.filter((one) => !sameShape.test(one))) {
        await goTo(page, name)
        await openDetails(page)
        await page.evaluate(axe.source)
        all.push(...(await complaints(page, room)).map((complaint) => `${name}: ${complaint}`))
      }
      return all
    })
    expect(found).toEqual([])
  },
  patient(60_000),
)

it('UX-A11 axe is content in forced colours and on a phone', async () => {
  const phone = {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    forcedColors: 'active' as const,
  }
  const found = await visiting(phone, async (page) => {
    const all: string[] = []
    for (const name of ['login-wrong', 'verify', 'setup', 'recovery-codes', 'account']) {
      await goTo(page, name)
      await openDetails(page)
      await page.evaluate(axe.source)
      all.push(...(await complaints(page, settings)).map((complaint) => `${name}: ${complaint}`))
    }
    return all
  })
  expect(found).toEqual([])
})

const overflowing = (page: Page, look: { css: string; dir: string }) =>
  page.evaluate(({ css, dir }) => {
    document.documentElement.setAttribute('dir', dir)
    const style =
      document.querySelector('style') ?? document.head.appendChild(document.createElement('style'))
    style.textContent = css
    const clipped = [...document.querySelectorAll('h1, h2, p, li, label, a, button, dd, code')].filter(
      (element) =>
        !element.closest('.vh') && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0,
    )
    const sideways = document.documentElement.scrollWidth > window.innerWidth ? ['sideways'] : []
    return [
      ...sideways,
      ...clipped.map((element) => `${element.tagName} ${element.textContent ?? ''}`.trim()),
    ]
  }, look)

const tooSmall = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, .button, input:not([type="hidden"], [hidden]), summary')]
      .filter((element) => element.checkVisibility())
      .map((element) =>
        element.matches('[type="checkbox"], [type="radio"]') ? element.parentElement! : element,
      )
      .filter((element) => element.getBoundingClientRect().height < 44)
      .map((element) => `too small: ${element.outerHTML}`),
  )

const looks = [
  { what: 'as it is', dir: 'ltr', css: '' },
  { what: 'from right to left', dir: 'rtl', css: '' },
  {
    what: 'with wide text spacing',
    dir: 'ltr',
    css: `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
      p { margin-block-end: 2em !important }`,
  },
  { what: 'with text twice as large', dir: 'ltr', css: 'html { font-size: 212.5% !important }' },
]

it(
  'UX-A06, UX-A07, UX-A08 every page fits into 320 by 256, whatever its text looks like, with buttons for thumbs',
  async () => {
    const found = await visiting({ viewport: { width: 320, height: 256 }, bypassCSP: true }, async (page) => {
      const all: string[] = []
      for (const name of everyName) {
        await goTo(page, name)
        await openDetails(page)
        all.push(...(await tooSmall(page)).map((small) => `${name}: ${small}`))
        for (const look of looks) {
          const lost = await overflowing(page, look)
          if (lost.length > 0) all.push(`${name} ${look.what}: ${lost.join(' | ')}`)
        }
      }
      return all
    })
    expect(found).toEqual([])
  },
  patient(120_000),
)

it('the checks above would notice what they are for', async () => {
  await visiting({ viewport: { width: 320, height: 256 }, bypassCSP: true }, async (page) => {
    await goTo(page, 'login')
    const wide = { dir: 'ltr', css: 'h1 { inline-size: 50rem }' }
    expect(await overflowing(page, wide)).toContain('sideways')
    await page.locator('#username').focus()
    expect(await stopOf(page)).toMatchObject({ ring: true, covered: false })
    const bar = '.skip { position: fixed; inset: 0; clip-path: none !important }'
    await overflowing(page, { dir: 'ltr', css: `:focus { outline: 0 !important } ${bar}` })
    expect(await stopOf(page)).toMatchObject({ ring: false, covered: true })
    await page.evaluate(axe.source)
    await page.evaluate(() => document.querySelector('label')?.remove())
    expect(await complaints(page, settings)).not.toEqual([])
  })
})

it('what our fields are spared would do harm: a length cuts a pasted code, six boxes keep one digit, an icon in a data address is an error', async () => {
  await visiting({}, async (page, visited) => {
    await goTo(page, 'verify')
    const paste = async (attributes: Record<string, string>): Promise<string> => {
      await page.locator('#otp').evaluate((input, all) => {
        ;(input as HTMLInputElement).value = ''
        for (const [name, value] of Object.entries(all)) input.setAttribute(name, value)
      }, attributes)
      await page.locator('#otp').focus()
      await page.keyboard.insertText('123 456')
      return page.locator('#otp').inputValue()
    }
    expect(await paste({})).toBe('123 456')
    expect(await paste({ maxlength: '6' })).toBe('123 45')
    expect(await paste({ maxlength: '1' })).toBe('1')
    await page.evaluate(() => {
      const image = new Image()
      image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='
      document.body.append(image)
    })
    await expect.poll(() => visited.complaints.splice(0).join()).toContain('Content Security Policy')
  })
})

const activeElement = (page: Page) =>
  page.evaluate(
    () => document.activeElement?.className || document.activeElement?.id || document.activeElement?.tagName,
  )

describe.each([true, false])('with JavaScript %s', (javaScriptEnabled) => {
  it('UX-A03 a refused form puts the focus into the summary', async () => {
    expect(refused.length).toBeGreaterThan(15)
    await visiting({ javaScriptEnabled }, async (page) => {
      for (const name of refused) {
        await goTo(page, name)
        await expect.poll(() => activeElement(page), { message: name }).toBe('box bad')
      }
    })
  })

  it(
    'UX-A04 every line of every summary leads to the field it names, or to the page that helps',
    async () => {
      await visiting({ javaScriptEnabled }, async (page) => {
        // What is shown only where there is a script cannot be sent without one.
        const reached = refused.filter((name) => javaScriptEnabled || !name.includes('passkey'))
        for (const name of reached) {
          await goTo(page, name)
          const targets = await page
            .locator('.box.bad a')
            .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
          for (const [line, target] of targets.entries()) {
            await goTo(page, name)
            await expect.poll(() => activeElement(page), { message: name }).toBe('box bad')
            for (let tab = 0; tab <= line; tab += 1) await page.keyboard.press('Tab')
            await page.keyboard.press('Enter')
            if (target.startsWith('#'))
              await expect
                .poll(() => page.evaluate(() => `#${document.activeElement?.id ?? ''}`), { message: name })
                .toBe(target)
            else await expect.poll(() => new URL(page.url()).pathname, { message: name }).toBe(target)
          }
        }
      })
    },
    patient(60_000),
  )

  it('UX-F10 the code page is ready for the code, the sign-in page leaves the focus alone', async () => {
    await visiting({ javaScriptEnabled }, async (page) => {
      await goTo(page, 'verify')
      await expect.poll(() => activeElement(page)).toBe('code')
      await goTo(page, 'login')
      expect(await activeElement(page)).toBe('narrow')
    })
  })

  it('UX-F09 buttons that need a script are seen only where there is one', async () => {
    await visiting({ javaScriptEnabled }, async (page) => {
      await goTo(page, 'recovery-codes')
      expect(await page.getByRole('button', { name: 'Print codes' }).isVisible()).toBe(javaScriptEnabled)
      expect(await page.getByRole('link', { name: 'Download codes' }).isVisible()).toBe(true)
      await goTo(page, 'login')
      expect(await page.getByRole('button', { name: 'Show password' }).isVisible()).toBe(javaScriptEnabled)
    })
  })
})

/** What the keyboard is at: is it seen, with a ring, and where on the page? */
const stopOf = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement
    const box = element.getClientRects()[0]!
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    return {
      what: `${element.tagName} ${element.textContent ?? ''}`,
      ring: outlineStyle === 'solid' && parseFloat(outlineWidth) >= 3,
      covered: !(top === element || element.contains(top) || top?.contains(element)),
      left: Math.round(box.left),
      top: Math.round(box.top + window.scrollY),
    }
  })

const onPhone = { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true }
const onDesk = { viewport: { width: 1280, height: 700 } }

it.each([
  ['on a phone', onPhone, names.filter((name) => !sameShape.test(name))],
  ['on a desk', onDesk, ['login', 'setup', 'account', 'recovery-codes', 'help', 'confirm-wrong']],
])(
  'UX-A05 every page can be walked with the keyboard %s, in the order that is seen, each stop in view with a ring',
  async (_where, context, walked) => {
    await visiting(context, async (page) => {
      for (const name of walked) {
        await goTo(page, name)
        let last = { what: '', left: 0, top: 0 }
        for (let stop = 0; last.what !== 'A Help'; stop += 1) {
          expect(stop, `${name} ends somewhere`).toBeLessThan(50)
          await page.keyboard.press('Tab')
          const seen = await stopOf(page)
          expect(seen, name).toMatchObject({ ring: true, covered: false })
          const goesOn = seen.top >= last.top - 24 || seen.left > last.left
          expect(goesOn, `${name}: ${seen.what} comes after what stands below it`).toBe(true)
          last = seen
        }
      }
    })
  },
  patient(120_000),
)

it('UX-Q05 a phone meets the link to its app first, then the key, then the picture', async () => {
  const order = (page: Page) =>
    page.evaluate(() =>
      ['.touch', '.key', '.scan'].map(
        (one) => document.querySelector(one)!.getBoundingClientRect().top || Infinity,
      ),
    )
  await visiting({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, async (page) => {
    await goTo(page, 'setup')
    const [link = 0, key = 0, picture = 0] = await order(page)
    expect(link).toBeLessThan(key)
    expect(key).toBeLessThan(picture)
  })
  await visiting({ viewport: { width: 1280, height: 900 } }, async (page) => {
    await goTo(page, 'setup')
    expect(await page.getByRole('link', { name: 'Open in my authenticator app' }).isVisible()).toBe(false)
  })
})

it('on a wide screen the box for the code of a set-up stands beside the QR code, in the first window, also after an error', async () => {
  await visiting({ viewport: { width: 1280, height: 800 } }, async (page) => {
    for (const name of ['setup', 'setup-wrong', 'setup-zone']) {
      await goTo(page, name)
      const [qr, code] = await Promise.all(['.qr', '#otp'].map((one) => page.locator(one).boundingBox()))
      expect(code!.x, name).toBeGreaterThan(qr!.x + qr!.width)
      expect(code!.y + code!.height, name).toBeLessThan(800)
    }
  })
})

it('UX-A10 nothing moves for somebody who asked for that', async () => {
  await visiting({ reducedMotion: 'reduce' }, async (page) => {
    for (const name of ['login-empty', 'setup', 'account']) {
      await goTo(page, name)
      const moving = await page.evaluate(
        () =>
          [...document.querySelectorAll('*')].filter((element) => {
            const { animationName, transitionDuration } = getComputedStyle(element)
            return animationName !== 'none' || !/^0s(, 0s)*$/.test(transitionDuration)
          }).length,
      )
      expect(moving, name).toBe(0)
    }
  })
})

it('UX-A09 the edges of fields, the ring and the plate of the QR code stand out by day and by night', async () => {
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((value) => {
      const part = Number(value) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const contrast = (one: string, other: string): number => {
    const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await visiting({ colorScheme }, async (page) => {
      await goTo(page, 'setup')
      await page.locator('#otp').focus()
      const seen = await page.evaluate(() => {
        const style = (selector: string) => getComputedStyle(document.querySelector(selector)!)
        return {
          card: style('.door').backgroundColor,
          edge: style('#name').borderTopColor,
          ring: style('#otp').outlineColor,
          plate: style('.qr').borderTopColor,
        }
      })
      for (const shape of ['edge', 'ring', 'plate'] as const)
        expect(contrast(seen[shape], seen.card), `${shape} ${colorScheme}`).toBeGreaterThanOrEqual(3)
      await goTo(page, 'recovery-codes-unsaved')
      const [box, words] = await page.evaluate(() => [
        getComputedStyle(document.querySelector('#saved')!).borderTopColor,
        getComputedStyle(document.querySelector('#saved-error')!).color,
      ])
      expect(box, 'a box that was not ticked is marked like any other field').toBe(words)
    })
  }
})

it('UX-A15 help is in the same place on every page, and the last thing that the keyboard reaches', async () => {
  await visiting({ viewport: { width: 1280, height: 900 } }, async (page) => {
    for (const name of ['login', 'verify', 'setup', 'home', 'confirm', 'message-broken']) {
      await goTo(page, name)
      const [door, help] = await page.evaluate(() =>
        ['.door', '.bottom .help'].map((one) => {
          const { right, bottom, top } = document.querySelector(one)!.getBoundingClientRect()
          return { right, bottom, top }
        }),
      )
      expect(Math.round(door!.right - help!.right), name).toBe(43)
      expect(help!.top - door!.bottom, name).toBeLessThan(60)
      const stops = page.locator('a:visible, button:visible, input:visible, summary:visible')
      expect(await stops.last().innerText(), name).toBe('Help')
    }
  })
})

it('UX-Q02 the QR code has at least four pixels for a module, on pure white, in every theme', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await visiting({ colorScheme, viewport: { width: 320, height: 640 } }, async (page) => {
      await goTo(page, 'setup')
      const plate = await page.evaluate(() => {
        const svg = document.querySelector<SVGSVGElement>('.qr svg')!
        return {
          module: svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
          white: getComputedStyle(svg.parentElement!).backgroundColor,
        }
      })
      expect(plate.module).toBeGreaterThanOrEqual(4)
      expect(plate.white).toBe('rgb(255, 255, 255)')
    })
  }
})

it('UX-Q04 one press selects the whole setup key', async () => {
  await visiting({}, async (page) => {
    await goTo(page, 'setup')
    await page.locator('#setup-key').click()
    const selected = await page.evaluate(() => String(getSelection()))
    expect(selected.replace(/\s/g, '')).toBe('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP')
  })
})

describe('the script', () => {
  it('UX-F09, UX-A12 shows and hides a password, says so, and hides it again before it is sent', async () => {
    await visiting({}, async (page) => {
      await goTo(page, 'login')
      const password = page.locator('#current-password')
      await page.getByRole('button', { name: 'Show password' }).click()
      expect(await password.getAttribute('type')).toBe('text')
      expect(await page.locator('.with-button [role="status"]').textContent()).toBe(
        'Your password is visible',
      )
      await page.evaluate(() => document.addEventListener('submit', (event) => event.preventDefault()))
      await page.getByRole('button', { name: 'Sign in' }).click()
      expect(await password.getAttribute('type')).toBe('password')
    })
  })

  it('UX-A12 copies the codes and the setup key, and tells when it cannot', async () => {
    await visiting({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await goTo(page, 'recovery-codes')
      await page.getByRole('button', { name: 'Copy codes' }).click()
      await expect.poll(() => page.locator('.keep [role="status"]').textContent()).toBe('Copied')
      const text = await page.evaluate(() => navigator.clipboard.readText())
      expect(text.split('\n')).toHaveLength(10)
      await page.evaluate(() =>
        Object.assign(navigator.clipboard, { writeText: () => Promise.reject(new Error()) }),
      )
      await page.getByRole('button', { name: 'Copy codes' }).click()
      await expect.poll(() => page.locator('.keep [role="status"]').textContent()).toMatch(/^Could not copy/)
      await goTo(page, 'setup')
      await page.getByRole('button', { name: 'Copy setup key' }).click()
      await expect.poll(() => page.locator('.key [role="status"]').textContent()).toBe('Copied')
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
        'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      )
    })
  })

  it('UX-J04 sends a form once, however often the button is pressed', async () => {
    await visiting({}, async (page) => {
      posts = []
      await goTo(page, 'login')
      await page.getByRole('button', { name: 'Sign in' }).dblclick()
      await expect.poll(() => posts.length).toBeGreaterThan(0)
      await page.waitForLoadState('networkidle')
      expect(posts).toEqual(['/login'])
    })
  })

  it('UX-A13, UX-A16 changes nothing while somebody types or pastes', async () => {
    await visiting({}, async (page) => {
      posts = []
      await page.clock.install()
      await goTo(page, 'verify')
      await page.locator('#otp').click()
      await page.keyboard.insertText('123456')
      await page.clock.runFor(5000)
      expect(new URL(page.url()).pathname).toBe('/verify')
      expect(await page.locator('#otp').inputValue()).toBe('123456')
      const prevented = await page.evaluate(() =>
        ['paste', 'copy', 'cut', 'contextmenu', 'beforeinput', 'keydown', 'drop'].filter(
          (type) =>
            !document
              .querySelector('#otp')!
              .dispatchEvent(new Event(type, { bubbles: true, cancelable: true })),
        ),
      )
      expect(prevented).toEqual([])
      expect(posts).toEqual([])
    })
  })

  it.each([
    ['en-GB', '23:32', '21 November 2026 at 23:07'],
    ['en-US', '11:32 PM', 'November 21, 2026 at 11:07 PM'],
    ['de-DE', '23:32', 'November 21, 2026 at 23:07'],
  ])("shows times in the person's own time zone and clock, with %s", async (locale, clock, moment) => {
    await visiting({ timezoneId: 'Asia/Tokyo', locale }, async (page) => {
      await goTo(page, 'verify-locked')
      const shown = async (kind: string): Promise<string> =>
        (await page.locator(`time[data-time="${kind}"]`).first().innerText()).replaceAll('\u202f', ' ')
      expect(await shown('clock')).toBe(clock)
      await goTo(page, 'account')
      expect(await shown('moment')).toBe(moment)
      expect(await page.locator('main').innerText(), 'also in what is only heard').not.toContain('UTC')
      expect(await page.locator('main').textContent()).not.toContain('UTC')
    })
  })

  it('counts a wait down for those who see it, and tells those who hear it when it is over', async () => {
    await visiting({ locale: 'en-GB' }, async (page) => {
      await page.clock.install({ time: new Date('2026-11-21T14:17:00Z') })
      await goTo(page, 'verify-locked-short')
      const alert = page.getByRole('alert')
      const heard = (): Promise<string> =>
        alert.evaluate((box) => {
          const copy = box.cloneNode(true) as HTMLElement
          copy.querySelectorAll('[aria-hidden="true"]').forEach((hidden) => {
            hidden.remove()
          })
          return copy.textContent.replace(/\s+/g, ' ')
        })
      expect(await heard()).toMatch(/You can try again at [\d:]+ \(in 2 minutes\)\./)
      await page.clock.runFor(1000)
      expect(await alert.locator('[aria-hidden="true"]').innerText()).toBe('1 minute 29 seconds')
      await page.clock.runFor(60_000)
      expect(await alert.locator('[aria-hidden="true"]').innerText()).toBe('29 seconds')
      expect(await heard(), 'nobody is told every second').toContain('2 minutes')
      await page.clock.runFor(30_000)
      expect(await heard()).toContain('You can try again now.')
      expect(await heard()).not.toContain('minute')
    })
  })
})

it('UX-R03 the codes are printed on one page, with whose they are and without buttons', async () => {
  await visiting({}, async (page) => {
    await goTo(page, 'recovery-codes')
    await page.emulateMedia({ media: 'print' })
    const printed = await page.locator('body').innerText()
    for (const words of ['alice', 'auth.acme.test', '2026', 'k7qm-4xw4-9hd2-p3tn'])
      expect(printed).toContain(words)
    expect(await page.locator('button:visible, a.button:visible, input:visible').count()).toBe(0)
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1')
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
  })
})
