// What has just appeared takes no press: it was meant for what stood there before.

/** How long that is; a double press is shorter. */
const SETTLE_MS = 300;

/** Begins to count; the answer tells whether a press counts now. */
export function settling(): () => boolean {
  const at = performance.now();
  return () => performance.now() - at >= SETTLE_MS;
}

/** Keeps a key that is held down from pressing what got the focus meanwhile. */
export function noRepeat(event: KeyboardEvent): void {
  if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
}
