import type { account } from './account';
import type { admin } from './admin';
import { en } from './en';
import type { studio } from './studio';
import type { upload } from './upload';
import type { watch } from './watch';

export type TextKey =
  | keyof typeof en
  | keyof typeof account
  | keyof typeof admin
  | keyof typeof studio
  | keyof typeof upload
  | keyof typeof watch;
type Parameters = Record<string, string | number>;

const texts: Partial<Record<TextKey, string>> = { ...en };

/** Adds the texts of pages that are loaded later. */
export function add(more: Partial<Record<TextKey, string>>): void {
  Object.assign(texts, more);
}

/** The text for `key` in the reader's language, its `{parameters}` filled in. */
export function t(key: TextKey, parameters: Parameters = {}): string {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = parameters[name];
    return value === undefined ? whole : String(value);
  });
}
