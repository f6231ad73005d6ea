import type { z } from 'zod';

/** What a text in JSON says, in the shape that it has to have; undefined when it is none, or of another shape. */
export function jsonAs<T extends z.ZodType>(shape: T, text: string): z.infer<T> | undefined {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
