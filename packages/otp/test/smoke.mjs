/** A list of complaints, and the comparison that adds to it. */
function complaints() {
  const wrong = []
  const same = (what, one, two) => {
    const [told, wanted] = [one, two].map((value) => JSON.stringify(value))
    if (told !== wanted) wrong.push(`${what}: ${told} is not ${wanted}`)
  }
  return { wrong, same }
}

const SEED = '12345678901234567890'
const seed = (length) => Uint8Array.from({ length }, (_, at) => SEED.charCodeAt(at % SEED.length))
const TIMES = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000]

/** RFC 6238 Appendix B. */
const TABLE = [
  ['SHA1', 20, ['94287082', '07081804', '14050471', '89005924', '69279037', '65353130']],
  ['SHA256', 32, ['46119246', '68084774', '67062674', '91819424', '90698825', '77737706']],
  ['SHA512', 64, ['90693936', '25091201', '99943326', '93441116', '38618901', '47863826']],
]

function codes(otp, same) {
  for (const [algorithm, length, wanted] of TABLE) {
    const totp = new otp.Totp({ secret: seed(length), algorithm, digits: 8 })
    const told = TIMES.map((time) => totp.at(time))
    same(algorithm, told, wanted)
    // Often enough for the compiler of the platform to take its turn.
    for (let round = 0; round < 300; round++) {
      const verdict = totp.verify(totp.at(round * 1e6), { atSeconds: round * 1e6 })
      same(`${algorithm} at ${round * 1e6}`, verdict.matched, true)
    }
  }
  same('counter', otp.hotp(seed(20), 2n ** 63n - 1n), '181742')
}

function formats(otp, { migration, imports }, same) {
  const secret = otp.generateSecret()
  same('secret', secret.length, 20)
  same('base32', Array.from(otp.decodeBase32(otp.encodeBase32(secret))), Array.from(secret))
  const uri = otp.otpauthUri({ issuer: 'Café & Co', account: '张三', secret })
  const { account } = otp.parseOtpauthUri(uri)
  same('URI', [account.issuer, account.account], ['Café & Co', '张三'])
  same('typed', otp.normaliseCode(' 12３-４56 '), '123456')
  const part = migration.readMigration(migration.writeMigration([account])[0])
  same(
    'export',
    [part.accounts[0].issuer, Array.from(part.accounts[0].secret)],
    ['Café & Co', Array.from(secret)],
  )
  same('backup', imports.readBackup('{"services":[]}').parsed, true)
}

/**
 * The built package in whatever runs this file: the codes of the RFCs, a new secret, a URI there and back, an export,
 * a backup, a Steam code and a virtual authenticator.
 * @param {(name: string) => Promise<any>} load imports an entry point that needs no platform: index, migration, imports, files, steam, testing
 * @returns {Promise<string[]>} what went wrong
 */
export async function smoke(load) {
  const names = ['index', 'migration', 'imports', 'files', 'steam', 'testing']
  const [otp, migration, imports, files, steam, testing] = await Promise.all(names.map((name) => load(name)))
  const { wrong, same } = complaints()
  codes(otp, same)
  formats(otp, { migration, imports }, same)
  same('Steam', steam.steamCode('63BEDWCQZKTQWPESARIERL5DTTQFCJTK', 1511200518), 'FR8RV')
  same('a list', files.beginsWithUri('otpauth://totp/a?secret=GEZDGNBV'), true)
  const phone = new testing.VirtualAuthenticator({ nowSeconds: 59 })
  phone.enrol('otpauth://totp/A:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A')
  same('phone', phone.code(), '287082')
  return wrong
}
