import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** istiod reads what comes within a fifth of a second; a machine with too much to do takes longer. */
const unnoticedMs = 3_000;

/**
 * The folder that istiod watches. istiod has to start while it is empty: what it finds there it may have read
 * before its registry of services listens, and then that never hears of it. What comes later it takes for certain,
 * and all of it at once when the files come in one folder, in one rename. On a busy machine it may begin to watch
 * only after it has begun to listen, and miss even that: then the folder comes once more.
 */
export class ConfigurationDirectory {
  /** What istiod is told to watch. */
  readonly watched: string;
  /** Where the files stand while istiod has them. */
  readonly published: string;
  /** Where they stand while it has not. */
  readonly #withheld: string;
  /** Where a file is written before it takes the place of another. */
  readonly #draft: string;
  #publishedAt = Number.POSITIVE_INFINITY;

  constructor(directory: string) {
    this.watched = join(directory, 'istiod');
    this.published = join(this.watched, 'config');
    this.#withheld = join(directory, 'config');
    this.#draft = join(directory, 'config.draft');
  }

  /** Name of a file → its content; before the first `publish`. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    await Promise.all([this.watched, this.#withheld].map((path) => mkdir(path, { recursive: true })));
    await Promise.all(
      Object.entries(files).map(([name, content]) => writeFile(join(this.#withheld, name), content)),
    );
  }

  /** Puts a file in the place of the one of that name, in one step, wherever that is now. */
  async replace(name: string, content: string): Promise<void> {
    await writeFile(this.#draft, content);
    // Between two looks the folder may have gone from the one place to the other.
    const places = [this.published, this.#withheld, this.published];
    for (const place of places) if (await move(this.#draft, join(place, name))) return;
    throw new Error(`there is no folder for ${name}`);
  }

  /** Gives istiod the files, unless it has them. */
  async publish(): Promise<void> {
    if (await move(this.#withheld, this.published)) this.#publishedAt = performance.now();
  }

  /** Takes the files back when istiod has had them for so long that it should know them; `publish` gives them again. */
  async nudge(): Promise<void> {
    if (performance.now() - this.#publishedAt > unnoticedMs) await this.withhold();
  }

  /** Takes them back, with what has been changed in them since. */
  async withhold(): Promise<void> {
    await move(this.published, this.#withheld);
  }
}

/** False when there is nothing to move, or no folder to move it to. */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}
