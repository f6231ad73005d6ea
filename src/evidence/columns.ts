/** The larger of two columns, with what is in the smaller. */
export function grown<T extends { set(array: ArrayLike<number>): void }>(from: ArrayLike<number>, to: T): T {
  to.set(from);
  return to;
}
