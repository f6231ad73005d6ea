/** Whether a file is mesh configuration and no scenario; a syntax error may hide it, and is reported the same either way. */
export function isConfiguration(text: string, file = ''): boolean {
  // No scenario is written in it.
  if (/\.hcl$/i.test(file)) return true;
  // Templates that are switched off leave comments and separators.
  if (saysNothing(text)) return text.trim() !== '';
  return hasField(text, 'apiVersion|[Kk]ind') && !isScenario(text);
}

/** Whether a file is meant to be a scenario, which may well have mistakes; told from its text alone. */
export function isScenario(text: string): boolean {
  return !saysNothing(text) && hasField(text, 'topology|checks|load|faults');
}

const saysNothing = (text: string) => text.split('\n').every((line) => /^(---)?\s*(#|$)/.test(line.trim()));

/** Whether one of these names is a field somewhere, in YAML or JSON; told from the text alone, which may be no YAML. */
function hasField(text: string, names: string): boolean {
  return new RegExp(`(^|[{,]\\s*)[ \\t"]*(${names})"?\\s*:`, 'm').test(text);
}
