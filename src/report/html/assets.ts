import { readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

export interface Assets {
  /** A classic script: it makes the global that the charts use. */
  readonly chartLibrary: string;
  readonly chartLibraryStyle: string;
  /** A module. */
  readonly charts: string;
}

/** What report.html carries inside so that it needs no network. */
export function readAssets(): Assets {
  return {
    chartLibrary: readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    chartLibraryStyle: readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
    charts: chartsScript(),
  };
}

/** charts.browser, compiled beside this file in the package, or as TypeScript in the repository. */
function chartsScript(): string {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.js')) return readFileSync(new URL('./charts.browser.js', import.meta.url), 'utf8');
  return stripTypeScriptTypes(readFileSync(new URL('./charts.browser.ts', import.meta.url), 'utf8'));
}
