/** What one server at a time does for all of them. It ends by itself, for whoever holds it may die. */
interface Lease {
  readonly name: string
  /** Another text for each server. */
  readonly holder: string
  readonly seconds: number
}

export interface LeaseStore {
  /**
   * Takes a lease that nobody holds, or makes one's own last longer. One conditional statement; the write decides.
   * The database's clock decides, where it has one; one that ends much later than the new one would was set by a clock
   * that was wrong, and holds nobody.
   */
  take(lease: Lease, now: number): Promise<boolean>
  /** Gives it back before its time. */
  release(name: string, holder: string): Promise<void>
}
