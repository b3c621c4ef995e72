// The one door to Node's built-in modules for bodies that need them. Found at run time, so that builds for browsers carry no trace of
// them; hosts without them get a plain failure.

import { failure } from "./operand.ts";

type NodeCrypto = typeof import("node:crypto");

/** Undefined on other hosts. */
export function nodeModule<T>(name: string): T | undefined {
  const runtime = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  return runtime?.getBuiltinModule?.(name) as T | undefined;
}

export function nodeCrypto(): NodeCrypto {
  const found = nodeModule<NodeCrypto>("node:crypto");
  if (found === undefined) throw failure("this host has no cryptography");
  return found;
}

/** A variable of the environment; empty where there is none. */
export function environmentVariable(name: string): string {
  const runtime = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process;
  return runtime?.env?.[name] ?? "";
}
