import { ApiError } from '../api/problem';
import { t } from '../i18n';
import '../i18n/upload';
import { UnreadableFile } from './hasher';

/** Why an upload stopped, in words, and what can be done about it. */
export interface Failure {
  text: string;
  /** `again`: trying again may help; `file`: only choosing the file again does; `no`: neither. */
  remedy: 'again' | 'file' | 'no';
  /** It failed for want of a connection and may be tried again when that is back. */
  network: boolean;
}

export class UploadRefused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.text);
  }
}

const refused = (text: string, remedy: Failure['remedy'], network = false) =>
  new UploadRefused({ text, remedy, network });

export const emptyFile = () => refused(t('upload.error.empty'), 'no');
export const changedFile = () => refused(t('upload.error.changed'), 'file');
export const otherFile = (name: string, size: string) =>
  refused(t('upload.error.other', { name, size }), 'file');
export const unreachable = () => refused(t('upload.error.network'), 'again', true);
export const serverTrouble = () => refused(t('upload.error.server'), 'again', true);
export const storageRefused = (status: number) =>
  refused(t('upload.error.refused', { status }), 'again');
export const incomplete = () => refused(t('upload.error.incomplete'), 'again');

/** Passing trouble: no answer, a busy or a broken server. */
export function isTransient(status: number): boolean {
  return status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof UploadRefused) return error.failure;
  if (error instanceof UnreadableFile) {
    return { text: t('upload.error.unreadable'), remedy: 'file', network: false };
  }
  if (error instanceof ApiError) {
    return { text: error.message, remedy: 'again', network: isTransient(error.status) };
  }
  return { text: t('upload.error.server'), remedy: 'again', network: false };
}
