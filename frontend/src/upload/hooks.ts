import { useCallback, useSyncExternalStore } from 'react';
import { type UploadItem, uploads } from './store';
import type { TaskState, UploadTask } from './task';

export function useUploads(): UploadItem[] {
  return useSyncExternalStore(uploads.subscribe, uploads.snapshot);
}

export function useTask(task: UploadTask): TaskState {
  return useSyncExternalStore(
    useCallback((listener: () => void) => task.subscribe(listener), [task]),
    () => task.state,
  );
}
