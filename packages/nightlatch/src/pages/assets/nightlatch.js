/* Every page works without this file. It shows the buttons that need a script, and makes small things nicer. */
;(() => {
  'use strict'
  const all = (selector) => Array.from(document.querySelectorAll(selector))
  const statusOf = (button) => button.parentElement.querySelector('[role="status"]')

  const say = (button, words) => {
    const status = statusOf(button)
    if (status) status.textContent = words
  }

  /* Show and hide a password. It is hidden again before it is sent and when the page comes back. */
  const reveals = all('[data-reveal]')

  const showPassword = (button, visible) => {
    const { dataset } = button
    document.getElementById(dataset.reveal).type = visible ? 'text' : 'password'
    button.textContent = visible ? dataset.hide : dataset.show
    button.setAttribute('aria-label', visible ? dataset.hideLabel : dataset.showLabel)
  }

  const hidePasswords = () => reveals.forEach((button) => showPassword(button, false))

  reveals.forEach((button) => {
    button.hidden = false
    button.addEventListener('click', () => {
      const visible = document.getElementById(button.dataset.reveal).type === 'password'
      showPassword(button, visible)
      say(button, visible ? button.dataset.shown : button.dataset.hidden)
    })
  })

  /*
   * Passkeys: the buttons are shown where the browser knows them. What to ask for stands in the form, and the answer goes
   * back in it. Values are told by their members: password managers put objects of their own in the browser's place.
   */
  const knowsPasskeys = window.PublicKeyCredential && navigator.credentials
  const passkeys = knowsPasskeys ? all('form[data-passkey]') : []
  if (!knowsPasskeys) all('form[data-autofill]').forEach((form) => form.remove())
  const bytes = (text) =>
    Uint8Array.from(window.atob(text.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0))
  const written = (buffer) =>
    window
      .btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=/g, '')

  const askedIn = ({ dataset }) => {
    const options = JSON.parse(dataset.passkey)
    const known = (options.allowCredentials || []).concat(options.excludeCredentials || [])
    known.concat(options.user || []).forEach((one) => (one.id = bytes(one.id)))
    options.challenge = bytes(options.challenge)
    return options
  }

  const credentialJson = ({ id, rawId, type, response }) => {
    const told = response.getTransports ? { transports: response.getTransports() } : {}
    const members = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']
    members.filter((name) => response[name]).forEach((name) => (told[name] = written(response[name])))
    return JSON.stringify({ id, rawId: written(rawId), type, response: told })
  }

  /* One request at a time: the one in the background makes room for the button's. */
  let under = null
  const askFor = (form, mediation) => {
    if (under) under.abort()
    under = new window.AbortController()
    const options = { publicKey: askedIn(form), signal: under.signal }
    if (mediation) options.mediation = mediation
    const { credentials } = navigator
    return ('create' in form.dataset ? credentials.create(options) : credentials.get(options)).then(
      (given) => {
        const { credential, remember } = form.elements
        const box = document.getElementById(form.dataset.takes)
        if (box) remember.value = box.checked ? box.value : ''
        credential.value = credentialJson(given)
        form.submit()
      },
    )
  }

  /* Somebody has just signed in with what the password manager filled in: it may make a passkey of it, without a question. */
  const upgradeQuietly = (form) => {
    const Key = window.PublicKeyCredential
    if (!('upgrade' in form.dataset) || !Key.getClientCapabilities) return
    Key.getClientCapabilities()
      .then(({ conditionalCreate }) => conditionalCreate && askFor(form, 'conditional'))
      .catch(() => {})
  }

  const offerQuietly = (form) => {
    const Key = window.PublicKeyCredential
    if (!('autofill' in form.dataset) || !Key.isConditionalMediationAvailable) return
    Key.isConditionalMediationAvailable()
      .then((can) => can && askFor(form, 'conditional'))
      .catch(() => {})
  }

  const whyNot = ({ closed, there, failed }, { name }) =>
    name === 'AbortError'
      ? ''
      : name === 'NotAllowedError'
        ? closed
        : (name === 'InvalidStateError' && there) || failed

  const show = (selector, shown) => all(selector).forEach((part) => (part.hidden = !shown))
  passkeys.forEach((form) => {
    form.hidden = false
    show('[data-passkey-only]', true)
    show('[data-passkey-cannot]', false)
    const button = form.querySelector('button[type="button"]:not([data-reveal])')
    button.hidden = false
    button.addEventListener('click', () => {
      const status = form.querySelector('p[role="status"]')
      status.textContent = ''
      askFor(form).catch((error) => {
        status.textContent = whyNot(form.dataset, error)
        if (error.name !== 'AbortError') offerQuietly(form)
      })
    })
    offerQuietly(form)
    upgradeQuietly(form)
  })

  /* A challenge is good for five minutes: whoever comes back to an empty form later finds a fresh one. */
  const loadedAt = Date.now()
  const isUntouched = () =>
    all('input:not([type="hidden"])').every((field) => !field.value || field.type === 'checkbox')
  window.addEventListener('focus', () => {
    const isStale = passkeys.length > 0 && Date.now() - loadedAt > 270000
    if (isStale && isUntouched() && !document.querySelector('.box.bad'))
      location.replace(location.pathname + location.search + location.hash)
  })

  /* Password managers are told which passkeys there still are, and what the account is called. */
  all('[data-passkey-signal]').forEach(({ dataset }) => {
    const Key = window.PublicKeyCredential || {}
    const told = JSON.parse(dataset.passkeySignal)
    const { rpId, userId, name, displayName, allAcceptedCredentialIds } = told
    if (Key.signalAllAcceptedCredentials)
      Key.signalAllAcceptedCredentials({ rpId, userId, allAcceptedCredentialIds }).catch(() => {})
    if (Key.signalCurrentUserDetails)
      Key.signalCurrentUserDetails({ rpId, userId, name, displayName }).catch(() => {})
  })

  /* Copy and print. */
  if (navigator.clipboard) {
    all('[data-copy]').forEach((button) => {
      button.hidden = false
      button.addEventListener('click', () => {
        say(button, '')
        navigator.clipboard.writeText(button.dataset.copy).then(
          () => say(button, button.dataset.copied),
          () => say(button, button.dataset.failed),
        )
      })
    })
  }
  all('[data-print]').forEach((button) => {
    button.hidden = false
    button.addEventListener('click', () => window.print())
  })

  /* What follows # in an address never reaches a server: browsers carry it over the redirect to here, the form on. */
  all('form[action$="/login"] input[name="next"]').forEach((next) => {
    if (location.hash.length > 1 && !next.value.includes('#')) next.value += location.hash
  })

  /* A second click while the first is under way is the same wish, not a second one. */
  const sent = new WeakSet()

  document.addEventListener('submit', (event) => {
    const form = event.target
    if (sent.has(form)) {
      event.preventDefault()
      return
    }
    sent.add(form)
    setTimeout(() => sent.delete(form), 4000)
    hidePasswords()
  })

  /* A page from the browser's memory may show what is no longer so: ask for it anew, and never post again. */
  window.addEventListener('pageshow', (event) => {
    hidePasswords()
    if (event.persisted) location.replace(location.pathname + location.search + location.hash)
  })

  /* A refused form is the answer to a POST: going back to it, or reloading it, is to ask for the page anew. */
  if (document.querySelector('.box.bad')) history.replaceState(null, '', location.href)

  /* From the summary to the field, with the label in view. */
  all('.box a[href^="#"]').forEach((link) => {
    link.addEventListener('click', (event) => {
      const field = document.getElementById(link.hash.slice(1))
      if (!field) return
      event.preventDefault()
      const label = document.querySelector(`label[for="${field.id}"]`) || field
      label.scrollIntoView()
      field.focus({ preventScroll: true })
    })
  })

  /* What goes on by itself where scripts run. */
  all('form[data-go]').forEach((form) => form.submit())

  /* The server writes UTC; here is the person's own time, by the clock that they read. */
  const { lang } = document.documentElement
  const languages = navigator.languages || []
  const locale = languages.find((one) => one.split('-')[0] === lang) || lang
  const { hourCycle } = new Intl.DateTimeFormat(languages[0], { timeStyle: 'short' }).resolvedOptions()
  const formats = {
    clock: { timeStyle: 'short', hourCycle },
    day: { dateStyle: 'long' },
    moment: { dateStyle: 'long', timeStyle: 'short', hourCycle },
  }
  all('time[data-time]').forEach((time) => {
    const at = new Date(time.dateTime)
    if (!Number.isNaN(at.getTime())) {
      time.textContent = new Intl.DateTimeFormat(locale, formats[time.dataset.time]).format(at)
    }
  })

  /* A wait is counted down for those who see it. Those who hear it are told how long it is, and when it is over. */
  const amount = (number, unit) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(number)

  const inWords = (seconds) => {
    if (seconds < 60) return amount(seconds, 'second')
    const rest = seconds % 60
    if (seconds < 600 && rest > 0)
      return `${amount((seconds - rest) / 60, 'minute')} ${amount(rest, 'second')}`
    return seconds < 5400
      ? amount(Math.ceil(seconds / 60), 'minute')
      : amount(Math.ceil(seconds / 3600), 'hour')
  }

  all('[data-countdown]').forEach((shown) => {
    const end = Date.now() + 1000 * shown.dataset.countdown
    const heard = document.createElement('span')
    heard.className = 'vh'
    heard.textContent = shown.textContent
    shown.before(heard)
    shown.setAttribute('aria-hidden', 'true')
    const sentence = shown.closest('[data-over]')
    const timer = window.setInterval(() => {
      const seconds = Math.ceil((end - Date.now()) / 1000)
      if (seconds > 0) shown.textContent = inWords(seconds)
      else {
        window.clearInterval(timer)
        sentence.textContent = sentence.dataset.over
      }
    }, 1000)
  })
})()
