import type { NextConfig } from 'next'

const config: NextConfig = {
  // It has native parts (argon2id, SQLite) and threads of its own: Node loads it, the bundler does not.
  serverExternalPackages: ['nightlatch'],
}

export default config
