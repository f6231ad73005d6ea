import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nearest } from './nearest.ts';

const mostBytes = 1024 * 1024;

/** Content of a text file, or why it cannot be had, in words for the operator. */
export type TextFile = { readonly text: string } | { readonly message: string; readonly hint?: string };

/** Reads a UTF-8 file of at most 1 MiB; a byte order mark is dropped. Never blocks on pipes or devices. */
export async function readTextFile(path: string): Promise<TextFile> {
  if (path.includes('\0')) return { message: 'the path has a NUL character in it' };
  try {
    // Opening a pipe for reading would wait for a writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const about = await file.stat();
    if (about.isDirectory()) return { message: 'this is a directory, not a file' };
    if (!about.isFile()) return { message: 'this is not a regular file' };
    if (about.size > mostBytes) {
      return { message: `the file is too large: ${about.size} bytes, at most ${mostBytes} (1 MiB) are read` };
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
    const nul = text.indexOf('\0');
    if (nul >= 0) return { message: 'this is not a text file: it has NUL characters in it' };
    return { text };
  } catch (error) {
    return explain(path, error);
  }
}

async function explain(path: string, error: unknown): Promise<TextFile> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT': {
      if (await isLink(path)) return { message: 'this is a link that leads to no file' };
      const meant = await nearestFile(path);
      return { message: 'there is no such file', ...(meant ? { hint: `did you mean ${meant}?` } : {}) };
    }
    case 'ENOTDIR':
      return { message: 'there is no such file: a part of the path is not a directory' };
    case 'EACCES':
    case 'EPERM':
      return { message: 'the file may not be read', hint: 'check its permissions' };
    case 'ELOOP':
      return { message: 'the path runs in a circle of symbolic links' };
    case 'ENAMETOOLONG':
      return { message: 'the path is too long' };
    case 'ENXIO':
      return { message: 'this is not a regular file' };
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return { message: 'the file is not UTF-8 text', hint: 'save it as UTF-8' };
    default:
      if (code === undefined) throw error;
      return { message: `the file cannot be read: ${code}` };
  }
}

const isLink = (path: string) =>
  lstat(path).then(
    (about) => about.isSymbolicLink(),
    () => false,
  );

async function nearestFile(path: string): Promise<string | undefined> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  const meant = nearest(basename(path), names);
  return meant && join(folder, meant);
}
