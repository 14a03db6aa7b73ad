import { en } from './en';

export type TextKey = keyof typeof en;
type Parameters = Record<string, string | number>;

/** The text for `key` in the reader's language, its `{parameters}` filled in. */
export function t(key: TextKey, parameters: Parameters = {}): string {
  return en[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = parameters[name];
    return value === undefined ? whole : String(value);
  });
}
