import * as parse from './parsers.js'
import { describe } from './setting.js'

/** https of our own. */
export const tlsSettings = {
  tlsCert: describe({
    variable: 'NIGHTLATCH_TLS_CERT',
    placeholder: 'file',
    help:
      'Serves https by itself, HTTP/2 as well: the certificate and those between it and its authority, in PEM. ' +
      'Read again when the file is renewed, and at SIGHUP.',
    shownDefault: 'none: plain http, for a proxy in front or for this machine',
    example: '/etc/letsencrypt/live/auth.example.org/fullchain.pem',
    parse: parse.path,
  }),
  tlsKey: describe({
    variable: 'NIGHTLATCH_TLS_KEY',
    placeholder: 'file',
    help: 'The private key of that certificate, in PEM, without a passphrase.',
    shownDefault: 'none',
    example: '/etc/letsencrypt/live/auth.example.org/privkey.pem',
    parse: parse.path,
  }),
  redirectPort: describe({
    variable: 'NIGHTLATCH_REDIRECT_PORT',
    placeholder: 'number',
    help: 'A second port, with plain http, that does nothing but lead to the https origin. Only with a certificate.',
    shownDefault: 'none',
    example: '80',
    parse: parse.wholeNumber(1, 65_535),
  }),
}
