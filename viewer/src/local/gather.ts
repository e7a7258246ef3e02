// Files that were dropped or chosen, with everything in their folders.

import type { NamedFile } from './local-studies';

const named = (file: File, path: string): NamedFile => ({ path, open: () => Promise.resolve(file) });

export const fromList = (files: Iterable<File>): NamedFile[] => [...files].map((file) => named(file, file.webkitRelativePath || file.name));

/** Everything in a folder; browsers give a hundred entries at a time. */
async function entriesIn(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function below(entry: FileSystemEntry): Promise<NamedFile[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) return [{ path, open: () => new Promise<Blob>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) }];
  const found: NamedFile[] = [];
  for (const one of await entriesIn(entry as FileSystemDirectoryEntry)) found.push(...(await below(one)));
  return found;
}

/** What is dropped; must be called while the event is handled, the browser forgets it afterwards. */
export function fromDrop(transfer: DataTransfer): Promise<NamedFile[]> {
  const entries = [...transfer.items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry());
  if (entries.length === 0 || entries.some((entry) => entry === null)) return Promise.resolve(fromList(transfer.files));
  return Promise.all(entries.map((entry) => below(entry as FileSystemEntry))).then((found) => found.flat());
}
