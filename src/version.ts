import { readFileSync } from 'node:fs';
import { packageRoot } from './kit/package-root.ts';

/** Version of this package. */
export const version: string = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')).version;
