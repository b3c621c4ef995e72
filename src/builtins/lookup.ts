// One step into a value, as a reference takes it: array by position, object by key, set by member. Value and key in, member or
// undefined out.

import { toInt64 } from "../value/arithmetic.ts";
import type { Value } from "../value/value.ts";
import { isArray, isNumber, isObject, isSet } from "../value/value.ts";

export function member(value: Value | undefined, key: Value): Value | undefined {
  if (value === undefined) return undefined;
  if (isArray(value)) {
    const position = isNumber(key) ? toInt64(key) : undefined;
    return position === undefined || position < 0n ? undefined : value[Number(position)];
  }
  if (isObject(value)) return value.get(key);
  return isSet(value) && value.has(key) ? key : undefined;
}
