// The one door to node:crypto for bodies that must answer at once. Found at run time, so that builds for browsers carry no trace of it;
// hosts without it get a plain failure.

import { failure } from "./operand.ts";

type NodeCrypto = typeof import("node:crypto");

export function nodeCrypto(): NodeCrypto {
  const runtime = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  const found = runtime?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
  if (found === undefined) throw failure("this host has no cryptography");
  return found;
}
