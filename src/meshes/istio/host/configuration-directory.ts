import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The folder that istiod watches. istiod has to start while it is empty: what it finds there it may have read
 * before its registry of services listens, and then that never hears of it. What comes later it takes for certain,
 * and all of it at once when the files come in one folder, in one rename.
 */
export class ConfigurationDirectory {
  /** What istiod is told to watch. */
  readonly watched: string;
  /** Where the files stand while istiod has them. */
  readonly published: string;
  /** Where they stand while it has not. */
  readonly #withheld: string;

  constructor(directory: string) {
    this.watched = join(directory, 'istiod');
    this.published = join(this.watched, 'config');
    this.#withheld = join(directory, 'config');
  }

  /** Group → contents of its files; before the first `publish`. */
  async write(groups: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await Promise.all([this.watched, this.#withheld].map((path) => mkdir(path, { recursive: true })));
    await Promise.all(
      Object.entries(groups).flatMap(([group, contents]) =>
        contents.map((content, index) => writeFile(join(this.#withheld, `${group}-${index}.yaml`), content)),
      ),
    );
  }

  /** Gives istiod the files, unless it has them. */
  publish(): Promise<void> {
    return move(this.#withheld, this.published);
  }

  /** Takes them back, with what has been changed in them since. */
  withhold(): Promise<void> {
    return move(this.published, this.#withheld);
  }
}

async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
