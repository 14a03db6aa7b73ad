/**
 * CRC-32C (Castagnoli) with slicing-by-8. `crypto.subtle` does not exist on a plain-http LAN
 * address and has no CRC anyway.
 */
const POLYNOMIAL = 0x82f63b78;

function makeTables(): Uint32Array[] {
  const first = new Uint32Array(256);
  for (let n = 0; n < 256; n += 1) {
    let value = n;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    }
    first[n] = value;
  }
  const tables = [first];
  for (let k = 1; k < 8; k += 1) {
    const before = tables[k - 1] as Uint32Array;
    tables.push(before.map((value) => (value >>> 8) ^ (first[value & 0xff] as number)));
  }
  return tables;
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = makeTables() as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/** The checksum of `bytes`; give the checksum so far to continue one. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  // Indices are masked to 0..255 and the loop bound guards `bytes`: `at` only tells the compiler.
  const at = (table: Uint8Array | Uint32Array, index: number) => table[index] as number;
  let crc = ~before >>> 0;
  let i = 0;
  const whole = bytes.length - (bytes.length % 8);
  for (; i < whole; i += 8) {
    crc ^=
      at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    crc =
      at(T7, crc & 0xff) ^
      at(T6, (crc >>> 8) & 0xff) ^
      at(T5, (crc >>> 16) & 0xff) ^
      at(T4, crc >>> 24) ^
      at(T3, at(bytes, i + 4)) ^
      at(T2, at(bytes, i + 5)) ^
      at(T1, at(bytes, i + 6)) ^
      at(T0, at(bytes, i + 7));
  }
  for (; i < bytes.length; i += 1) {
    crc = at(T0, (crc ^ at(bytes, i)) & 0xff) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** Base64 of the four big-endian bytes, as S3's `x-amz-checksum-crc32c` writes it. */
export function crcToBase64(crc: number): string {
  return btoa(
    String.fromCharCode((crc >>> 24) & 0xff, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff),
  );
}
