import type { Chosen, FileHandle } from './handles';

interface HandleItem {
  getAsFileSystemHandle?(): Promise<FileHandle | null>;
}

/** What was dropped, with handles where there are any. Folders are left out. */
export async function droppedFiles(data: DataTransfer): Promise<Chosen[]> {
  // The list is emptied as soon as the event handler returns: take everything out first.
  const items = [...data.items].filter((item) => item.kind === 'file');
  const taken = items.map((item) => ({
    file: item.getAsFile(),
    folder: item.webkitGetAsEntry?.()?.isDirectory ?? false,
    handle: (item as HandleItem).getAsFileSystemHandle?.().catch(() => null),
  }));
  const chosen = await Promise.all(
    taken.map(async ({ file, folder, handle }): Promise<Chosen | undefined> => {
      const known = await handle;
      if (!file || folder) return undefined;
      return known?.kind === 'file' ? { file, handle: known } : { file };
    }),
  );
  return chosen.filter((one) => one !== undefined);
}
