import { existsSync } from 'node:fs';

/** Folder of this package, with a slash at its end: the clone, or where it was installed. */
export const packageRoot: URL = (() => {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
  return folder;
})();
