// YAML files to Values as OPA reads them. The reader is loaded when the first such file is met, so that whoever never meets one does not
// carry it. Text behind the document is refused: of what was sent, a part would count and a part not.

import { PolicyError } from "../error.ts";
import { decode } from "../value/json.ts";
import { decodeUtf8 } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import { bundleError } from "./bundle.ts";

/** The first document of the text; null if it has none. Throws `bundle_error`. */
async function decodeYaml(bytes: Uint8Array): Promise<Value> {
  const { readYaml } = await import("../yaml/value.ts");
  try {
    return readYaml(decodeUtf8(bytes), "refused");
  } catch (error) {
    if (error instanceof PolicyError) throw bundleError(error.message, error);
    throw error;
  }
}

/** JSON where it is valid JSON, with its numbers as they stand; YAML otherwise. */
export async function decodeJsonOrYaml(bytes: Uint8Array): Promise<Value> {
  const withoutMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  try {
    return decode(withoutMark);
  } catch {
    return decodeYaml(withoutMark);
  }
}
