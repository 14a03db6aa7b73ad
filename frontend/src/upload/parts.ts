import type { Upload } from '../api/types';

export interface PartRange {
  number: number;
  from: number;
  to: number;
}

type Geometry = Pick<Upload, 'size_bytes' | 'part_size_bytes'>;

export function partRange({ size_bytes, part_size_bytes }: Geometry, number: number): PartRange {
  const from = (number - 1) * part_size_bytes;
  return { number, from, to: Math.min(size_bytes, from + part_size_bytes) };
}

/** The parts that the server does not have yet, in order. */
export function missingParts(upload: Upload): PartRange[] {
  const count = Math.ceil(upload.size_bytes / upload.part_size_bytes);
  const stored = new Set(upload.parts.map((part) => part.number));
  const missing: PartRange[] = [];
  for (let number = 1; number <= count; number += 1) {
    if (!stored.has(number)) missing.push(partRange(upload, number));
  }
  return missing;
}

export function storedBytes(upload: Upload): number {
  return upload.parts.reduce((sum, part) => sum + part.size_bytes, 0);
}

/** At most `most` of the items, evenly spread, first and last included. */
export function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => items[Math.round(i * step)] as T);
}
