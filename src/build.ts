// Story one: sources -> modules -> checked modules -> plan -> Wasm -> signed bundle.

import { existsSync, readFileSync } from "node:fs";
import { PolicyError } from "./error.ts";

let runtime: Uint8Array | undefined;

/** The prebuilt runtime that policies are linked to: beside this file in the package, in dist/ in a checkout. */
export function loadRuntime(): Uint8Array {
  if (runtime === undefined) {
    const places = ["./runtime.wasm", "../dist/runtime.wasm"].map((place) => new URL(place, import.meta.url));
    const found = places.find((place) => existsSync(place));
    if (found === undefined) throw new PolicyError("io_error", "runtime.wasm is missing: run `make build`");
    runtime = new Uint8Array(readFileSync(found));
  }
  return runtime;
}
