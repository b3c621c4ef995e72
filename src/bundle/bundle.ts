// What ships: manifest, data, modules, Wasm, plan, signatures, in OPA's format (OPA docs, "Bundle File Format"). Types only, and the
// one error of the room. A VerifiedBundle is made by verify.ts and nowhere else; whoever activates takes nothing else.

import type { Location } from "../error.ts";
import { PolicyError } from "../error.ts";
import type { RegoObject, Value } from "../value/value.ts";

/** One file of the archive. `path` has neither a leading slash nor `.` or `..` segments. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** `wasm` of the manifest: the module that answers an entrypoint. */
export interface WasmResolver {
  /** Slash path without `data`, as `authz/allow`. */
  readonly entrypoint: string;
  /** As the manifest writes it, `/policy.wasm`. */
  readonly module: string;
  /** Opaque here. */
  readonly annotations?: Value;
}

export interface Manifest {
  readonly revision: string;
  /** Without leading and trailing slashes; `[""]` owns everything. */
  readonly roots: readonly string[];
  readonly wasm: readonly WasmResolver[];
  /** 0 or 1 where the manifest says so. */
  readonly regoVersion?: number;
  /** Glob on the path of a module (with its leading slash) to version. */
  readonly fileRegoVersions?: ReadonlyMap<string, number>;
  readonly metadata?: RegoObject;
}

/** One Rego file. */
export interface ModuleFile {
  readonly path: string;
  readonly text: string;
  /** What the manifest said of it under the name that it had there; absent while it has that name. */
  readonly regoVersion?: number;
}

export interface WasmModule {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Entrypoints that the manifest resolves to this module. */
  readonly entrypoints: readonly string[];
}

/** One change of a delta bundle; `path` is slash-separated with `~1` for a slash and `~0` for a tilde in a key. */
export interface PatchOperation {
  readonly op: "upsert" | "replace" | "remove";
  readonly path: string;
  readonly value?: Value;
}

/** `.signatures.json`. */
export interface Signatures {
  readonly signatures: readonly string[];
  readonly plugin?: string;
}

export interface Bundle {
  readonly type: "snapshot" | "delta";
  readonly manifest: Manifest;
  readonly data: RegoObject;
  readonly modules: readonly ModuleFile[];
  readonly wasm: readonly WasmModule[];
  readonly plans: readonly BundleFile[];
  /** Changes of a delta bundle; may be empty. Always empty for a snapshot. */
  readonly patch: readonly PatchOperation[];
  readonly signatures: Signatures | undefined;
  /** Everything but the signatures, in the order of the archive: what a signature covers and what is written. */
  readonly files: readonly BundleFile[];
  /** The documents of `files` that OPA hashes by content, decoded. */
  readonly documents: ReadonlyMap<string, Value>;
  /** Bytes of the packed form, where there was one. */
  readonly size?: number;
}

/** Who vouches for a bundle. `signed: false` only where the configuration asks for no signature. */
export interface Verification {
  readonly signed: boolean;
  readonly keyId?: string;
  readonly scope?: string;
  /** Seconds since 1970, the claim `iat`; absent where the signer does not say. */
  readonly signedAtS?: number;
}

declare const verified: unique symbol;

/** A bundle that passed verify.ts. */
export interface VerifiedBundle extends Bundle {
  readonly [verified]: true;
  readonly verification: Verification;
}

/** `bundle_error`, the code OPA reports for everything about bundles. */
export function bundleError(message: string, cause?: unknown, location?: Location): PolicyError {
  return new PolicyError("bundle_error", message, { cause, location });
}
