// What the sign-in to each kind of phone system needs. Its words stand in `words.ts`.

interface Kind {
  /** What its addresses begin with; the first one is meant when none is typed. */
  schemes: readonly [string, ...string[]];
  /** Users belong to a tenant. */
  tenant: boolean;
  /** The user that signs in is not the extension, so that is asked for by itself. */
  extension: boolean;
}

const others: Kind = { schemes: ["https", "http"], tenant: true, extension: false };

const kinds: Record<string, Kind> = {
  vodia: others,
  asterisk: { schemes: ["amis", "ami"], tenant: false, extension: true },
};

/** What this kind needs. */
export function needs(kind: string): Kind {
  return kinds[kind] ?? others;
}

/** The schemes that a kind takes; the first one is meant when none is typed. */
export function schemes(kind: string): Kind["schemes"] {
  return needs(kind).schemes;
}
