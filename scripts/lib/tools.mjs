/** Programs that the tests compare us with, installed where that is possible without asking anybody. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const inPath = (name) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))

function hasPostgres() {
  if ((process.env.DATABASE_URL ?? '') !== '' || inPath('postgres')) return true
  const folder = '/usr/lib/postgresql'
  return (
    existsSync(folder) &&
    readdirSync(folder).some((version) => existsSync(join(folder, version, 'bin/postgres')))
  )
}

/** Where Debian keeps what belongs to one kind of processor. */
const multiarch = () =>
  existsSync('/lib')
    ? readdirSync('/lib')
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => join('/lib', name))
    : []

const tools = [
  {
    for: 'tests in a real browser',
    packages: ['chromium', 'fonts-dejavu-core'],
    isThere: () => ['chromium', 'chromium-browser', 'google-chrome'].some(inPath),
  },
  { for: 'passkeys in Firefox', packages: ['firefox-esr'], isThere: () => inPath('firefox-esr') },
  { for: 'tests on a real PostgreSQL', packages: ['postgresql'], isThere: hasPostgres },
  { for: 'QR codes read by another program', packages: ['zbar-tools'], isThere: () => inPath('zbarimg') },
  ...['nginx', 'caddy', 'haproxy'].map((name) => ({
    for: `the example behind ${name}`,
    packages: [name],
    isThere: () => inPath(name),
  })),
  ...[
    {
      packages: ['tomcat10', 'default-jre-headless'],
      isThere: () => existsSync('/usr/share/tomcat10') && inPath('java'),
    },
    { packages: ['php-cli'], isThere: () => inPath('php') },
    { packages: ['python3-flask'], isThere: () => existsSync('/usr/lib/python3/dist-packages/flask') },
  ].map((tool) => ({ for: 'paths as other servers read them', ...tool })),
  { for: 'servers behind PgBouncer', packages: ['pgbouncer'], isThere: () => inPath('pgbouncer') },
  {
    for: 'passkeys forged by another program',
    packages: ['python3-fido2'],
    isThere: () => existsSync('/usr/lib/python3/dist-packages/fido2'),
  },
  { for: 'codes computed by another program', packages: ['oathtool'], isThere: () => inPath('oathtool') },
  { for: 'htpasswd files, moving in', packages: ['apache2-utils'], isThere: () => inPath('htpasswd') },
  { for: 'mkpasswd hashes, moving in', packages: ['whois'], isThere: () => inPath('mkpasswd') },
  {
    for: 'files of google-authenticator',
    packages: ['libpam-google-authenticator'],
    isThere: () => inPath('google-authenticator'),
  },
  {
    for: 'applications behind Apache that sign in here',
    packages: ['libapache2-mod-auth-openidc'],
    isThere: () => existsSync('/usr/lib/apache2/modules/mod_auth_openidc.so'),
  },
  {
    for: 'an application in Python that signs in here',
    packages: ['python3-authlib', 'python3-requests'],
    isThere: () =>
      ['authlib', 'requests'].every((one) => existsSync(`/usr/lib/python3/dist-packages/${one}`)),
  },
  {
    for: 'files of pam_oath',
    packages: ['libpam-oath'],
    isThere: () => multiarch().some((folder) => existsSync(join(folder, 'security/pam_oath.so'))),
  },
  { for: 'signing in through PAM', packages: ['pamtester'], isThere: () => inPath('pamtester') },
  { for: 'PSKC, written', packages: ['pskc-utils'], isThere: () => inPath('csv2pskc') },
  { for: 'PSKC, validated and signed', packages: ['pskctool'], isThere: () => inPath('pskctool') },
  { for: 'files of OTPClient', packages: ['otpclient-cli'], isThere: () => inPath('otpclient-cli') },
  { for: 'a terminal for OTPClient', packages: ['expect'], isThere: () => inPath('expect') },
  { for: 'backups read by another program', packages: ['jq'], isThere: () => inPath('jq') },
  { for: 'vaults of KeePassXC', packages: ['keepassxc'], isThere: () => inPath('keepassxc-cli') },
]

const clusterTools = [
  { for: 'the cluster', packages: ['postgresql'], isThere: () => existsSync('/usr/lib/postgresql') },
  { for: 'the cluster', packages: ['patroni'], isThere: () => inPath('patroni') },
  { for: 'the cluster', packages: ['etcd-server'], isThere: () => inPath('etcd') },
  { for: 'the cluster', packages: ['haproxy'], isThere: () => inPath('haproxy') },
]

export function ensureTools() {
  for (const tool of missingAfterInstall(tools))
    process.stderr.write(`Missing: ${tool.packages[0]}, for ${tool.for}. Those tests are left out or fail.\n`)
}

/** What `npm run ha` needs. @returns whether it is all there */
export function ensureCluster() {
  const missing = missingAfterInstall(clusterTools)
  for (const tool of missing)
    process.stderr.write(`Missing: ${tool.packages[0]}, for ${tool.for}. Debian has it: apt-get install.\n`)
  return missing.length === 0
}

function missingAfterInstall(wanted) {
  const missing = wanted.filter((tool) => !tool.isThere())
  if (missing.length === 0) return []
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version') && inPath('apt-get')) {
    install(missing.flatMap((tool) => tool.packages))
  }
  return missing.filter((one) => !one.isThere())
}

function install(packages) {
  process.stderr.write(`Installing ${packages.join(', ')} (apt-get) …\n`)
  // RUNLEVEL=1: installed, but no server of the system's is started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const options = { env, stdio: ['ignore', 'ignore', 2] }
  const install = (...names) =>
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], options)
  // The lists of a fresh machine are empty or old.
  if (install(...packages).status === 0) return
  spawnSync('apt-get', ['update', '-qq'], options)
  // One that this release of Debian does not have must not keep the others away.
  if (install(...packages).status !== 0) for (const name of packages) install(name)
}
