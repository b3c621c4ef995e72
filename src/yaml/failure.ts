// The error of this room. Who reads says where the text came from.

import { PolicyError } from "../error.ts";

export function failure(message: string): PolicyError {
  return new PolicyError("invalid_input", message);
}
