import type { Migration } from './index.js'

/** Every value that a trusted device's cookie ever had is of one series: whichever comes back is known. */
export const trustedDeviceSeries: Migration = {
  id: 5,
  name: 'trusted device series',
  statements: ['ALTER TABLE trusted_device ADD COLUMN series_hash {text}'],
}
