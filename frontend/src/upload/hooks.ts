import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
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

const SPEED_EVERY_MS = 1_000;

/** Looked at each second, because nothing happens when bytes stop. */
export function useSpeed(task: UploadTask): number | undefined {
  const [speed, setSpeed] = useState<number>();
  useEffect(() => {
    const timer = setInterval(() => setSpeed(task.speed()), SPEED_EVERY_MS);
    return () => clearInterval(timer);
  }, [task]);
  return speed;
}
