/** The tests that need no server, browser, proxy or PostgreSQL: thousands of them, in less than half a minute. */
export const quickFolders = [
  'packages/otp/src',
  ...['config', 'core', 'crypto', 'log', 'mail', 'pages'].map((name) => `packages/nightlatch/test/${name}`),
]

export const isQuick = (file) => quickFolders.some((folder) => file.includes(`${folder}/`))
