/** The workflow that runs every scenario of a folder for pull requests, and comments on them. */
export function workflowText(folder: string, action: string): string {
  return `name: Breakwater

on:
  pull_request:
  push:
    branches: [main]

# A newer push ends what runs for the one before it.
concurrency:
  group: breakwater-\${{ github.ref }}
  cancel-in-progress: true

permissions:
  contents: read
  # For the comment; a pull request from a fork gets the summary of the job instead.
  pull-requests: write

jobs:
  mesh:
    runs-on: ubuntu-latest
    timeout-minutes: 45
    steps:
      - uses: actions/checkout@v6
      - uses: ${action}
        with:
          scenario: ${folder}
          comment: 'true'
`;
}

/** The lines of .gitignore with one for the reports; undefined where they have one. */
export function ignoring(text: string): string | undefined {
  const has = text.split(/\r?\n/).some((line) => /^\/?reports\/?(\*\*?)?\s*$/.test(line.trim()));
  if (has) return undefined;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}reports/\n`;
}
