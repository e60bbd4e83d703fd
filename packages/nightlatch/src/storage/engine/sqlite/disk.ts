import { type FileHandle, open } from 'node:fs/promises'
import { StorageError } from '../errors.js'

/** Brings what was written to a file to the disk. */
interface SyncedFile {
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * The wait for the disk, off the thread that answers requests. SQLite has written its log when a commit returns; who
 * has committed is told only when the log has reached the disk. One wait serves all who have committed before it began.
 */
export class Disk {
  readonly #log: SyncedFile
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  /** After one nobody knows what the disk has: nothing is written any more until the file is opened anew. */
  failure: StorageError | null = null

  constructor(log: string | SyncedFile) {
    this.#log = typeof log === 'string' ? new LogFile(log) : log
  }

  /** Resolves when all that was committed before this call is on the disk. */
  hasAll(): Promise<void> {
    this.#next ??= this.#after(this.#running)
    return this.#next
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next])
    await this.#log.close()
  }

  async #after(before: Promise<void> | null): Promise<void> {
    await before?.catch(() => undefined)
    // From here on, whoever commits is too late for this one.
    this.#running = this.#next
    this.#next = null
    if (this.failure !== null) throw this.failure
    try {
      await this.#log.sync()
    } catch (error) {
      this.failure = new StorageError(
        'unavailable',
        'the disk did not take what was written: look at it, then start the server again',
        error,
      )
      throw this.failure
    }
  }
}

/** SQLite's write-ahead log, which is there from the first write until the last connection is closed. */
class LogFile implements SyncedFile {
  readonly #path: string
  #file: Promise<FileHandle> | null = null

  constructor(path: string) {
    this.#path = path
  }

  async sync(): Promise<void> {
    this.#file ??= open(this.#path, 'r+')
    await (await this.#file).datasync()
  }

  async close(): Promise<void> {
    await (await this.#file?.catch(() => null))?.close()
  }
}
