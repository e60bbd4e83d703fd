/** Largest r with r^power <= value, by Newton's method from a first guess that is never too small. */
function integerRoot(value: bigint, power: bigint): bigint {
  let root = BigInt(Math.ceil(Number(value) ** (1 / Number(power)) * (1 + 2 ** -40)))
  for (;;) {
    const next = ((power - 1n) * root + value / root ** (power - 1n)) / power
    if (next >= root) return root
    root = next
  }
}

function firstPrimes(count: number): number[] {
  const primes: number[] = []
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
  }
  return primes
}

/** The first 64 bits of the fractional part of the root, as two words, high and low. */
function fraction(prime: number, power: bigint): [number, number] {
  const bits = BigInt.asUintN(64, integerRoot(BigInt(prime) << (64n * power), power))
  return [Number(bits >> 32n) | 0, Number(bits & 0xffff_ffffn) | 0]
}

/**
 * The constants of SHA-256 and SHA-512, made the way FIPS 180-4 §4.2.2, §4.2.3, §5.3.3 and §5.3.5 define them: from
 * the square roots of the first 8 primes and the cube roots of the first 80. SHA-256 takes the high words.
 */
export function sha2Constants(): { start: Int32Array; rounds: Int32Array } {
  const primes = firstPrimes(80)
  return {
    start: Int32Array.from(primes.slice(0, 8).flatMap((prime) => fraction(prime, 2n))),
    rounds: Int32Array.from(primes.flatMap((prime) => fraction(prime, 3n))),
  }
}

/** Every second word of `words`, the high ones of 64-bit values. */
export const highWords = (words: Int32Array): Int32Array => words.filter((_, at) => at % 2 === 0)
