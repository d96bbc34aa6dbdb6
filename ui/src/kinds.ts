// What the sign-in to each kind of phone system needs. Its words stand in `words/`.

interface Kind {
  /** What it calls itself. */
  name: string;
  /** What its addresses begin with; the first one is meant when none is typed. */
  schemes: readonly [string, ...string[]];
  /** Users belong to a tenant. */
  tenant: boolean;
  /** The user that signs in is not the extension, so that is asked for by itself. */
  extension: boolean;
}

const others: Kind = { name: "Vodia PBX", schemes: ["https", "http"], tenant: true, extension: false };

const kinds: Record<string, Kind> = {
  vodia: others,
  asterisk: { name: "Asterisk", schemes: ["amis", "ami"], tenant: false, extension: true },
};

/** Each kind and its name. */
export const names: [kind: string, name: string][] = Object.entries(kinds).map(([kind, { name }]) => [kind, name]);

/** What this kind needs. */
export function needs(kind: string): Kind {
  return kinds[kind] ?? others;
}

/** The schemes that a kind takes; the first one is meant when none is typed. */
export function schemes(kind: string): Kind["schemes"] {
  return needs(kind).schemes;
}
