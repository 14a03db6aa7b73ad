/**
 * Remembers which file an unfinished upload reads, where the browser lets pages keep such a
 * handle (Chromium on a secure origin). Everywhere else the file has to be chosen again.
 */
export interface FileHandle {
  kind: 'file' | 'directory';
  getFile(): Promise<File>;
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

const STORE = 'handles';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('marquee-uploads', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const db = await open();
    return await new Promise<T>((resolve, reject) => {
      const request = act(db.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    }).finally(() => db.close());
  } catch {
    // Private windows refuse storage: then the file is simply chosen again.
    return undefined;
  }
}

export const rememberHandle = (uploadId: string, handle: FileHandle) =>
  run('readwrite', (store) => store.put(handle, uploadId));

export const forgetHandle = (uploadId: string) =>
  run('readwrite', (store) => store.delete(uploadId));

export const recallHandle = (uploadId: string) =>
  run<FileHandle>('readonly', (store) => store.get(uploadId));

/** The file behind a handle; asks for permission when `ask` and the browser wants that. */
export async function openHandle(handle: FileHandle, ask: boolean): Promise<File | undefined> {
  const mode = { mode: 'read' } as const;
  try {
    let permission = (await handle.queryPermission?.(mode)) ?? 'granted';
    if (permission === 'prompt' && ask) {
      permission = (await handle.requestPermission?.(mode)) ?? 'granted';
    }
    return permission === 'granted' ? await handle.getFile() : undefined;
  } catch {
    return undefined;
  }
}

export interface Chosen {
  file: File;
  handle?: FileHandle;
}

interface PickerWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileHandle[]>;
}

export const canPickHandles = () => 'showOpenFilePicker' in window;

/** Opens the picker that also gives handles; empty when the person changed their mind. */
export async function pickFiles(multiple: boolean): Promise<Chosen[]> {
  const picker = (window as PickerWindow).showOpenFilePicker;
  if (!picker) return [];
  const handles = await picker.call(window, { multiple }).catch(() => []);
  return Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
}
