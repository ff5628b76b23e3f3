/** Major, minor, patch. */
export type Version = readonly [number, number, number];

/** The first version in a text, of two numbers or three; undefined when there is none. */
export function versionIn(text: string): Version | undefined {
  const found = /(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
}

/** Negative when `a` is older than `b`, 0 when they are the same. */
export function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/**
 * Whether an installed server is new enough for this extension: it is when its major and minor number are the
 * extension's own or later ones. Fields of the protocol are added and never changed, so a later server answers an
 * earlier extension; an earlier server may lack what the extension asks for. The patch number never matters.
 */
export function isNewEnough(server: Version, extension: Version): boolean {
  return compare([server[0], server[1], 0], [extension[0], extension[1], 0]) >= 0;
}
