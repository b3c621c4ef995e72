// placeholder
import type { RegoObject } from "../value/value.ts";

export function renderTemplate(_text: string, _variables: RegoObject): string {
  return "";
}
